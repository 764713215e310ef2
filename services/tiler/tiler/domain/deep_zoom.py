"""The Deep Zoom view of an image: levels of powers of two down to one pixel, mapped onto what is stored.

Tiles are as large as the stored ones and do not overlap, so that most of them are stored tiles as they are.
https://learn.microsoft.com/previous-versions/windows/silverlight/dotnet-windows-silverlight/cc645077(v=vs.95)
"""

from dataclasses import dataclass
from operator import itemgetter
from xml.sax.saxutils import quoteattr

from tiler.domain import picture
from tiler.domain.level import halved
from tiler.domain.problems import NoSuchTile
from tiler.domain.region import Region
from tiler.domain.tile_index import TileIndex

_FORMATS = {picture.JPEG: "jpeg", picture.PNG: "png"}
_TILE_SIZE_WITHOUT_SQUARES = 256


@dataclass(frozen=True)
class StoredRegion:
    """The part of a stored level that makes one tile, once it is reduced by a power of two."""

    level: int
    region: Region
    reduction: int


@dataclass(frozen=True)
class DeepZoom:
    """Width, height and tile size in pixels; `format` is the extension of tile files, "jpeg" or "png"."""

    width: int
    height: int
    tile_size: int
    format: str

    @classmethod
    def of(cls, index: TileIndex) -> "DeepZoom":
        first = index.levels[0]
        square = first.tile_width == first.tile_height
        tile_size = first.tile_width if square else _TILE_SIZE_WITHOUT_SQUARES
        return cls(index.width, index.height, tile_size, _FORMATS[index.content_type])

    @property
    def last_level(self) -> int:
        """Number of the full resolution; level 0 is one pixel."""
        return (max(self.width, self.height) - 1).bit_length()

    @property
    def zoom_levels(self) -> int:
        """How many z there are in z/x/y: 0 is the first level that fits one tile, the last is full resolution."""
        columns, rows = self.grid(self.last_level)
        return (max(columns, rows) - 1).bit_length() + 1

    def level_of_zoom(self, z: int) -> int:
        """Return the Deep Zoom level of a z of z/x/y; raises `NoSuchTile` outside."""
        if not 0 <= z < self.zoom_levels:
            raise NoSuchTile(z, 0, 0)
        return self.last_level - (self.zoom_levels - 1) + z

    def size(self, level: int) -> tuple[int, int]:
        """Return width and height of a level."""
        scale = self.last_level - level
        return halved(self.width, scale), halved(self.height, scale)

    def grid(self, level: int) -> tuple[int, int]:
        """Return columns and rows of a level."""
        width, height = self.size(level)
        return -(-width // self.tile_size), -(-height // self.tile_size)

    def region(self, level: int, column: int, row: int) -> Region:
        """Return what a tile covers in its level; raises `NoSuchTile` outside."""
        if not 0 <= level <= self.last_level:
            raise NoSuchTile(level, column, row)
        columns, rows = self.grid(level)
        if not (0 <= column < columns and 0 <= row < rows):
            raise NoSuchTile(level, column, row)
        width, height = self.size(level)
        x, y = column * self.tile_size, row * self.tile_size
        return Region(x, y, min(self.tile_size, width - x), min(self.tile_size, height - y))

    def descriptor(self) -> str:
        """Return the `.dzi` file."""
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<Image xmlns="http://schemas.microsoft.com/deepzoom/2008"'
            f' TileSize="{self.tile_size}" Overlap="0" Format={quoteattr(self.format)}>\n'
            f'  <Size Width="{self.width}" Height="{self.height}"/>\n'
            "</Image>\n"
        )


def stored_region(index: TileIndex, zoom: DeepZoom, level: int, column: int, row: int) -> StoredRegion:
    """Return what has to be read for a Deep Zoom tile: from the smallest stored level that is fine enough.

    Raises
    ------
    NoSuchTile
        The tile lies outside the image.
    """
    wanted = zoom.region(level, column, row)
    scale = zoom.last_level - level
    number, stored_scale = _finest_needed(index, scale)
    reduction = 1 << (scale - stored_scale)
    return StoredRegion(number, _enlarged(wanted, reduction), reduction)


def _finest_needed(index: TileIndex, scale: int) -> tuple[int, int]:
    """Levels that are no power of two below the full resolution serve no Deep Zoom level."""
    usable = [
        (number, found) for number, found in enumerate(index.scales) if found is not None and found <= scale
    ]
    return max(usable, key=itemgetter(1))


def _enlarged(region: Region, by: int) -> Region:
    return Region(region.x * by, region.y * by, region.width * by, region.height * by)
