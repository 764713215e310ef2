"""Tiles, whose libraries are loaded with the first one; all processes but the web server never ask for any."""

from tiler.domain.picture import Picture
from tiler.domain.ranged_source import RangedSource
from tiler.domain.tile_index import TileIndex


def read_deep_zoom_tile(source: RangedSource, index: TileIndex, level: int, column: int, row: int) -> Picture:
    """Return a tile of the Deep Zoom view; see `tiler.adapters.tile_reader`."""
    from tiler.adapters import tile_reader  # noqa: PLC0415 (numpy and Pillow take a quarter of a second)

    return tile_reader.read_deep_zoom_tile(source, index, level, column, row)


def read_zoom_tile(source: RangedSource, index: TileIndex, z: int, x: int, y: int) -> Picture:
    """Return a tile of the z/x/y view; see `tiler.adapters.tile_reader`."""
    from tiler.adapters import tile_reader  # noqa: PLC0415 (likewise)

    return tile_reader.read_zoom_tile(source, index, z, x, y)
