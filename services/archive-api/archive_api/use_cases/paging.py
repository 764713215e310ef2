"""What makes pages cheap however far they are, and counts however large; kept by each process for itself."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from archive_shared.clock import Clock

LARGE_COUNT = 10_000
COUNT_LASTS = timedelta(seconds=10)
BOOKMARK_LASTS = timedelta(minutes=10)
MOST_KEPT = 10_000

Place = tuple[str | None, str]
"""Where a page ends: what the last of it has in the field it is ordered by, and its identifier."""

K = TypeVar("K")
V = TypeVar("V")


class _Kept(Generic[K, V]):
    """Remembers the latest values for a while. Thread-safe."""

    def __init__(self, clock: Clock, lasts: timedelta) -> None:
        self._clock = clock
        self._lasts = lasts
        self._lock = threading.Lock()
        self._values: OrderedDict[K, tuple[datetime, V]] = OrderedDict()

    def get(self, key: K) -> V | None:
        with self._lock:
            at, value = self._values.get(key, (None, None))
        return value if at is not None and self._clock.now() - at < self._lasts else None

    def keep(self, key: K, value: V) -> None:
        with self._lock:
            self._values[key] = self._clock.now(), value
            self._values.move_to_end(key)
            while len(self._values) > MOST_KEPT:
                self._values.popitem(last=False)


class Paging:
    """Counts and bookmarks of lists.

    The items of one archive are counted by `archive_api.use_cases.count_items`. Those of several cost a look-up each, all
    of them their number, and images theirs, so a large count of these is made once in ten seconds. Skipping costs as much
    as reading, so where the page before ended is remembered: who reads a list from end to end pays for each page once.
    """

    def __init__(self, clock: Clock) -> None:
        self._counts: _Kept[str, int] = _Kept(clock, COUNT_LASTS)
        self._bookmarks: _Kept[tuple[str, int], Place] = _Kept(clock, BOOKMARK_LASTS)

    def count(self, key: str, count: Callable[[], int]) -> int:
        known = self._counts.get(key)
        if known is not None:
            return known
        counted = count()
        if counted >= LARGE_COUNT:
            self._counts.keep(key, counted)
        return counted

    def bookmark(self, key: str, offset: int) -> Place | None:
        """Return where what stands before an offset ends, if it is remembered."""
        return self._bookmarks.get((key, offset))

    def keep_bookmark(self, key: str, offset: int, place: Place) -> None:
        self._bookmarks.keep((key, offset), place)
