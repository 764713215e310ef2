"""The outside of JPEG streams: frame headers, shared tables and colour markers, handled without decoding.

Facts from ITU-T T.81 annex B, TIFF Technical Note 2 (tables shared by the tiles of a page) and Adobe's APP14 marker.
"""

import struct
from dataclasses import dataclass

from tiler.domain.problems import UnreadableImage

SOI = b"\xff\xd8"
EOI = b"\xff\xd9"

COMPONENTS_ARE_RGB = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"
"""APP14 with transform 0: without it every browser takes three components for YCbCr."""

_STANDALONE = frozenset((0x01, *range(0xD0, 0xD9)))
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SHOWN_BY_BROWSERS = (0xC0, 0xC1, 0xC2)
_JFIF = 0xE0
_ADOBE = 0xEE
_START_OF_SCAN = 0xDA


@dataclass(frozen=True, slots=True)
class JpegFrame:
    """What a stream's frame header says."""

    width: int
    height: int
    components: int
    bits: int
    process: int
    says_its_colours: bool
    """A JFIF or Adobe marker tells decoders how to understand the components."""

    @property
    def shown_by_browsers(self) -> bool:
        """Baseline or progressive Huffman coding of 8 bits; not lossless, arithmetic or 12-bit."""
        return self.process in _SHOWN_BY_BROWSERS and self.bits == 8


def frame_of(stream: bytes) -> JpegFrame:
    """Read the frame header; a few microseconds, since it stands before the first scan.

    Raises
    ------
    UnreadableImage
        The bytes are no JPEG stream, or hold no frame.
    """
    if not stream.startswith(SOI):
        raise UnreadableImage("A tile that should be JPEG does not start like one.")
    at = 2
    says_its_colours = False
    while at + 10 <= len(stream) and stream[at] == 0xFF:
        marker = stream[at + 1]
        if marker in _FRAMES:
            bits, height, width, components = struct.unpack_from(">BHHB", stream, at + 4)
            return JpegFrame(width, height, components, bits, marker, says_its_colours)
        if marker == _START_OF_SCAN:
            break
        says_its_colours = says_its_colours or _names_colours(marker, stream[at + 4 : at + 9])
        at = _after(stream, at)
    raise UnreadableImage("A JPEG tile has no frame header.")


def shared_tables(tables: bytes) -> bytes:
    """Return the segments of a page's JPEGTables, without the markers around them."""
    return tables.removeprefix(SOI).removesuffix(EOI)


def tables_say_colours(tables: bytes) -> bool:
    """Whether a marker among the shared tables tells how to understand the components."""
    stream = SOI + shared_tables(tables)
    at = 2
    while at + 4 <= len(stream) and stream[at] == 0xFF:
        if _names_colours(stream[at + 1], stream[at + 4 : at + 9]):
            return True
        at = _after(stream, at)
    return False


def _names_colours(marker: int, start: bytes) -> bool:
    return (marker == _JFIF and start == b"JFIF\x00") or (marker == _ADOBE and start == b"Adobe")


def _after(stream: bytes, at: int) -> int:
    marker = stream[at + 1]
    if marker == 0xFF:  # a fill byte before the marker
        return at + 1
    if marker in _STANDALONE:
        return at + 2
    length: int = struct.unpack_from(">H", stream, at + 2)[0]
    return at + 2 + max(length, 2)
