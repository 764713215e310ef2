"""Reads NIfTI 1 and 2: .nii and .nii.gz, and .hdr with its .img. Field offsets from nifti1.h and nifti2.h."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest_worker.adapters.readers.conversion_input import ConversionInput
from ingest_worker.adapters.readers.itk_geometry import SIZE_ASSUMED, ItkView, read_geometry
from ingest_worker.adapters.readers.nifti_axes import SAME_PLACE, lacks_sizes, straightened, with_sizes
from ingest_worker.adapters.readers.pixel_bytes import PixelBytes, StoredVolume, decoded_head, surplus_note
from ingest_worker.adapters.readers.scaled_volume import scaled
from ingest_worker.adapters.volumes import Reading, Volume, VolumeReading
from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.geometry import Geometry
from ingest_worker.domain.layouts import VolumeLayout
from ingest_worker.domain.refusals import Refused

NIFTI_1_BYTES, NIFTI_2_BYTES = 348, 540
UNIT_BITS, MILLIMETRES_OR_UNKNOWN = 7, (2, 0)
TWO_PLACES = (
    "The header places the voxels in two ways; programs that go by its sform alone show them elsewhere."
)
NO_EXTENSIONS = b"\0\0\0\0"
GZIP_MARK = b"\x1f\x8b"

# datatype code: (samples per voxel, type of a sample)
DATA_TYPES = {
    2: (1, "uint8"),
    4: (1, "int16"),
    8: (1, "int32"),
    16: (1, "float32"),
    64: (1, "float64"),
    128: (3, "uint8"),
    256: (1, "int8"),
    512: (1, "uint16"),
    768: (1, "uint32"),
    1024: (1, "int64"),
    1280: (1, "uint64"),
    2304: (4, "uint8"),
}

# Where the fields of the grid lie in version 2, and in version 1: format, offset, format, offset.
FROM_SECOND_TO_FIRST = (
    ("2h", 12, "2h", 70),  # datatype, bitpix
    ("8q", 16, "8h", 40),  # dim
    ("8d", 104, "8f", 76),  # pixdim
    ("2i", 344, "2h", 252),  # qform_code, sform_code
    ("6d", 352, "6f", 256),  # quatern, qoffset
    ("12d", 400, "12f", 280),  # srow
    ("i", 500, "b", 123),  # xyzt_units
)


@dataclass(frozen=True)
class NiftiHeader:
    """A NIfTI header, as far as the pixels depend on it.

    Parameters
    ----------
    raw
        The header as stored, to be shown to ITK.
    dimensions
        Sizes along all axes, without trailing ones beyond the third.
    slope, intercept
        Stored values times slope plus intercept are the image's values; (1, 0) where the header says nothing.
    """

    raw: bytes
    big_endian: bool
    dimensions: tuple[int, ...]
    data_type: int
    pixel_offset: int
    slope: float
    intercept: float

    @property
    def order(self) -> str:
        """Return the order of bytes as `struct` has it."""
        return ">" if self.big_endian else "<"

    @property
    def is_scaled(self) -> bool:
        return (self.slope, self.intercept) != (1.0, 0.0)


def read(given: ConversionInput) -> Iterator[Reading]:
    """Yield the image of a candidate whose first file is the header; the second, if any, holds the pixels."""
    file = given.files[0]
    header = _header(file)
    channels, stored_type = _samples(header, file)
    view = _itk_view(header, file, given)
    stored = VolumeLayout(view.size, channels, stored_type, view.geometry).check(file.base_name, given.budget)
    pixels = given.files[-1]
    source = PixelBytes(pixels, _encoding(pixels), 0, skip=header.pixel_offset)
    volume: Volume = StoredVolume(stored, source, header.big_endian)
    if header.is_scaled and channels == 1:
        volume = scaled(volume, header.slope, header.intercept)
    yield VolumeReading(
        files=given.names,
        name=file.base_name,
        volume=volume,
        metadata=volume.layout.metadata(),
        notes=(*surplus_note(source, stored.total_bytes), *_remark_on_places(header, view)),
    )


def _encoding(file: SourceFile) -> str:
    with file.path.open("rb") as stream:
        return "gzip" if stream.read(2) == GZIP_MARK else "raw"


def _header(file: SourceFile) -> NiftiHeader:
    head = decoded_head(PixelBytes(file, _encoding(file), 0), NIFTI_2_BYTES)
    for order in "<>":
        if len(head) >= NIFTI_1_BYTES and struct.unpack_from(order + "i", head)[0] == NIFTI_1_BYTES:
            raw = head[:NIFTI_1_BYTES]
            return _checked(raw, order, _nifti_1(raw, order), file.base_name)
        if len(head) >= NIFTI_2_BYTES and struct.unpack_from(order + "i", head)[0] == NIFTI_2_BYTES:
            raw = head[:NIFTI_2_BYTES]
            return _checked(raw, order, _nifti_2(raw, order), file.base_name)
    raise Refused(f"The file {file.base_name} has no complete NIfTI header.")


@dataclass(frozen=True)
class _Fields:
    """The fields both versions have, as stored."""

    dimensions: tuple[int, ...]
    data_type: int
    offset: float
    slope: float
    intercept: float


def _nifti_1(raw: bytes, order: str) -> _Fields:
    dimensions = struct.unpack_from(order + "8h", raw, 40)
    (data_type,) = struct.unpack_from(order + "h", raw, 70)
    return _Fields(dimensions, data_type, *struct.unpack_from(order + "3f", raw, 108))


def _nifti_2(raw: bytes, order: str) -> _Fields:
    dimensions = struct.unpack_from(order + "8q", raw, 16)
    (data_type,) = struct.unpack_from(order + "h", raw, 12)
    return _Fields(dimensions, data_type, *struct.unpack_from(order + "q2d", raw, 168))


def _checked(raw: bytes, order: str, fields: _Fields, name: str) -> NiftiHeader:
    count = fields.dimensions[0]
    sizes = fields.dimensions[1 : count + 1]
    behind = 0 if _is_pair(raw) else len(raw)
    if not 1 <= count <= 7 or min(sizes) < 1:
        raise Refused(f"The header of {name} says nothing usable about the size of the image.")
    if not np.isfinite(fields.offset) or fields.offset < behind:
        raise Refused(f"The header of {name} has its pixels begin inside itself, or nowhere.")
    # nifti1.h: "if scl_slope is zero, then ignore"; to nibabel and ITK no number at all says the same.
    says_nothing = fields.slope == 0.0 or np.isnan(fields.slope)
    if not says_nothing and not np.isfinite([fields.slope, fields.intercept]).all():
        raise Refused(f"The header of {name} scales its values by something that is no number.")
    return NiftiHeader(
        raw=raw,
        big_endian=order == ">",
        dimensions=_without_ones(sizes),
        data_type=fields.data_type,
        pixel_offset=int(fields.offset),
        slope=1.0 if says_nothing else fields.slope,
        intercept=0.0 if says_nothing else fields.intercept,
    )


def _is_pair(raw: bytes) -> bool:
    """Tell whether the pixels lie in a file of their own, or behind the header."""
    return raw[344:347] == b"ni1" or raw[4:7] == b"ni2"


def _without_ones(dimensions: tuple[int, ...]) -> tuple[int, ...]:
    while len(dimensions) > 3 and dimensions[-1] == 1:
        dimensions = dimensions[:-1]
    return dimensions


def _samples(header: NiftiHeader, file: SourceFile) -> tuple[int, str]:
    if header.data_type not in DATA_TYPES:
        raise Refused(
            f"The image {file.base_name} holds complex numbers, bits or another type that cannot be imported."
        )
    if not 2 <= len(header.dimensions) <= 4:
        raise Refused(
            f"The image {file.base_name} has {len(header.dimensions)} dimensions; images of 2, 3 and 4 dimensions can "
            "be imported."
        )
    return DATA_TYPES[header.data_type]


def _itk_view(header: NiftiHeader, file: SourceFile, given: ConversionInput) -> ItkView:
    """Return ITK's reading of the grid; it must agree about the size."""
    name = file.base_name
    told = with_sizes(_for_itk(header, name), header.order, name)
    try:
        view = _read_by_itk(told, name, given)
    except Refused:
        straight = straightened(told, header.order, header.dimensions)
        if straight is None:
            raise
        view = _read_by_itk(straight, name, given)
    if view.size != header.dimensions:
        raise Refused(f"The header of {name} can be understood in more than one way.")
    return view


def _read_by_itk(told: bytes, name: str, given: ConversionInput) -> ItkView:
    return read_geometry(
        told + NO_EXTENSIONS, name=name, suffix=".nii", image_io="NiftiImageIO", scratch=given.scratch
    )


def _remark_on_places(header: NiftiHeader, view: ItkView) -> tuple[str, ...]:
    """Return a remark if the sform says something else than ITK makes of it, of the qform and of the size of voxels."""
    order = header.order
    first = _for_itk(header, "")
    if lacks_sizes(with_sizes(first, order, ""), order, min(len(view.size), 3)):
        return (SIZE_ASSUMED,)
    (code,) = struct.unpack_from(order + "h", first, 254)
    if code <= 0 or len(view.size) < 3 or first[123] & UNIT_BITS not in MILLIMETRES_OR_UNKNOWN:
        return ()
    told = np.reshape(struct.unpack_from(order + "12f", first, 280), (3, 4))
    corners = np.array([[0.0, 0.0, 0.0], np.subtract(view.size[:3], 1)])
    apart = corners @ told[:, :3].T + told[:, 3] - _corners(view.geometry, corners)
    return () if np.abs(apart).max() <= SAME_PLACE * min(view.geometry.spacing[:3]) else (TWO_PLACES,)


def _corners(geometry: Geometry, voxels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where voxels lie, in the coordinates of NIfTI, whose first two axes point the other way."""
    axes = np.reshape(geometry.direction, (geometry.dimensions, -1))[:3, :3] * geometry.spacing[:3]
    found: NDArray[np.float64] = (voxels @ axes.T + geometry.origin[:3]) * (-1, -1, 1)
    return found


def _for_itk(header: NiftiHeader, name: str) -> bytes:
    """Return the header as NIfTI 1 in one file, as ITK reads it; the grid's numbers are single precision there."""
    if len(header.raw) == NIFTI_1_BYTES:
        return header.raw[:344] + b"n+1\0"
    order = header.order
    first = bytearray(NIFTI_1_BYTES)
    struct.pack_into(order + "i", first, 0, NIFTI_1_BYTES)
    first[344:348] = b"n+1\0"
    try:
        for old_format, old_offset, new_format, new_offset in FROM_SECOND_TO_FIRST:
            values = struct.unpack_from(order + old_format, header.raw, old_offset)
            struct.pack_into(order + new_format, first, new_offset, *values)
    except (struct.error, OverflowError) as error:
        raise Refused(
            f"The image {name} is too large or its grid too odd for NIfTI to be understood."
        ) from error
    return bytes(first)
