"""The axes in a NIfTI 1 header before ITK sees them: numbers that are none, sizes it lacks, an sform that is all but straight.

Offsets from nifti1.h; headers are those of one file, in either order of bytes.
"""

import struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ingest_worker.domain.refusals import Refused

PIXDIM: Final = ("4f", 76)
CODES: Final = ("2h", 252)
QFORM: Final = ("6f", 256)
SFORM: Final = ("12f", 280)

SAME_PLACE: Final = 0.1
"""The corner of an image may lie this share of a voxel somewhere else: headers are rounded, and nearly straight axes made so."""

Numbers = NDArray[np.float64]


def with_sizes(header: bytes, order: str, name: str) -> bytes:
    """Return a header whose voxels have the size its sform says where it gives none; ITK would take 1 mm.

    Raises
    ------
    Refused
        What places the voxels are no numbers, for which ITK would take zeros.
    """
    codes = _values(header, order, CODES)
    for code, field, called in zip(codes, (QFORM, SFORM), ("qform", "sform"), strict=True):
        if code > 0 and not np.isfinite(_values(header, order, field)).all():
            raise Refused(f"The {called} of {name} places its voxels by something that is no number.")
    pixdim = _values(header, order, PIXDIM)
    if codes[1] > 0:
        unknown, lengths = _unknown(pixdim), np.linalg.norm(_sform(header, order)[:, :3], axis=0)
        pixdim[1:][unknown] = lengths[unknown]
    return _with(header, order, PIXDIM, pixdim)


def lacks_sizes(header: bytes, order: str, axes: int) -> bool:
    """Tell whether nothing says how large a voxel is along one of the first axes."""
    return bool(_unknown(_values(header, order, PIXDIM))[:axes].any())


def straightened(header: bytes, order: str, size: tuple[int, ...]) -> bytes | None:
    """Return the header with perpendicular axes in its sform, None if a corner of the image would lie somewhere else."""
    told = _sform(header, order)
    lengths = np.linalg.norm(told[:, :3], axis=0)
    if _values(header, order, CODES)[1] <= 0 or not lengths.all():
        return None
    left, _, right = np.linalg.svd(told[:, :3] / lengths)
    moved = told[:, :3] - left @ right * lengths
    middle = np.subtract((*size, 1, 1)[:3], 1) / 2
    corners = np.array(np.meshgrid(*((-half, half) for half in middle))).reshape(3, -1)
    if np.linalg.norm(moved @ corners, axis=0).max() > SAME_PLACE * lengths.min():
        return None
    told[:, :3] -= moved
    told[:, 3] += moved @ middle
    return _with(header, order, SFORM, told.ravel())


def _unknown(pixdim: Numbers) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = ~np.isfinite(pixdim[1:]) | (pixdim[1:] == 0)
    return found


def _sform(header: bytes, order: str) -> Numbers:
    return _values(header, order, SFORM).reshape(3, 4)


def _values(header: bytes, order: str, field: tuple[str, int]) -> Numbers:
    kind, offset = field
    return np.array(struct.unpack_from(order + kind, header, offset), np.float64)


def _with(header: bytes, order: str, field: tuple[str, int], values: Numbers) -> bytes:
    kind, offset = field
    changed = bytearray(header)
    struct.pack_into(order + kind, changed, offset, *values)
    return bytes(changed)
