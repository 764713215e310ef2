"""Pixels of any rectangle of a level, put together from its tiles one at a time, reduced on the way."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import gcd

import numpy as np
from PIL import Image

from tiler.adapters.tile_bytes import read_together
from tiler.adapters.tile_codec import (
    Pixels,
    before_white,
    channels,
    decode_opacity,
    decode_tile,
    pixel_type,
)
from tiler.domain.encoding import Encoding, Opacity
from tiler.domain.level import Level
from tiler.domain.limits import MAX_TILES_PER_PICTURE
from tiler.domain.problems import NoLevelSmallEnough, UnreadableImage
from tiler.domain.ranged_source import RangedSource
from tiler.domain.region import Region


def read_region(
    source: RangedSource,
    level: Level,
    region: Region,
    *,
    reduction: int = 1,
    at_most_tiles: int = MAX_TILES_PER_PICTURE,
    damaged_are_blank: bool = False,
) -> Pixels:
    """Return a rectangle at `1 / reduction` of its size; memory is that of the result and one tile.

    Parameters
    ----------
    region
        Its corner must be a multiple of `reduction`. Beyond the image's edge the last pixels are repeated.
    reduction
        Colours are averaged; values that may be labels are picked, never mixed.
    damaged_are_blank
        Whether tiles that cannot be decoded show the background, as those do that were never written.

    Returns
    -------
    ndarray
        Shape (rows, columns, 1 or 3), rounded up; in the type of the samples.

    Raises
    ------
    NoLevelSmallEnough
        More than `at_most_tiles` stored tiles would have to be decoded.
    UnreadableImage
        One of them is damaged.
    """
    reduced = _reduced_or_blank if damaged_are_blank else _reduced_tile
    across = _Axis.of(region.x, region.width, reduction, level.tile_width, level.width)
    down = _Axis.of(region.y, region.height, reduction, level.tile_height, level.height)
    if len(across.tiles) * len(down.tiles) > at_most_tiles:
        raise NoLevelSmallEnough
    canvas = np.zeros((down.size, across.size, channels(level.encoding)), pixel_type(level.encoding))
    for row in down.contributing():
        for column, planes in _stored_row(source, level, list(across.contributing()), row):
            tile = reduced(level, planes, (column, row), (across.block, down.block))
            canvas[down.target(row), across.target(column)] = tile[down.origin(row), across.origin(column)]
    return _repeat_last(canvas, down.covered, across.covered)


@dataclass(frozen=True)
class _Axis:
    """How the pixels of one axis map onto tiles.

    A tile is reduced by `block`, which divides both the reduction and the tile, so blocks never cross tiles;
    what is left of the reduction is done by keeping every `stride`-th of these.
    """

    start: int
    size: int
    covered: int
    block: int
    stride: int
    tile: int
    level_length: int
    tiles: range

    @classmethod
    def of(cls, start: int, length: int, reduction: int, tile: int, level_length: int) -> "_Axis":
        inside = min(start, (level_length - 1) // reduction * reduction)
        end = min(inside + length, level_length)
        block = reduction if tile >= level_length else gcd(reduction, tile)
        size = -(-length // reduction)
        return cls(
            start=inside // block,
            size=size,
            covered=min(size, -(-(end - inside) // reduction)),
            block=block,
            stride=reduction // block,
            tile=tile,
            level_length=level_length,
            tiles=range(inside // tile, -(-end // tile)),
        )

    def contributing(self) -> Iterator[int]:
        """Yield the tiles that hold at least one wanted pixel; a great reduction steps over thin strips."""
        return (tile for tile in self.tiles if self.target(tile).start < self.target(tile).stop)

    def target(self, tile: int) -> slice:
        """Return which pixels of the result come from a tile."""
        first, end = self._block_range(tile)
        return slice(first, end)

    def origin(self, tile: int) -> slice:
        """Return which blocks of a reduced tile they are."""
        first, end = self._block_range(tile)
        offset = self.start + first * self.stride - self._first_block(tile)
        return slice(offset, offset + (end - first) * self.stride, self.stride)

    def _block_range(self, tile: int) -> tuple[int, int]:
        begin = self._first_block(tile)
        end = begin + -(-min(self.tile, self.level_length - tile * self.tile) // self.block)
        return self._pixel(begin), min(self._pixel(end), self.covered)

    def _pixel(self, block: int) -> int:
        return max(0, -(-(block - self.start) // self.stride))

    def _first_block(self, tile: int) -> int:
        return tile * self.tile // self.block


def _stored_row(
    source: RangedSource, level: Level, columns: Sequence[int], row: int
) -> Iterator[tuple[int, list[bytes]]]:
    """Yield the stored planes of tiles side by side, which usually are side by side in the file too."""
    planes = [
        read_together(source, [level.locate(column, row, plane) for column in columns])
        for plane in range(_planes(level.encoding))
    ]
    for column, *bodies in zip(columns, *planes, strict=True):
        yield column, bodies


def _planes(encoding: Encoding) -> int:
    """Return how many planes make up what is shown: those of colours, and the one that tells how opaque they are."""
    if not encoding.separate_planes:
        return 1
    return channels(encoding) + (
        encoding.opacity != Opacity.NONE and encoding.samples_per_pixel > channels(encoding)
    )


def _reduced_tile(
    level: Level, planes: Sequence[bytes], at: tuple[int, int], block: tuple[int, int]
) -> Pixels:
    width, height = level.visible_size(*at)
    stored_size = level.stored_size(*at)
    averaged = level.encoding.is_continuous and level.encoding.is_eight_bit
    shrinks = averaged and level.encoding.is_jpeg and (width, height) == stored_size
    shrink = gcd(*block, 8, *stored_size) if shrinks else 1
    pixels = _put_together(level, planes, stored_size, shrink)
    visible = pixels[: height // shrink, : width // shrink]
    return _reduce(visible, block[0] // shrink, block[1] // shrink, averaged=averaged)


def _reduced_or_blank(
    level: Level, planes: Sequence[bytes], at: tuple[int, int], block: tuple[int, int]
) -> Pixels:
    try:
        return _reduced_tile(level, planes, at, block)
    except UnreadableImage:
        return _reduced_tile(level, [b""] * len(planes), at, block)


def _put_together(level: Level, planes: Sequence[bytes], size: tuple[int, int], shrink: int) -> Pixels:
    if len(planes) == 1:
        return _decoded(level, planes[0], size, shrink)
    depth = channels(level.encoding)
    colours = np.concatenate([_decoded(level, body, size, shrink) for body in planes[:depth]], axis=2)
    if not any(planes[depth:]):  # none, or never written
        return colours
    opacity = decode_opacity(level.encoding, planes[depth], *size, shrink=shrink)
    return before_white(level.encoding, colours, opacity)


def _decoded(level: Level, body: bytes, size: tuple[int, int], shrink: int) -> Pixels:
    if not body:
        return _blank(level, size[0] // shrink, size[1] // shrink)
    return decode_tile(level.encoding, body, *size, shrink=shrink)


def _blank(level: Level, width: int, height: int) -> Pixels:
    """Return the background that shows where a tile was never written: white in pictures, 0 in values."""
    encoding = level.encoding
    shade = 255 if encoding.is_continuous and encoding.is_eight_bit else 0
    depth = 1 if encoding.separate_planes else channels(encoding)
    return np.full((height, width, depth), shade, pixel_type(encoding))


def _reduce(pixels: Pixels, across: int, down: int, *, averaged: bool) -> Pixels:
    if across == down == 1:
        return pixels
    if not averaged:
        return pixels[::down, ::across]
    depth = pixels.shape[2]
    image = Image.fromarray(np.ascontiguousarray(pixels if depth == 3 else pixels[..., 0]))
    return np.asarray(image.reduce((across, down))).reshape(-(-pixels.shape[0] // down), -1, depth)


def _repeat_last(canvas: Pixels, rows: int, columns: int) -> Pixels:
    canvas[rows:] = canvas[rows - 1]
    canvas[:, columns:] = canvas[:, columns - 1 : columns]
    return canvas
