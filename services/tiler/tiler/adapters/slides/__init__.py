"""Conversion of scanners' files into canonical slides: planning, copying, joining, decoding, filling in levels."""
