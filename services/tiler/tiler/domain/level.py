"""One resolution of an image: its grid of tiles and where in the file each of them lies."""

from array import array
from itertools import chain
from typing import NamedTuple

from tiler.domain.encoding import Encoding
from tiler.domain.problems import NoSuchTile


class TileLocation(NamedTuple):
    """Where a tile's bytes lie; a length of 0 is a tile that was never written and shows the background."""

    offset: int
    length: int

    @property
    def end(self) -> int:
        return self.offset + self.length


class Level(NamedTuple):
    """A page seen as a grid of tiles; the strips of an untiled page are tiles as wide as the page.

    Parameters
    ----------
    padded
        Tiles at the right and bottom edge are stored in full size (tiles) or cut off (strips).
    offsets, lengths
        Unsigned 64-bit arrays; row by row, plane after plane.
    """

    width: int
    height: int
    tile_width: int
    tile_height: int
    padded: bool
    encoding: Encoding
    offsets: "array[int]"
    lengths: "array[int]"

    @property
    def columns(self) -> int:
        return -(-self.width // self.tile_width)

    @property
    def rows(self) -> int:
        return -(-self.height // self.tile_height)

    def cut(self, width: int, height: int) -> "Level":
        """Return its upper left part, without the tiles that show nothing of it; tiles are in one plane."""
        part = self._replace(width=width, height=height)
        starts = range(0, part.rows * self.columns, self.columns)
        offsets, lengths = (
            array("Q", chain.from_iterable(places[start : start + part.columns] for start in starts))
            for places in (self.offsets, self.lengths)
        )
        return part._replace(offsets=offsets, lengths=lengths)

    def locate(self, column: int, row: int, plane: int = 0) -> TileLocation:
        """Return where a tile lies; the coordinates must be inside the grid."""
        at = (plane * self.rows + row) * self.columns + column
        return TileLocation(self.offsets[at], self.lengths[at])

    def has(self, column: int, row: int) -> bool:
        return 0 <= column < self.columns and 0 <= row < self.rows

    def require(self, number: int, column: int, row: int) -> None:
        """Raise `NoSuchTile`, naming this level by its number, unless the tile exists."""
        if not self.has(column, row):
            raise NoSuchTile(number, column, row)

    def visible_size(self, column: int, row: int) -> tuple[int, int]:
        """Return width and height of the part of a tile that lies inside the image."""
        width = min(self.tile_width, self.width - column * self.tile_width)
        height = min(self.tile_height, self.height - row * self.tile_height)
        return width, height

    def stored_size(self, column: int, row: int) -> tuple[int, int]:
        """Return width and height of a tile as it is stored."""
        return (self.tile_width, self.tile_height) if self.padded else self.visible_size(column, row)


def halved(length: int, times: int) -> int:
    """Return a length after halving it repeatedly, rounded up."""
    return -(-length // (1 << times))
