"""Neighbouring slices of a MetaImage in any of the three directions, at full resolution and in bounded memory.

Along z only the runs that hold the slices are read. Across it every slice of the time point has to be inflated, but no more
than one of them and the slab are held; so the slab is made as thick as is affordable, for people turn from slice to slice.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from archive_shared.errors import Invalid
from archive_shared.slice_index import SliceIndex
from tiler.adapters.metaimage_header import MetaImageHeader
from tiler.adapters.tile_codec import Pixels
from tiler.adapters.voxel_streams import voxels_between
from tiler.domain.limits import MAX_CROSSED_BYTES, MAX_SLICE_BYTES, MIB
from tiler.domain.planes import AxisName
from tiler.domain.ranged_source import RangedSource

_INDEXED_BYTES = 2 * MIB
_INFLATED_BYTES = 16 * MIB


@dataclass(frozen=True)
class SlabAddress:
    """Slices `first` up to, not including, `end` along an axis, at one time point."""

    axis: AxisName
    time: int
    first: int
    end: int


def slab_around(
    header: MetaImageHeader, index: SliceIndex | None, axis: AxisName, time: int, at: int
) -> SlabAddress:
    """Return the slab in which a slice is read; the same one for all slices in it."""
    is_cheap = axis == "z" and (index is not None or not header.compressed)
    budget = _INDEXED_BYTES if is_cheap else _INFLATED_BYTES
    thickness = max(1, budget // _slice_bytes(header, axis))
    first = at // thickness * thickness
    return SlabAddress(axis, time, first, min(first + thickness, _count(header, axis)))


def read_slab(
    source: RangedSource, header: MetaImageHeader, index: SliceIndex | None, at: SlabAddress
) -> Pixels:
    """Return slices as they are stored.

    Returns
    -------
    ndarray
        Shape (slices, rows, columns, channels), in the machine's byte order. The faster of the two other axes runs
        along the columns.

    Raises
    ------
    Invalid
        The slices are too large, or too much would have to be inflated for them.
    UnreadableImage
        The voxels are damaged or end early.
    """
    if max(_slice_bytes(header, at.axis), header.slice_bytes) > MAX_SLICE_BYTES:
        raise Invalid({"index": ["The slices of this image are too large to be shown one by one."]})
    if at.axis == "z":
        return _along(source, header, index, at)
    if header.depth * header.slice_bytes > MAX_CROSSED_BYTES:
        raise Invalid(
            {"axis": ["This volume is too large to be cut in other directions than it is stored in."]}
        )
    return _across(source, header, index, at)


def _along(
    source: RangedSource, header: MetaImageHeader, index: SliceIndex | None, at: SlabAddress
) -> Pixels:
    start = (at.time * header.depth + at.first) * header.slice_bytes
    if header.compressed and index is None and start > MAX_CROSSED_BYTES:
        raise Invalid({"index": ["This image is too large to be shown without an index of its slices."]})
    slab = _empty(header, (at.end - at.first, header.size[1], header.size[0]))
    for number, found in enumerate(_slices(source, header, index, start, at.end - at.first)):
        slab[number] = found
    return slab


def _across(
    source: RangedSource, header: MetaImageHeader, index: SliceIndex | None, at: SlabAddress
) -> Pixels:
    start = at.time * header.depth * header.slice_bytes
    columns, rows = header.plane_size
    slab = _empty(header, (at.end - at.first, header.depth, columns if at.axis == "y" else rows))
    for z, found in enumerate(_slices(source, header, index, start, header.depth)):
        along = found if at.axis == "y" else found.swapaxes(0, 1)
        slab[:, z] = along[at.first : at.end]
    return slab


def _empty(header: MetaImageHeader, shape: tuple[int, int, int]) -> Pixels:
    return np.empty((*shape, header.channels), header.pixel_type.newbyteorder("="))


def _slices(
    source: RangedSource, header: MetaImageHeader, index: SliceIndex | None, start: int, count: int
) -> Iterator[Pixels]:
    """Yield slices along z, one after the other, in the byte order of the file."""
    voxels = voxels_between(source, header, index, start, start + count * header.slice_bytes)
    columns, rows = header.plane_size
    for _ in range(count):
        body = np.frombuffer(voxels.read(header.slice_bytes), header.pixel_type)
        yield body.reshape(rows, columns, header.channels)


def _count(header: MetaImageHeader, axis: AxisName) -> int:
    return {"x": header.size[0], "y": header.size[1], "z": header.depth}[axis]


def _slice_bytes(header: MetaImageHeader, axis: AxisName) -> int:
    return header.depth * header.slice_bytes // _count(header, axis)
