"""Keeps what was read or made last in memory, bounded by bytes."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

V = TypeVar("V")


class ByteCache(Generic[V]):
    """The least recently used values are dropped beyond the bound; a value larger than it is not kept. Thread-safe."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._kept: OrderedDict[Hashable, tuple[V, int]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> V | None:
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                return None
            self._kept.move_to_end(key)
            return found[0]

    def put(self, key: Hashable, value: V, size_bytes: int) -> None:
        if size_bytes > self._most_bytes:
            return
        with self._lock:
            self._bytes += size_bytes - self._kept.pop(key, (None, 0))[1]
            self._kept[key] = (value, size_bytes)
            while self._bytes > self._most_bytes:
                _, (_, dropped) = self._kept.popitem(last=False)
                self._bytes -= dropped

    @property
    def size_bytes(self) -> int:
        """Return how much is kept."""
        return self._bytes
