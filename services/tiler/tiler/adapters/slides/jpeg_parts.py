"""Takes streams apart into the tables that all tiles of a level share and the rest."""

from tiler.domain.jpeg_stream import SOI, segments

_EOI = b"\xff\xd9"
_TABLES = (0xDB, 0xC4)
_SCAN = 0xDA


def split_tables(stream: bytes) -> tuple[bytes, bytes]:
    """Return quantisation and Huffman tables as a stream, and the rest without them and without application data."""
    tables, rest = [SOI], [SOI]
    for marker, start, end in segments(stream):
        if marker in _TABLES:
            tables.append(stream[start - 4 : end])
        elif marker < 0xE0:
            rest.append(stream[start - 4 : end])
        if marker == _SCAN:
            rest.append(stream[end:])
            break
    return b"".join((*tables, _EOI)), b"".join(rest)
