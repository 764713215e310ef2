"""Keeps the tile indexes used last in memory; they are immutable, so they never grow stale."""

import threading
from collections import OrderedDict

from archive_shared.blobs.port import BlobStore

from tiler.domain.tile_index import TileIndex

MOST_BYTES = 64 * 1024 * 1024


class CachedIndexes:
    """Tile indexes from the bucket `media`, the least recently used dropped beyond a bound in bytes of memory.

    Thread-safe. Two threads that miss the same index may both read it, which does no harm.
    """

    def __init__(self, media: BlobStore, *, most_bytes: int = MOST_BYTES) -> None:
        self._media = media
        self._most_bytes = most_bytes
        self._kept: OrderedDict[str, tuple[TileIndex, int]] = OrderedDict()
        self._kept_bytes = 0
        self._lock = threading.Lock()

    def get(self, key: str) -> TileIndex:
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found[0]
        index = TileIndex.from_bytes(self._media.read(key))
        self._keep(key, index, index.memory_bytes)
        return index

    def _keep(self, key: str, index: TileIndex, size_bytes: int) -> None:
        with self._lock:
            if key not in self._kept:
                self._kept[key] = (index, size_bytes)
                self._kept_bytes += size_bytes
            while self._kept_bytes > self._most_bytes and len(self._kept) > 1:
                _, (_, dropped_bytes) = self._kept.popitem(last=False)
                self._kept_bytes -= dropped_bytes
