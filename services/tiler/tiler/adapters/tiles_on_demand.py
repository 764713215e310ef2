"""Tiles and slices, whose libraries are loaded with the first one; all processes but the web server never ask for any."""

import threading
from typing import TYPE_CHECKING

from tiler.adapters.byte_cache import ByteCache
from tiler.adapters.index_cache import MOST_BYTES, memory_bytes
from tiler.domain.iiif import Crop
from tiler.domain.picture import Picture
from tiler.domain.ranged_source import RangedSource
from tiler.domain.tile_index import TileIndex
from tiler.domain.volume import VolumeShape, WantedSlice

if TYPE_CHECKING:
    from tiler.adapters.quick_tiles import QuickTiles
    from tiler.adapters.volumes import StoredVolumes


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


class VolumesOnDemand:
    """Slices of volumes; see `tiler.adapters.volumes`. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._volumes: StoredVolumes | None = None

    def shape(self, key: str, source: RangedSource) -> VolumeShape:
        return self._loaded().shape(key, source)

    def picture(self, key: str, source: RangedSource, wanted: WantedSlice) -> Picture:
        return self._loaded().picture(key, source, wanted)

    def _loaded(self) -> "StoredVolumes":
        from tiler.adapters.volumes import StoredVolumes  # noqa: PLC0415 (likewise)

        with self._lock:
            self._volumes = self._volumes or StoredVolumes()
            return self._volumes


class PreparedTiles:
    """What was looked up about the tiles of the images that were watched last. Thread-safe.

    It holds on to their indexes, so it is bounded by the memory of these, as their own cache is.

    Parameters
    ----------
    most_bytes
        Memory of all indexes held.
    """

    def __init__(self, *, most_bytes: int = MOST_BYTES) -> None:
        self._prepared: ByteCache[tuple[TileIndex, QuickTiles]] = ByteCache(most_bytes)

    def __call__(self, key: str, index: TileIndex) -> "QuickTiles":
        """Return the tiles of an index; the key is that of the index, which never changes."""
        found = self._prepared.get(key)
        if found is not None and found[0] is index:
            return found[1]
        from tiler.adapters.quick_tiles import QuickTiles  # noqa: PLC0415 (likewise)

        tiles = QuickTiles(index)
        self._prepared.put(key, (index, tiles), memory_bytes(index))
        return tiles
