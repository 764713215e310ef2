"""Asks ITK what a header says about the grid, without letting it near any other file.

ITK gets a copy of the header in a folder of its own: it has every rule on orientation, units and axes, and we
need none of them twice; it opens no pixel data, so no name in a header can lead it anywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import SimpleITK as sitk

from ingest_worker.domain.geometry import Geometry
from ingest_worker.domain.refusals import Refused

SHEARED = "orthonormal"
"""What ITK says of axes it finds no perpendicular ones near to."""

SIZE_ASSUMED = (
    "The header does not say how large a voxel is along every axis; 1 mm was taken where it does not."
)

ROUNDED = 1e-3
"""The length of an axis may differ from one by as much: headers have few digits."""

SAMPLE_TYPES = {
    sitk.sitkInt8: "int8",
    sitk.sitkUInt8: "uint8",
    sitk.sitkInt16: "int16",
    sitk.sitkUInt16: "uint16",
    sitk.sitkInt32: "int32",
    sitk.sitkUInt32: "uint32",
    sitk.sitkInt64: "int64",
    sitk.sitkUInt64: "uint64",
    sitk.sitkFloat32: "float32",
    sitk.sitkFloat64: "float64",
    sitk.sitkVectorInt8: "int8",
    sitk.sitkVectorUInt8: "uint8",
    sitk.sitkVectorInt16: "int16",
    sitk.sitkVectorUInt16: "uint16",
    sitk.sitkVectorInt32: "int32",
    sitk.sitkVectorUInt32: "uint32",
    sitk.sitkVectorInt64: "int64",
    sitk.sitkVectorUInt64: "uint64",
    sitk.sitkVectorFloat32: "float32",
    sitk.sitkVectorFloat64: "float64",
}


@dataclass(frozen=True)
class ItkView:
    """An image as ITK understands its header."""

    size: tuple[int, ...]
    channels: int
    sample_type: str | None
    geometry: Geometry


def read_geometry(header: bytes, *, name: str, suffix: str, image_io: str, scratch: Path) -> ItkView:
    """Return ITK's reading of a header.

    Parameters
    ----------
    header
        A complete header that names no other file.
    name
        The uploaded file's name, for the message.
    suffix, image_io
        What ITK needs to choose its reader, such as ".mha" and "MetaImageIO".
    scratch
        An empty folder of this conversion.

    Raises
    ------
    Refused
        ITK cannot make sense of it.
    """
    copy = scratch / f"header{suffix}"
    copy.write_bytes(header)
    reader = cast(Any, sitk.ImageFileReader())
    reader.SetImageIO(image_io)
    reader.SetFileName(str(copy))
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        raise Refused(_reason_of(error, name)) from error
    finally:
        copy.unlink()
    geometry = _grid(reader.GetSpacing(), reader.GetOrigin(), reader.GetDirection(), name)
    return ItkView(
        size=tuple(reader.GetSize()),
        channels=reader.GetNumberOfComponents(),
        sample_type=SAMPLE_TYPES.get(reader.GetPixelID()),
        geometry=geometry,
    )


def _reason_of(error: RuntimeError, name: str) -> str:
    if SHEARED in str(error):
        return f"The axes of {name} are not perpendicular to one another; such an image is no rectangular volume."
    return f"The header of {name} describes no image that can be read."


def _grid(
    spacing: Sequence[float], origin: Sequence[float], direction: Sequence[float], name: str
) -> Geometry:
    """Return the grid as ITK would have it of an image; it notices only then that numbers make none.

    Where a spacing is negative, the axis points the other way; what an axis is longer than one belongs to the spacing.
    """
    if 0 in spacing:
        raise Refused(f"The header of {name} says that its voxels have no size (a spacing of 0).")
    axes = np.reshape(direction, (len(spacing), -1)) * np.sign(spacing)
    if not abs(np.linalg.det(axes)) > 0:  # nor is that of no numbers
        raise Refused(f"In the header of {name}, two axes of the image point the same way, or one nowhere.")
    steps, lengths = np.abs(spacing), np.linalg.norm(axes, axis=0)
    if np.abs(lengths - 1).max() > ROUNDED:
        steps, axes = steps * lengths, axes / lengths
    return Geometry(tuple(map(float, steps)), tuple(origin), tuple(map(float, axes.ravel())))
