"""Single slices of a MetaImage, thinned on the way, as previews need them; a volume is never held in memory."""

import numpy as np

from archive_shared.slice_index import SliceIndex, read_index
from tiler.adapters.metaimage_header import MetaImageHeader
from tiler.adapters.tile_codec import Pixels
from tiler.adapters.voxel_streams import Voxels, voxels_between
from tiler.domain.limits import MAX_ROW_BYTES, MIB
from tiler.domain.problems import UnreadableImage
from tiler.domain.ranged_source import RangedSource

_BAND_BYTES = 4 * MIB
_KEPT_PX = 1024


def index_of(source: RangedSource, header: MetaImageHeader) -> SliceIndex | None:
    """Return the index of an image's slices; None if it needs or has none."""
    return read_index(source.read, source.size_bytes) if header.compressed else None


def read_slice(
    source: RangedSource,
    header: MetaImageHeader,
    index: SliceIndex | None = None,
    *,
    z: int = 0,
    time: int = 0,
) -> Pixels:
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
    if header.row_bytes > MAX_ROW_BYTES:
        raise UnreadableImage("The image's rows are too long.")
    start = (time * header.depth + z) * header.slice_bytes
    voxels = voxels_between(source, header, index, start, start + header.slice_bytes)
    step = max(1, max(header.size[:2]) // _KEPT_PX)
    return _thinned(voxels, header, step)


def _thinned(voxels: Voxels, header: MetaImageHeader, step: int) -> Pixels:
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
