"""Small reads turned into few ranges of a source, with a budget; used while a file's directories are read."""

from collections import deque

from tiler.domain.limits import MAX_DIRECTORY_BYTES, MAX_DIRECTORY_READS
from tiler.domain.problems import UnreadableImage
from tiler.domain.ranged_source import RangedSource

_FIRST_WINDOW_BYTES = 256 << 10
"""Opens a slide of 20,000 pixels square whose directories stand first in one read."""

_WINDOW_BYTES = 32 << 10
_WINDOWS_KEPT = 8


class BoundedReader:
    """Reads one file once, from one thread; keeps the windows it read last."""

    def __init__(self, source: RangedSource) -> None:
        self._source = source
        self._windows: deque[tuple[int, bytes]] = deque(maxlen=_WINDOWS_KEPT)
        self._bytes = 0
        self._reads = 0
        self._first = self._fetch(0, min(_FIRST_WINDOW_BYTES, source.size_bytes))

    @property
    def size_bytes(self) -> int:
        return self._source.size_bytes

    def read(self, start: int, length: int) -> bytes:
        """Return exactly `length` bytes.

        Raises
        ------
        UnreadableImage
            The range lies outside the file, or the file has made us read more than any real one needs.
        """
        end = start + length
        if not 0 <= start <= end <= self.size_bytes:
            raise UnreadableImage("The file points outside itself; it is damaged or cut off.")
        if end <= len(self._first):
            return self._first[start:end]
        for at, window in self._windows:
            if at <= start and end <= at + len(window):
                return window[start - at : end - at]
        return self._new_window(start, length)[:length]

    def _new_window(self, start: int, length: int) -> bytes:
        end = min(start + max(length, _WINDOW_BYTES), self.size_bytes)
        window = self._fetch(start, end)
        if len(window) <= _FIRST_WINDOW_BYTES:
            self._windows.append((start, window))
        return window

    def _fetch(self, start: int, end: int) -> bytes:
        self._bytes += end - start
        self._reads += 1
        if self._bytes > MAX_DIRECTORY_BYTES or self._reads > MAX_DIRECTORY_READS:
            raise UnreadableImage("The file's directories are too large or too scattered.")
        return read_exactly(self._source, start, end)


def read_exactly(source: RangedSource, start: int, end: int) -> bytes:
    """Return the bytes of a range that must lie inside the source, or raise `UnreadableImage`."""
    if not 0 <= start <= end <= source.size_bytes:
        raise UnreadableImage("The file points outside itself; it is damaged or cut off.")
    body = source.read(start, end)
    if len(body) != end - start:
        raise UnreadableImage("The file ended early.")
    return body
