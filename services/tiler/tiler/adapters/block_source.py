"""Objects of a distant store read in blocks, of which those used last are kept.

The tiles of a row stand one behind the other in a canonical slide, and who looks at one looks at its neighbours next. A
store takes about as long for a block as for a tile, so one round trip brings several.
"""

import threading

from archive_shared.blobs.port import BlobStore
from tiler.adapters.byte_cache import ByteCache

BLOCK_BYTES = 256 << 10
_FETCHED_AT_ONCE = 64


class Blocks:
    """The blocks of all objects of a store; a key stands for the same bytes for ever. Thread-safe.

    Threads that miss a block wait for one of them to fetch it: a viewer asks for twenty tiles at once.

    Parameters
    ----------
    most_bytes
        Memory of all blocks kept.
    """

    def __init__(self, store: BlobStore, most_bytes: int) -> None:
        self._store = store
        self._kept: ByteCache[bytes] = ByteCache(most_bytes)
        self._fetching = [threading.Lock() for _ in range(_FETCHED_AT_ONCE)]

    def open(self, key: str, size_bytes: int) -> "BlockSource":
        """Return an object as a ranged source."""
        return BlockSource(self, key, size_bytes)

    def read(self, key: str, start: int, end: int) -> bytes:
        """Return a range; errors as for `BlobStore.read`."""
        if not 0 < end - start <= BLOCK_BYTES:
            return self._store.read(key, start, end)
        first, last = start // BLOCK_BYTES, (end - 1) // BLOCK_BYTES
        body = self._block(key, first)
        if last > first:
            body += self._block(key, last)
        return body[start - first * BLOCK_BYTES : end - first * BLOCK_BYTES]

    def _block(self, key: str, number: int) -> bytes:
        """Return a block; the last one of an object is shorter."""
        name = (key, number)
        known = self._kept.get(name)
        if known is not None:
            return known
        with self._fetching[hash(name) % _FETCHED_AT_ONCE]:
            return self._kept.get(name) or self._fetched(key, number)

    def _fetched(self, key: str, number: int) -> bytes:
        block = self._store.read(key, number * BLOCK_BYTES, (number + 1) * BLOCK_BYTES)
        self._kept.put((key, number), block, len(block))
        return block


class BlockSource:
    """The `RangedSource` of one object; ranges larger than a block are read as they are."""

    def __init__(self, blocks: Blocks, key: str, size_bytes: int) -> None:
        self._blocks, self._key, self._size_bytes = blocks, key, size_bytes

    @property
    def size_bytes(self) -> int:
        return self._size_bytes

    def read(self, start: int, end: int) -> bytes:
        return self._blocks.read(self._key, start, end)
