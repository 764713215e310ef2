"""Several ranged sources one after the other, as if they were one."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

from tiler.domain.ranged_source import RangedSource


class ChainedSource:
    """The `RangedSource` of sources in a row.

    Parameters
    ----------
    sources
        At least one, none of them empty.
    """

    def __init__(self, sources: Sequence[RangedSource]) -> None:
        self._sources = sources
        *self._starts, self._size_bytes = accumulate((one.size_bytes for one in sources), initial=0)

    @property
    def size_bytes(self) -> int:
        return self._size_bytes

    def read(self, start: int, end: int) -> bytes:
        return b"".join(self._parts(start, end))

    def _parts(self, start: int, end: int) -> Iterator[bytes]:
        while start < end:
            number = bisect_right(self._starts, start) - 1
            source, base = self._sources[number], self._starts[number]
            stop = min(end, base + source.size_bytes)
            yield source.read(start - base, stop - base)
            start = stop
