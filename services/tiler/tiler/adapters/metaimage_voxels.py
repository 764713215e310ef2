"""Single slices of a MetaImage, read in sequence and thinned on the way; the volume is never held in memory.

Compressed voxels are one zlib stream that has to be inflated from its beginning. The streams our import writes are
flushed now and then; a table of these points will let `_open` start closer to the slice.
"""

from typing import Protocol

import numpy as np

from tiler.adapters.bounded_reader import read_exactly
from tiler.adapters.inflate import Inflater
from tiler.adapters.metaimage_header import MetaImageHeader
from tiler.adapters.tile_codec import Pixels
from tiler.domain.limits import MIB
from tiler.domain.problems import UnreadableImage
from tiler.domain.ranged_source import RangedSource

_PIECE_BYTES = 2 * MIB
_BAND_BYTES = 4 * MIB
_MAX_ROW_BYTES = 64 * MIB
_MAX_SKIPPED_BYTES = 1 << 35
_KEPT_PX = 1024


def read_slice(source: RangedSource, header: MetaImageHeader, *, z: int = 0, time: int = 0) -> Pixels:
    """Return one slice; from slices of 2048 pixels on, only every second, third, … pixel of a row and a column.

    Returns
    -------
    ndarray
        Shape (rows, columns, channels), in the machine's byte order; at least 1024 and at most 2047 pixels remain
        of a longer side.

    Raises
    ------
    UnreadableImage
        The voxels are damaged or end early.
    """
    if header.row_bytes > _MAX_ROW_BYTES:
        raise UnreadableImage("The image's rows are too long.")
    depth = header.size[2] if len(header.size) > 2 else 1
    voxels = _open(source, header, start=(time * depth + z) * header.slice_bytes)
    step = max(1, max(header.size[:2]) // _KEPT_PX)
    return _thinned(voxels, header, step)


class _Voxels(Protocol):
    """The voxels of an image, in sequence."""

    def read(self, count: int) -> bytes:
        """Return exactly the next `count` bytes."""


def _open(source: RangedSource, header: MetaImageHeader, *, start: int) -> _Voxels:
    if not header.compressed:
        return _PlainVoxels(source, header.voxels_start + start)
    if start > _MAX_SKIPPED_BYTES:
        raise UnreadableImage("The image is too large to be shown without a table of its slices.")
    voxels = _DeflatedVoxels(source, header)
    voxels.skip(start)
    return voxels


def _thinned(voxels: _Voxels, header: MetaImageHeader, step: int) -> Pixels:
    bands = []
    rows_left = header.size[1]
    most = max(1, _BAND_BYTES // header.row_bytes // step) * step  # bands begin at rows that are kept
    while rows_left:
        rows = min(most, rows_left)
        body = voxels.read(rows * header.row_bytes)
        band = np.frombuffer(body, header.pixel_type).reshape(rows, header.size[0], header.channels)
        bands.append(band[::step, ::step].astype(header.pixel_type.newbyteorder("=")))
        rows_left -= rows
    return np.concatenate(bands)


class _PlainVoxels:
    def __init__(self, source: RangedSource, at: int) -> None:
        self._source = source
        self._at = at

    def read(self, count: int) -> bytes:
        start, self._at = self._at, self._at + count
        return read_exactly(self._source, start, self._at)


class _DeflatedVoxels:
    def __init__(self, source: RangedSource, header: MetaImageHeader) -> None:
        self._source = source
        self._inflater = Inflater()
        self._at = header.voxels_start
        self._end = header.voxels_end

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
