"""The map of a pyramidal image: built once, stored as one small blob, then every tile is one ranged read."""

import json
import struct
import zlib
from array import array
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import accumulate
from math import log2
from operator import add, sub
from typing import Any, Self

from tiler.domain import picture
from tiler.domain.encoding import Encoding
from tiler.domain.level import Level, TileLocation, halved
from tiler.domain.limits import MAX_TILES, MAX_TILES_PER_PICTURE
from tiler.domain.problems import NoSuchTile, UnreadableIndex
from tiler.domain.slide_traits import SlideTraits

_MAGIC = b"TILEINDEX"
_VERSION = 1
_PREAMBLE = struct.Struct("<9sBI")  # magic, version, size of the JSON header
_U64 = "Q"
_ROUNDING_PX = 2  # writers round up, down or to the nearest at every halving


@dataclass(frozen=True)
class DisplayWindow:
    """Values shown as black and as white; those between are spread evenly."""

    low: float
    high: float


@dataclass(frozen=True)
class TileIndex:
    """Immutable, and safe to share between threads.

    Parameters
    ----------
    source_size_bytes
        Size of the indexed object; a source of another size is another object.
    levels
        From the full resolution to the smallest.
    pixel_width_um, pixel_height_um
        Size of a full-resolution pixel in micrometres, when the file says it.
    window
        How to show samples that are not 8 bits wide; the same for all tiles of the image.
    icc_profile
        How its colours are meant; empty if the file does not say.
    slide
        What is known of the slide that the image was made from.
    overview
        All of the image as one encoded picture of a few hundred pixels, coloured like its tiles; only of images that are
        `too_large_to_see_whole`, else empty.
    """

    source_size_bytes: int
    levels: tuple[Level, ...]
    pixel_width_um: float | None = None
    pixel_height_um: float | None = None
    window: DisplayWindow | None = None
    icc_profile: bytes = field(default=b"", repr=False)
    slide: SlideTraits | None = None
    overview: bytes = field(default=b"", repr=False)

    @property
    def width(self) -> int:
        return self.levels[0].width

    @property
    def height(self) -> int:
        return self.levels[0].height

    @property
    def content_type(self) -> str:
        """JPEG for colour and for what is JPEG already; PNG for gray values, which may be labels."""
        return picture.JPEG if self.levels[0].encoding.is_continuous else picture.PNG

    @property
    def memory_bytes(self) -> int:
        """Memory the tile positions take, for caches; stored blobs can be hundreds of times smaller."""
        return sum(16 * len(level.offsets) for level in self.levels)

    @cached_property
    def scales(self) -> tuple[int | None, ...]:
        """For every level the power of two by which it is smaller, or None if it is no such power."""
        return tuple(self._scale(level) for level in self.levels)

    @property
    def too_large_to_see_whole(self) -> bool:
        """Whether even the smallest level has more tiles than are decoded for one view."""
        (*_, smallest) = (
            level for level, scale in zip(self.levels, self.scales, strict=True) if scale is not None
        )
        return smallest.columns * smallest.rows > MAX_TILES_PER_PICTURE

    def downsample(self, level: int) -> float:
        """Return how many full-resolution pixels lie along one pixel of a level."""
        smaller = self.levels[level]
        return (self.width / smaller.width + self.height / smaller.height) / 2

    def _scale(self, level: Level) -> int | None:
        scale = round(log2(max(self.width, self.height) / max(level.width, level.height)))
        differences = (halved(self.width, scale) - level.width, halved(self.height, scale) - level.height)
        return scale if max(map(abs, differences)) <= _ROUNDING_PX else None

    def level(self, number: int) -> Level:
        if not 0 <= number < len(self.levels):
            raise NoSuchTile(number, 0, 0)
        return self.levels[number]

    def tile(self, level: int, column: int, row: int) -> TileLocation:
        """Return where a stored tile lies (its first plane); raises `NoSuchTile` outside the grid."""
        found = self.level(level)
        found.require(level, column, row)
        return found.locate(column, row)

    def to_bytes(self) -> bytes:
        """Pack into one blob: a JSON header and, per level, compressed arrays; about 2 to 4 bytes a tile."""
        blobs = [_packed(level) for level in self.levels]
        header = {
            "source_size_bytes": self.source_size_bytes,
            "pixel_width_um": self.pixel_width_um,
            "pixel_height_um": self.pixel_height_um,
            "window": asdict(self.window) if self.window else None,
            "icc_profile": b64encode(self.icc_profile).decode(),
            "slide": self.slide._asdict() if self.slide else None,
            "overview": b64encode(self.overview).decode(),
            "levels": [_described(level, len(blob)) for level, blob in zip(self.levels, blobs, strict=True)],
        }
        text = json.dumps(header, allow_nan=False).encode()
        return b"".join((_PREAMBLE.pack(_MAGIC, _VERSION, len(text)), text, *blobs))

    @classmethod
    def from_bytes(cls, blob: bytes) -> Self:
        """Unpack what `to_bytes` packed.

        Raises
        ------
        UnreadableIndex
            The blob is damaged, or of another version.
        """
        header, start = _header_of(blob)
        try:
            window, slide = header["window"], header.get("slide")
            return cls(
                source_size_bytes=header["source_size_bytes"],
                levels=tuple(_unpacked_levels(header["levels"], memoryview(blob)[start:])),
                pixel_width_um=header["pixel_width_um"],
                pixel_height_um=header["pixel_height_um"],
                window=DisplayWindow(**window) if window else None,
                icc_profile=b64decode(header.get("icc_profile", "")),
                slide=SlideTraits.of(slide) if slide else None,
                overview=b64decode(header.get("overview", "")),
            )
        except (KeyError, TypeError, ValueError, OverflowError, zlib.error) as problem:
            raise UnreadableIndex("The tile index is damaged.") from problem


def _header_of(blob: bytes) -> tuple[Any, int]:
    if len(blob) < _PREAMBLE.size:
        raise UnreadableIndex("The tile index is cut off.")
    magic, version, size = _PREAMBLE.unpack_from(blob)
    if (magic, version) != (_MAGIC, _VERSION):
        raise UnreadableIndex("This is no tile index of the present version.")
    start = _PREAMBLE.size + size
    try:
        return json.loads(blob[_PREAMBLE.size : start]), start
    except ValueError as problem:
        raise UnreadableIndex("The tile index is damaged.") from problem


def _described(level: Level, packed_bytes: int) -> dict[str, Any]:
    encoding = level.encoding._asdict()
    encoding["jpeg_tables"] = b64encode(level.encoding.jpeg_tables).decode()
    encoding["palette"] = b64encode(level.encoding.palette).decode()
    geometry = {name: getattr(level, name) for name in _GEOMETRY}
    return {**geometry, "encoding": encoding, "tiles": len(level.offsets), "packed_bytes": packed_bytes}


_GEOMETRY = [name for name in Level._fields if name not in ("encoding", "offsets", "lengths")]


def _packed(level: Level) -> bytes:
    """Lengths, then the gaps between neighbours: tiles usually touch, and zeros compress to nothing."""
    ends = map(add, level.offsets, level.lengths)
    gaps = array("q", map(sub, level.offsets, _shifted(ends)))
    return zlib.compress(_little_endian(level.lengths) + _little_endian(gaps), level=6)


def _shifted(values: Iterable[int]) -> Iterator[int]:
    yield 0
    yield from values


def _unpacked_levels(described: Iterable[Mapping[str, Any]], packed: memoryview) -> Iterator[Level]:
    for entry in described:
        size = entry["packed_bytes"]
        yield _unpacked(entry, packed[:size])
        packed = packed[size:]


def _unpacked(entry: Mapping[str, Any], packed: memoryview) -> Level:
    lengths, gaps = _arrays(packed, entry["tiles"])
    steps = map(add, gaps, _shifted(lengths))
    level = Level(
        **{name: entry[name] for name in _GEOMETRY},
        encoding=_encoding(entry["encoding"]),
        offsets=array(_U64, accumulate(steps)),
        lengths=lengths,
    )
    if level.columns * level.rows * level.encoding.planes != entry["tiles"]:
        raise UnreadableIndex("The tile index does not cover its levels.")
    return level


def _arrays(packed: memoryview, tiles: int) -> tuple["array[int]", "array[int]"]:
    if not 0 < tiles <= MAX_TILES:
        raise UnreadableIndex("The tile index has too many tiles.")
    raw = zlib.decompressobj().decompress(packed, 16 * tiles)
    if len(raw) != 16 * tiles:
        raise UnreadableIndex("The tile index is cut off.")
    lengths, gaps = array(_U64), array("q")
    lengths.frombytes(raw[: 8 * tiles])
    gaps.frombytes(raw[8 * tiles :])
    return _native(lengths), _native(gaps)


def _encoding(entry: Mapping[str, Any]) -> Encoding:
    binary = {name: b64decode(entry[name]) for name in ("jpeg_tables", "palette")}
    return Encoding(**{**entry, **binary})


def _little_endian(values: "array[int]") -> bytes:
    return _native(values[:]).tobytes()


def _native(values: "array[int]") -> "array[int]":
    """Turn little-endian values into the machine's order or back, in place."""
    if struct.pack("=H", 1) != struct.pack("<H", 1):
        values.byteswap()
    return values
