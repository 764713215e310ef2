"""Makes the tiles of a decoded slide: a block yields those of its full resolution and of what is left of it when halved."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tiler.adapters.slides.tile_encoders import TILE_PX, Pixels, TileEncoder
from tiler.domain.level import halved
from tiler.domain.region import Region

Grids = Sequence[tuple[int, int]]
"""Columns and rows of tiles of all levels, from the full resolution down to a single tile."""


class EncodedTile(NamedTuple):
    """A tile without the tables of its page; its level is the full resolution halved `scale` times."""

    scale: int
    column: int
    row: int
    body: bytes


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
        Of the block, laid out as the encoder has them; None if nothing was scanned there.
    """
    tiles: list[EncodedTile] = []
    for scale in range(scales):
        if scale and pixels is not None:
            pixels = encoder.halved(pixels)
        left, top = block.x // (TILE_PX << scale), block.y // (TILE_PX << scale)
        for row in range(-(-halved(block.height, scale) // TILE_PX)):
            for column in range(-(-halved(block.width, scale) // TILE_PX)):
                body = encoder.body(pixels, column, row)
                tiles.append(EncodedTile(scale, left + column, top + row, body))
    return BlockTiles(tiles, None if pixels is None else encoder.whole(pixels))


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
            self._encoder.put_half(canvas, pixels, tile.column % 2, tile.row % 2)
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
