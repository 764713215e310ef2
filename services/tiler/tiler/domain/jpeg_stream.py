"""The outside of JPEG streams: frame headers, shared tables and colour markers, handled without decoding.

Facts from ITU-T T.81 annex B, TIFF Technical Note 2 (tables shared by the tiles of a page) and Adobe's APP14 marker.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from tiler.domain.problems import UnreadableImage

SOI, EOI = b"\xff\xd8", b"\xff\xd9"

COMPONENTS_ARE_RGB = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"
"""APP14 with transform 0: without it every browser takes three components for YCbCr."""

COMPONENTS_ARE_YCBCR = COMPONENTS_ARE_RGB[:-1] + b"\x01"
"""APP14 with transform 1."""

_STANDALONE = frozenset((0x01, *range(0xD0, 0xDA)))
_TABLES = frozenset((0xC4, 0xDB, 0xDD))  # Huffman, quantisation, restart interval
_TEXTS = frozenset((0xFE, *range(0xE0, 0xF0)))  # comment, application data
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SHOWN_BY_BROWSERS = (0xC0, 0xC1, 0xC2)
_QUANTISATION = 0xDB
_JFIF = 0xE0
_ADOBE = 0xEE
_BARE_BYTES = {
    _JFIF: 14,
    _ADOBE: 12,
}  # of markers that name colours and hold nothing else, such as a thumbnail
_START_OF_SCAN = 0xDA
_NUMBER_OF_LINES = 0xDC
_END_OF_IMAGE = 0xD9
_FILL = 0xFF
_MOST_SEGMENTS = 256
_WITHIN_DATA = frozenset((0x00, _FILL, *range(0xD0, 0xD8)))
"""What follows 0xFF inside of entropy-coded data: a stuffed byte, a fill byte, a restart."""

_BETWEEN_SCANS = _TABLES | {_START_OF_SCAN, _NUMBER_OF_LINES}


class JpegFrame(NamedTuple):
    """What a stream's frame header says."""

    width: int
    height: int
    components: int
    bits: int
    process: int
    sampling: tuple[tuple[int, int], ...]
    """Horizontal and vertical sampling factor of every component."""

    @property
    def shown_by_browsers(self) -> bool:
        """Baseline or progressive Huffman coding of 8 bits; not lossless, arithmetic or 12-bit."""
        return self.process in _SHOWN_BY_BROWSERS and self.bits == 8

    @property
    def subsampling(self) -> tuple[int, int] | None:
        """How many pixels across and down share one colour value; None when components differ in other ways."""
        if self.components == 1:
            return (1, 1)
        if not self.sampling or self.sampling[1:] != ((1, 1),) * (self.components - 1):
            return None
        return self.sampling[0]


def frame_of(stream: bytes) -> JpegFrame:
    """Read the frame header; a few microseconds, since it stands before the first scan.

    Raises
    ------
    UnreadableImage
        The bytes are no JPEG stream, or hold no frame.
    """
    if not stream.startswith(SOI):
        raise UnreadableImage("A tile that should be JPEG does not start like one.")
    for marker, start, _ in segments(stream):
        if marker in _FRAMES and start + 6 <= len(stream):
            bits, height, width, components = struct.unpack_from(">BHHB", stream, start)
            factors = stream[start + 7 : start + 6 + 3 * components : 3]
            sampling = tuple((factor >> 4, factor & 15) for factor in factors)
            return JpegFrame(width, height, components, bits, marker, sampling)
        if marker == _START_OF_SCAN:
            break
    raise UnreadableImage("A JPEG tile has no frame header.")


def head_of(stream: bytes) -> bytes:
    """Return a stream up to its entropy-coded data; streams with equal heads have pixels of one size and kind."""
    for marker, _, end in segments(stream):
        if marker == _START_OF_SCAN:
            return stream[:end]
    raise UnreadableImage("A JPEG tile has no scan.")


_FOREIGN = "Tiles of the slide carry more than pixels."


class ForeignSegment(UnreadableImage):
    """A stream carries comments or application data, which may name a patient, besides its pixels."""


def require_harmless(stream: bytes) -> bytes:
    """Return the head of a stream, see `head_of`.

    Raises
    ------
    ForeignSegment
        There is anything before the first scan that decoders do not need.
    """
    for marker, start, end in segments(stream):
        if marker == _START_OF_SCAN:
            break
        if marker not in _TABLES | _FRAMES and not _is_bare(marker, stream[start:end]):
            raise ForeignSegment(_FOREIGN)
    return head_of(stream)


def end_of_image(stream: bytes, at: int, end: int) -> int:
    """Return where the image ends whose entropy-coded data begins at `at`; bytes between there and `end` show nothing.

    Costs 5 µs for 13 KB, less than their checksum: the bytes between those that are 0xFF are skipped by the C library.

    Raises
    ------
    ForeignSegment
        There is anything between its scans, or behind them, that decoders do not need.
    """
    while 0 < (at := stream.find(b"\xff", at, end) + 1) < end:
        marker = stream[at]
        if marker in _WITHIN_DATA:
            continue
        at += 1
        if marker == _END_OF_IMAGE:
            return at
        if marker not in _BETWEEN_SCANS:
            raise ForeignSegment(_FOREIGN)
        at += max(2, int.from_bytes(stream[at : at + 2]))
    return end


def shared_tables(tables: bytes) -> bytes:
    """Return the tables of a page's JPEGTables, without the markers around them, comments and application data.

    Raises
    ------
    UnreadableImage
        There is something else among the tables; a frame of its own would be believed before that of the tile.
    """
    kept: list[bytes] = []
    known = 2
    for marker, start, end in segments(tables) if tables else ():
        if marker == _END_OF_IMAGE:
            return b"".join(kept)
        if marker not in _TABLES | _TEXTS or end > len(tables):
            break
        if marker in _TABLES or _is_bare(marker, tables[start:end]):
            kept.append(tables[start - 4 : end])
        known = end
    if tables and (known < len(tables) or not tables.startswith(SOI)):
        raise UnreadableImage("The JPEG tables of the image are damaged.")
    return b"".join(kept)


def is_taken_for_rgb(stream: bytes) -> bool | None:
    """Return what decoders take three components for: libjpeg believes JFIF first, then Adobe, then what they are called.

    Returns
    -------
    bool or None
        False for YCbCr; None if nothing but the names says RGB, which not all decoders look at.
    """
    by_adobe = by_names = None
    for marker, start, end in segments(stream):
        if marker == _START_OF_SCAN:
            break
        if marker in _FRAMES:
            by_names = stream[start + 6 : end : 3] == b"RGB"
        elif _names_colours(marker, stream[start : start + 5]) and end - start >= _BARE_BYTES[marker]:
            if marker == _JFIF:
                return False
            by_adobe = stream[start + 11 : start + 12] == b"\0"
    return by_adobe if by_adobe is not None else None if by_names else False


def is_jfif(stream: bytes) -> bool:
    """Whether a stream has JFIF's marker, which knows no RGB (ITU-T T.871), and none of Adobe's that says RGB nevertheless."""
    found = False
    for marker, start, _ in segments(stream):
        if marker == _START_OF_SCAN:
            break
        if _names_colours(marker, stream[start : start + 5]):
            if marker == _ADOBE and stream[start + 11 : start + 12] == b"\0":
                return False
            found |= marker == _JFIF
    return found


def has_quantisation(stream: bytes) -> bool:
    """Whether there are quantisation tables in front of the data; Huffman tables have defaults that all decoders know (T.81, K.3)."""
    for marker, _, _ in segments(stream):
        if marker == _START_OF_SCAN:
            break
        if marker == _QUANTISATION:
            return True
    return False


def without_colours(stream: bytes) -> bytes:
    """Return a stream, or tables, without markers that tell what components are."""
    at, kept = 2, [SOI]
    for marker, start, end in segments(stream):
        if marker == _START_OF_SCAN:
            break
        if not _names_colours(marker, stream[start : start + 5]):
            kept.append(stream[at:end])
        at = end
    return b"".join((*kept, stream[at:]))


def _is_bare(marker: int, contents: bytes) -> bool:
    """Whether a marker names the colours, and nothing else."""
    return _BARE_BYTES.get(marker) == len(contents) and _names_colours(marker, contents[:5])


def _names_colours(marker: int, start: bytes) -> bool:
    return (marker == _JFIF and start == b"JFIF\x00") or (marker == _ADOBE and start == b"Adobe")


def segments(stream: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield every marker after the first with start and end of its contents, up to anything that is no marker."""
    at = 2
    for _ in range(_MOST_SEGMENTS):
        if at + 2 > len(stream) or stream[at] != 0xFF:
            return
        marker = stream[at + 1]
        end = at + _length(stream, at, marker)
        if marker != _FILL:
            yield marker, at + 4, end
        at = end


def _length(stream: bytes, at: int, marker: int) -> int:
    if marker == _FILL:
        return 1
    return 2 if marker in _STANDALONE else 2 + max(2, int.from_bytes(stream[at + 2 : at + 4]))
