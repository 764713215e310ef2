"""The preview of a MetaImage: its middle slice, with the proportions of the body; of a time series, several moments."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tiler.adapters.metaimage_header import MetaImageHeader, read_header
from tiler.adapters.metaimage_voxels import index_of, read_slice
from tiler.adapters.pictures import preview_of, size_on_screen
from tiler.adapters.rendering import Rendered, shown
from tiler.adapters.volume_look import look_of_volume
from tiler.adapters.volumes import turned
from tiler.domain.limits import MAX_CROSSED_BYTES
from tiler.domain.picture import Picture
from tiler.domain.planes import planes
from tiler.domain.ranged_source import RangedSource

MOST_MOMENTS = 9
_GAP_SHARE = 64  # of the side of a slice


def volume_preview(source: RangedSource, *, longest_px: int) -> Picture:
    """Return the middle slice, of 4D images at up to nine moments side by side; see `preview` for errors."""
    header = read_header(source)
    index = index_of(source, header)
    plane = planes(header.size, header.spacing_mm, header.directions)[-1]
    moments = _moments(header, is_quick=index is not None or not header.compressed)
    z = header.depth // 2
    slices = [turned(read_slice(source, header, index, z=z, time=time), plane) for time in moments]
    middle = slices[len(slices) // 2]
    look = look_of_volume(source, header, index, middle)
    mosaic = _side_by_side([shown(values, look) for values in slices])
    columns, rows = _grid(len(slices))
    size = size_on_screen(
        (plane.width * columns, plane.height * rows), plane.pixel_size_mm, longest_px=longest_px
    )
    return preview_of(mosaic, size)


def _moments(header: MetaImageHeader, *, is_quick: bool) -> Sequence[int]:
    """Return time points evenly spread, the first and the last among them; the middle one if more would take long."""
    if not is_quick and header.voxels_bytes > MAX_CROSSED_BYTES:
        return [header.times // 2]
    count = min(header.times, MOST_MOMENTS)
    if count == 1:
        return [0]
    return [round(number * (header.times - 1) / (count - 1)) for number in range(count)]


def _grid(count: int) -> tuple[int, int]:
    """Return columns and rows that hold so many pictures, about as many of the one as of the other."""
    columns = math.ceil(math.sqrt(count))
    return columns, math.ceil(count / columns)


def _side_by_side(pictures: Sequence[Rendered]) -> Rendered:
    """Put pictures into a grid, row by row, with dark lines between them."""
    if len(pictures) == 1:
        return pictures[0]
    columns, rows = _grid(len(pictures))
    height, width = pictures[0].pixels.shape[:2]
    canvas: NDArray[np.uint8] = np.zeros(
        (rows * height, columns * width, *pictures[0].pixels.shape[2:]), np.uint8
    )
    gap = max(1, max(height, width) // _GAP_SHARE) if min(height, width) > 2 else 0
    for number, picture in enumerate(pictures):
        top, left = number // columns * height, number % columns * width
        canvas[top : top + height - gap, left : left + width - gap] = picture.pixels[
            : height - gap, : width - gap
        ]
    return Rendered(canvas, is_labels=pictures[0].is_labels)
