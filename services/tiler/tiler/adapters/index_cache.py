"""Keeps the tile indexes used last in memory; they are immutable, so they never grow stale."""

import sys
import threading
from collections import OrderedDict

from archive_shared.blobs.port import BlobStore
from tiler.domain.level import Level
from tiler.domain.tile_index import TileIndex

MOST_BYTES = 128 * 1024 * 1024
_READ_AT_ONCE = 16
_SMALL_PARTS_BYTES = 4096


class CachedIndexes:
    """Tile indexes from the bucket `media`, the least recently used dropped beyond a bound of memory.

    Thread-safe. Threads that miss the same index wait for one of them to read it: a viewer asks for twenty tiles at
    once, and unpacking the index of a large slide takes a second and twice its memory.

    Parameters
    ----------
    most_bytes
        Memory of all indexes kept; one index alone may be larger.
    """

    def __init__(self, media: BlobStore, *, most_bytes: int = MOST_BYTES) -> None:
        self._media = media
        self._most_bytes = most_bytes
        self._kept: OrderedDict[str, TileIndex] = OrderedDict()
        self._kept_bytes = 0
        self._lock = threading.Lock()
        self._reading = [threading.Lock() for _ in range(_READ_AT_ONCE)]

    def get(self, key: str) -> TileIndex:
        """Return an index; errors as for `BlobStore.read` and `TileIndex.from_bytes`."""
        found = self._find(key)
        if found is not None:
            return found
        with self._reading[hash(key) % _READ_AT_ONCE]:
            return self._find(key) or self._read(key)

    def _find(self, key: str) -> TileIndex | None:
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def _read(self, key: str) -> TileIndex:
        index = TileIndex.from_bytes(self._media.read(key))
        with self._lock:
            self._kept[key] = index
            self._kept_bytes += memory_bytes(index)
            while self._kept_bytes > self._most_bytes and len(self._kept) > 1:
                _, dropped = self._kept.popitem(last=False)
                self._kept_bytes -= memory_bytes(dropped)
        return index


def memory_bytes(index: TileIndex) -> int:
    """Return about how much memory an index takes: 16 bytes a tile, six times as much as it takes when stored.

    Of an image with few tiles it is mostly the colour profile, and the tables its levels are encoded with.
    """
    return len(index.icc_profile) + len(index.overview) + sum(map(_level_bytes, index.levels))


def _level_bytes(level: Level) -> int:
    encoding = level.encoding
    tables = len(encoding.jpeg_tables) + len(encoding.palette)
    return _SMALL_PARTS_BYTES + tables + sys.getsizeof(level.offsets) + sys.getsizeof(level.lengths)
