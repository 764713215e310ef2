"""Makes the tiles of a decoded slide: a block yields those of its full resolution and of what is left of it when halved."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from simplejpeg import encode_jpeg

from tiler.adapters.slides.halving import even, halve
from tiler.adapters.slides.jpeg_parts import TableRemover, split_tables
from tiler.domain.level import halved
from tiler.domain.region import Region

TILE_PX = 256
_HALF_PX = TILE_PX // 2
_QUALITY = 90
Pixels = NDArray[np.uint8]
Grids = Sequence[tuple[int, int]]
"""Columns and rows of tiles of all levels, from the full resolution down to a single tile."""


class EncodedTile(NamedTuple):
    """A tile without the tables of its page; its level is the full resolution halved `scale` times."""

    scale: int
    column: int
    row: int
    body: bytes


class TileEncoder:
    """How tiles are encoded. Thread-safe.

    Parameters
    ----------
    colours
        The order of channels: GRAY, RGB or BGRX.
    background
        Red, green and blue where nothing was scanned.
    """

    def __init__(self, colours: str, background: tuple[int, int, int]) -> None:
        self.colours, self.background = colours, background

    def body(self, pixels: Pixels | None) -> bytes:
        """Return a tile without its tables; None is one where nothing was scanned."""
        return self._empty_body if pixels is None else self._remover.rest(self._stream(pixels))

    @cached_property
    def tables(self) -> bytes:
        """JPEGTables of all levels."""
        return split_tables(self._stream(self.empty))[0]

    @cached_property
    def empty(self) -> Pixels:
        """The tile where nothing was scanned."""
        red, green, blue = self.background
        shade = {"GRAY": (green,), "RGB": (red, green, blue), "BGRX": (blue, green, red, 0)}[self.colours]
        return np.full((TILE_PX, TILE_PX, len(shade)), shade, np.uint8)

    @cached_property
    def _empty_body(self) -> bytes:
        return self.body(self.empty)

    @cached_property
    def _remover(self) -> TableRemover:
        return TableRemover()

    def _stream(self, pixels: Pixels) -> bytes:
        subsampling = "Gray" if self.colours == "GRAY" else "420"
        return bytes(encode_jpeg(pixels, _QUALITY, self.colours, subsampling))


class BlockTiles(NamedTuple):
    """The tiles of one block, level by level, and the pixels of the last of them; None if nothing was scanned there."""

    tiles: list[EncodedTile]
    last: Pixels | None


def block_tiles(encoder: TileEncoder, block: Region, scales: int, pixels: Pixels | None) -> BlockTiles:
    """Encode a block on the first so many levels; on the last of them it is one tile.

    Parameters
    ----------
    block
        Its corner is a multiple of its side; at the edge of the slide it is smaller.
    pixels
        Of the block, shape (rows, columns, channels); None if nothing was scanned there.
    """
    tiles: list[EncodedTile] = []
    tile: Pixels | None = None
    for scale in range(scales):
        if scale and pixels is not None:
            pixels = halve(even(pixels))
        left, top = block.x // (TILE_PX << scale), block.y // (TILE_PX << scale)
        for row in range(-(-halved(block.height, scale) // TILE_PX)):
            for column in range(-(-halved(block.width, scale) // TILE_PX)):
                tile = None if pixels is None else _whole_tile(pixels, column, row)
                tiles.append(EncodedTile(scale, left + column, top + row, encoder.body(tile)))
    return BlockTiles(tiles, tile)


def _whole_tile(pixels: Pixels, column: int, row: int) -> Pixels:
    """Cut out a tile; beyond the edge of the slide the last pixels are repeated."""
    x, y = column * TILE_PX, row * TILE_PX
    part = pixels[y : y + TILE_PX, x : x + TILE_PX]
    rows, columns, channels = part.shape
    if rows == columns == TILE_PX:
        return part
    whole = np.empty((TILE_PX, TILE_PX, channels), np.uint8)
    whole[:rows, :columns] = part
    whole[:rows, columns:] = np.repeat(part[:, -1:], TILE_PX - columns, axis=1)
    whole[rows:] = whole[rows - 1]
    return whole


class UpperLevels:
    """Makes the tiles that consist of several blocks, in whatever order these come; remembers the unfinished ones."""

    def __init__(self, encoder: TileEncoder, grids: Grids) -> None:
        self._encoder, self._grids = encoder, grids
        self._unfinished: dict[tuple[int, int, int], tuple[Pixels, int]] = {}

    def add(self, tile: EncodedTile, pixels: Pixels | None) -> Iterator[EncodedTile]:
        """Take a tile that has been made, and yield those for which nothing but this was missing."""
        scale, column, row = tile.scale + 1, tile.column // 2, tile.row // 2
        if scale >= len(self._grids):
            return
        canvas, missing = self._begun(scale, column, row)
        if pixels is not None:
            x, y = tile.column % 2 * _HALF_PX, tile.row % 2 * _HALF_PX
            canvas[y : y + _HALF_PX, x : x + _HALF_PX] = halve(pixels)
        if missing > 1:
            self._unfinished[scale, column, row] = canvas, missing - 1
            return
        finished = EncodedTile(scale, column, row, self._encoder.body(canvas))
        yield finished
        yield from self.add(finished, canvas)

    def _begun(self, scale: int, column: int, row: int) -> tuple[Pixels, int]:
        """Take out what there is of a tile so far, and how many of its quarters are missing."""
        columns, rows = self._grids[scale - 1]
        quarters = min(2, columns - 2 * column) * min(2, rows - 2 * row)
        return self._unfinished.pop((scale, column, row), None) or (self._encoder.empty.copy(), quarters)
