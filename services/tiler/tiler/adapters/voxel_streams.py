"""The voxels of a MetaImage in sequence, from any of them on; never more in memory than what is asked for.

Compressed voxels are one zlib stream. The streams our import writes are made of runs that can be inflated alone, and an index
says where they begin (`archive_shared.slice_index`). Streams of others are inflated from their beginning.
"""

from typing import Protocol

from archive_shared.slice_index import SliceIndex
from tiler.adapters.bounded_reader import read_exactly
from tiler.adapters.inflate import Inflater
from tiler.adapters.metaimage_header import MetaImageHeader
from tiler.domain.limits import MAX_SKIPPED_BYTES, MIB
from tiler.domain.problems import UnreadableImage
from tiler.domain.ranged_source import RangedSource

_PIECE_BYTES = 2 * MIB


class Voxels(Protocol):
    """The voxels of an image, in sequence."""

    def read(self, count: int) -> bytes:
        """Return exactly the next `count` bytes; `UnreadableImage` if there are not so many."""
        ...


def voxels_between(
    source: RangedSource, header: MetaImageHeader, index: SliceIndex | None, start: int, end: int
) -> Voxels:
    """Return the voxels from byte `start` up to, not including, byte `end`; with an index nothing else is read.

    Raises
    ------
    UnreadableImage
        The file is damaged, or too large to be read from its beginning.
    """
    if not header.compressed:
        return _PlainVoxels(source, header.voxels_start + start)
    if index is None:
        return _from_the_beginning(source, header, start)
    try:
        runs = index.runs(start, end)
    except ValueError as error:
        raise UnreadableImage("The image has fewer voxels than its header says.") from error
    voxels = _DeflatedVoxels(source, Inflater.raw(), runs.file_start, runs.file_end)
    voxels.skip(runs.skip)
    return voxels


def _from_the_beginning(source: RangedSource, header: MetaImageHeader, start: int) -> Voxels:
    if start > MAX_SKIPPED_BYTES:
        raise UnreadableImage("The image is too large to be shown without an index of its slices.")
    voxels = _DeflatedVoxels(source, Inflater(), header.voxels_start, header.voxels_end)
    voxels.skip(start)
    return voxels


class _PlainVoxels:
    def __init__(self, source: RangedSource, at: int) -> None:
        self._source = source
        self._at = at

    def read(self, count: int) -> bytes:
        start, self._at = self._at, self._at + count
        return read_exactly(self._source, start, self._at)


class _DeflatedVoxels:
    def __init__(self, source: RangedSource, inflater: Inflater, start: int, end: int) -> None:
        self._source = source
        self._inflater = inflater
        self._at = start
        self._end = end

    def read(self, count: int) -> bytes:
        pieces = []
        while count:
            piece = self._next(count)
            pieces.append(piece)
            count -= len(piece)
        return b"".join(pieces)

    def skip(self, count: int) -> None:
        """Inflate and forget, piece by piece."""
        while count:
            count -= len(self._next(min(count, _PIECE_BYTES)))

    def _next(self, at_most: int) -> bytes:
        piece = self._inflater.take(b"", at_most)
        while not piece:
            if self._at >= self._end or not self._inflater.wants_more:
                raise UnreadableImage("The image has fewer voxels than its header says.")
            piece = self._inflater.take(self._fetch(), at_most)
        return piece

    def _fetch(self) -> bytes:
        start, self._at = self._at, min(self._at + _PIECE_BYTES, self._end)
        return read_exactly(self._source, start, self._at)
