"""How the slices of a volume look: all of them alike, as its middle one tells, or others if that one tells nothing."""

from collections.abc import Iterator

import numpy as np

from archive_shared.slice_index import SliceIndex
from tiler.adapters.metaimage_header import MetaImageHeader
from tiler.adapters.metaimage_voxels import read_slice
from tiler.adapters.rendering import Look, look_of
from tiler.adapters.tile_codec import Pixels
from tiler.domain.limits import MAX_CROSSED_BYTES
from tiler.domain.ranged_source import RangedSource

_LOOKED_AT = 9


def look_of_volume(
    source: RangedSource, header: MetaImageHeader, index: SliceIndex | None, middle: Pixels
) -> Look:
    """Choose how slices look; reads up to nine more of them where all values of the middle one are the same.

    Parameters
    ----------
    middle
        The middle slice, shape (rows, columns, channels).
    """
    is_quick = index is not None or not header.compressed or header.voxels_bytes <= MAX_CROSSED_BYTES
    telling = middle
    if header.window is None and is_quick and _is_even(middle):
        telling = _telling(middle, _around(source, header, index))
    return look_of(telling, window=header.window, is_photograph=len(header.size) == 2)


def _telling(middle: Pixels, others: Iterator[Pixels]) -> Pixels:
    """Return the first slice of more than one value, or the values of all if there is none."""
    seen = [middle[:1, :1]]
    for values in others:
        if not _is_even(values):
            return values
        seen.append(values[:1, :1])
    return np.concatenate(seen)


def _around(source: RangedSource, header: MetaImageHeader, index: SliceIndex | None) -> Iterator[Pixels]:
    """Yield slices that are spread evenly, those nearest to the middle first."""
    middle, last = header.depth // 2, header.depth - 1
    spread = {round(number * last / (_LOOKED_AT - 1)) for number in range(_LOOKED_AT)} - {middle}
    for z in sorted(spread, key=lambda z: abs(z - middle)):
        yield read_slice(source, header, index, z=z, time=header.times // 2)


def _is_even(values: Pixels) -> bool:
    return bool(np.all(values == values[:1, :1]))
