"""Tiles, whose libraries are loaded with the first one; all processes but the web server never ask for any."""

import threading
from typing import TYPE_CHECKING

from tiler.domain.iiif import Crop
from tiler.domain.picture import Picture
from tiler.domain.ranged_source import RangedSource
from tiler.domain.tile_index import TileIndex

if TYPE_CHECKING:
    from tiler.adapters.quick_tiles import QuickTiles

_MOST_PREPARED = 256


def read_deep_zoom_tile(source: RangedSource, index: TileIndex, level: int, column: int, row: int) -> Picture:
    """Return a tile of the Deep Zoom view; see `tiler.adapters.tile_reader`."""
    from tiler.adapters import tile_reader  # noqa: PLC0415 (numpy and Pillow take a quarter of a second)

    return tile_reader.read_deep_zoom_tile(source, index, level, column, row)


def read_zoom_tile(source: RangedSource, index: TileIndex, z: int, x: int, y: int) -> Picture:
    """Return a tile of the z/x/y view; see `tiler.adapters.tile_reader`."""
    from tiler.adapters import tile_reader  # noqa: PLC0415 (likewise)

    return tile_reader.read_zoom_tile(source, index, z, x, y)


def read_crop(source: RangedSource, index: TileIndex, crop: Crop) -> Picture:
    """Return any part of an image at any size; see `tiler.adapters.cropping`."""
    from tiler.adapters import cropping  # noqa: PLC0415 (likewise)

    return cropping.read_crop(source, index, crop)


class PreparedTiles:
    """What was looked up about the tiles of the images that were watched last. Thread-safe."""

    def __init__(self) -> None:
        self._prepared: dict[str, tuple[TileIndex, QuickTiles]] = {}
        self._lock = threading.Lock()

    def __call__(self, key: str, index: TileIndex) -> "QuickTiles":
        """Return the tiles of an index; the key is that of the index, which never changes."""
        found = self._prepared.get(key)
        if found is not None and found[0] is index:
            return found[1]
        from tiler.adapters.quick_tiles import QuickTiles  # noqa: PLC0415 (likewise)

        tiles = QuickTiles(index)
        with self._lock:
            if len(self._prepared) >= _MOST_PREPARED:
                self._prepared.clear()
            self._prepared[key] = (index, tiles)
        return tiles
