"""Writes the directories of canonical slides: a BigTIFF with all of them, and all tile positions, in front of the tiles.

So one ranged read opens most slides. Tags: TIFF 6.0 and its Technical Note 2, the BigTIFF design.
"""

import struct
import sys
from array import array
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeAlias

from tiler.domain.closest_ratio import closest_ratio
from tiler.domain.encoding import Compression, Photometric
from tiler.domain.problems import UnreadableImage

Positions: TypeAlias = "array[int]"
"""Unsigned 64-bit."""

HEADER_BYTES = 16
SOFTWARE = b"archive-tiler\0"
_ASCII, _SHORT, _LONG, _RATIONAL, _UNDEFINED, _LONG8 = 2, 3, 4, 5, 7, 16
_UNIT_BYTES = {_ASCII: 1, _SHORT: 2, _LONG: 4, _RATIONAL: 8, _UNDEFINED: 1, _LONG8: 8}
_ENTRY = struct.Struct("<HHQ8s")
_CENTIMETRE = 3
_UM_PER_CM = 10_000
_FINEST_FRACTION = 100_000
_Tag = tuple[int, int, bytes]


class ProductLevel(NamedTuple):
    """One level of a canonical slide; its tiles are JPEG.

    Parameters
    ----------
    subsampling
        Pixels across and down that share a colour; only stated for YCbCr.
    tables
        JPEGTables of the page; empty when tiles have their own.
    offsets, lengths
        Where in the file the tiles stand, row by row.
    """

    width: int
    height: int
    tile_width: int
    tile_height: int
    photometric: int
    subsampling: tuple[int, int]
    tables: bytes
    offsets: Positions
    lengths: Positions

    @property
    def columns(self) -> int:
        return -(-self.width // self.tile_width)

    @property
    def rows(self) -> int:
        return -(-self.height // self.tile_height)

    @property
    def samples(self) -> int:
        return 1 if self.photometric == Photometric.BLACK_IS_ZERO else 3


class ProductText(NamedTuple):
    """What the file says about the slide besides its levels.

    Parameters
    ----------
    pixel_um
        Width and height of a full-resolution pixel in micrometres, if known.
    description
        ASCII; must not look like that of any scanner's vendor, or readers take the file for one of theirs.
    """

    pixel_um: tuple[float, float] | None
    icc_profile: bytes
    description: str


def directory_bytes(text: ProductText, tiles: Sequence[int], tables: Sequence[bytes]) -> int:
    """Return how many bytes header and directories take for levels of so many tiles each."""
    nothing = [positions(count) for count in tiles]
    levels = [
        ProductLevel(1, 1, 16, 16, Photometric.YCBCR, (2, 2), table, empty, empty)
        for table, empty in zip(tables, nothing, strict=True)
    ]
    return len(pack(text, levels))


def positions(count: int) -> Positions:
    """Return as many zeros."""
    return array("Q", bytes(8 * count))


def pack(text: ProductText, levels: Sequence[ProductLevel]) -> bytes:
    """Return the beginning of the file: header, directories and positions, whose last byte is the first free one."""
    body = bytearray(struct.pack("<2sHHHQ", b"II", 43, 8, 0, HEADER_BYTES))
    for number, level in enumerate(levels):
        _append(body, sorted(_tags(text, levels[0], level, number)), is_last=number + 1 == len(levels))
    return bytes(body)


def _append(body: bytearray, tags: Sequence[_Tag], *, is_last: bool) -> None:
    values_at = len(body) + 8 + _ENTRY.size * len(tags) + 8
    entries, values = bytearray(), bytearray()
    for number, kind, value in tags:
        field = value
        if len(value) > 8:
            field = struct.pack("<Q", values_at + len(values))
            values += value + bytes(-len(value) % 8)
        entries += _ENTRY.pack(number, kind, len(value) // _UNIT_BYTES[kind], field)
    following = 0 if is_last else values_at + len(values)
    body += struct.pack("<Q", len(tags)) + entries + struct.pack("<Q", following) + values


def _tags(text: ProductText, first: ProductLevel, level: ProductLevel, number: int) -> Iterator[_Tag]:
    yield 254, _LONG, _longs(int(number > 0))
    yield 256, _LONG, _longs(level.width)
    yield 257, _LONG, _longs(level.height)
    yield 258, _SHORT, _shorts(*(8,) * level.samples)
    yield 259, _SHORT, _shorts(Compression.JPEG)
    yield 262, _SHORT, _shorts(level.photometric)
    yield 277, _SHORT, _shorts(level.samples)
    yield 284, _SHORT, _shorts(1)
    yield 322, _LONG, _longs(level.tile_width)
    yield 323, _LONG, _longs(level.tile_height)
    yield 324, _LONG8, _little_endian(level.offsets)
    yield 325, _LONG, _lengths(level.lengths)
    if level.tables:
        yield 347, _UNDEFINED, level.tables
    if level.photometric == Photometric.YCBCR:
        yield 530, _SHORT, _shorts(*level.subsampling)
    if text.pixel_um:
        yield from _resolution(text.pixel_um, (first.width / level.width, first.height / level.height))
    if number == 0:
        yield from _about(text)


def _about(text: ProductText) -> Iterator[_Tag]:
    yield 270, _ASCII, text.description.encode("ascii") + b"\0"
    yield 305, _ASCII, SOFTWARE
    if text.icc_profile:
        yield 34675, _UNDEFINED, text.icc_profile


def _resolution(pixel_um: tuple[float, float], downsample: tuple[float, float]) -> Iterator[_Tag]:
    for tag, size, factor in zip((282, 283), pixel_um, downsample, strict=True):
        um, parts = (size * factor).as_integer_ratio()
        numerator, denominator = closest_ratio(_UM_PER_CM * parts, um, most=_FINEST_FRACTION)
        if not 0 < numerator < 1 << 32:
            raise UnreadableImage("The slide gives its pixels a size that cannot be.")
        yield tag, _RATIONAL, _longs(numerator, denominator)
    yield 296, _SHORT, _shorts(_CENTIMETRE)


def _lengths(lengths: Positions) -> bytes:
    try:
        return _little_endian(array("I", lengths))
    except OverflowError:
        raise UnreadableImage("A tile of the slide is too large.") from None


def _little_endian(values: "array[int]") -> bytes:
    if sys.byteorder == "big":
        values = values[:]
        values.byteswap()
    return values.tobytes()


def _longs(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}I", *values)


def _shorts(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}H", *values)
