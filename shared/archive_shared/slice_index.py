"""The index behind the pixels of the MetaImages we store: where inflating can start, so that one slice is read alone.

The import writes it, the tiler reads it. An MHA's pixels are one zlib stream of runs that know nothing of one another; the index
says where each begins. It lies behind the stream, where readers of MetaImage never look: they stop after CompressedDataSize
bytes. So it can neither be lost nor belong to another file. All numbers are unsigned, 64 bits, little-endian:

    pixel offset, file offset      for every run, and a last pair where the runs end
    number of pairs, "MHAINDEX"    the last 16 bytes of the file
"""

import struct
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

MARK: Final = b"MHAINDEX"
TAIL_BYTES: Final = (
    1 << 15
)  # holds the index of all but the longest series; one that is longer takes a second read

_PAIR = struct.Struct("<QQ")
_END = struct.Struct("<Q8s")

Read = Callable[[int, int], bytes]
"""Returns the bytes of a file from the first offset up to, not including, the second."""


@dataclass(frozen=True)
class FlushPoint:
    """A place inside the compressed pixels of an MHA from which inflating can start afresh.

    Parameters
    ----------
    pixel_offset
        Bytes of uncompressed pixels before it.
    file_offset
        Where the raw deflate run begins in the file (RFC 1951, no zlib header).
    """

    pixel_offset: int
    file_offset: int


@dataclass(frozen=True)
class Runs:
    """Bytes of a file that inflate, from the first on and as raw deflate, to pixels among which the wanted ones are.

    Parameters
    ----------
    file_start, file_end
        The bytes to read.
    skip
        Inflated bytes before the wanted ones.
    """

    file_start: int
    file_end: int
    skip: int


@dataclass(frozen=True)
class SliceIndex:
    """Where runs begin, in order, and at last where they end."""

    points: Sequence[FlushPoint]

    def encoded(self) -> bytes:
        """Return the index as it lies at the end of a file."""
        pairs = b"".join(_PAIR.pack(point.pixel_offset, point.file_offset) for point in self.points)
        return pairs + _END.pack(len(self.points), MARK)

    def runs(self, start: int, end: int) -> Runs:
        """Return what to read for the uncompressed bytes from `start` up to, not including, `end`.

        Raises
        ------
        ValueError
            There are no such bytes.
        """
        if not 0 <= start < end <= self.points[-1].pixel_offset:
            raise ValueError(f"no pixels from {start} to {end}")
        first = bisect_right(self.points, start, key=_pixel_offset) - 1
        last = bisect_left(self.points, end, key=_pixel_offset)
        begin = self.points[first]
        return Runs(begin.file_offset, self.points[last].file_offset, start - begin.pixel_offset)


def read_index(read: Read, size_bytes: int) -> SliceIndex | None:
    """Return the index at the end of a file of so many bytes; None if there is none, or none that makes sense.

    Reads once, and once more for an index longer than 32 KiB.
    """
    if size_bytes < _END.size:
        return None
    tail = read(max(0, size_bytes - TAIL_BYTES), size_bytes)
    count, mark = _END.unpack(tail[-_END.size :])
    length = count * _PAIR.size + _END.size
    if mark != MARK or count < 2 or length > size_bytes:
        return None
    if length > len(tail):
        tail = read(size_bytes - length, size_bytes)
    points = [FlushPoint(*pair) for pair in _PAIR.iter_unpack(tail[len(tail) - length : -_END.size])]
    return SliceIndex(points) if _make_sense(points, size_bytes - length) else None


def _make_sense(points: list[FlushPoint], end: int) -> bool:
    rising = all(
        one.pixel_offset < two.pixel_offset and one.file_offset < two.file_offset
        for one, two in pairwise(points)
    )
    return rising and points[0].pixel_offset == 0 and points[-1].file_offset <= end


def _pixel_offset(point: FlushPoint) -> int:
    return point.pixel_offset
