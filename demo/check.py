"""Proves that what is downloaded is what was uploaded: pixels and geometry, read independently of our importers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
import tifffile
from numpy.typing import NDArray

TOLERANCE_MM = 1e-6


@dataclass(frozen=True)
class Volume:
    """Pixels and their place in space.

    Parameters
    ----------
    pixels
        Shape ([t, [z,]] y, x[, channels]).
    geometry
        Spacing (mm), origin (mm) and direction cosines, one after another; empty for pictures without any.
    """

    pixels: NDArray[Any]
    geometry: tuple[float, ...]


def read_volume(file: Path) -> Volume:
    """Read any file ITK knows."""
    return _volume(sitk.ReadImage(str(file)))


def read_series(files: list[Path]) -> Volume:
    """Read a DICOM series with ITK's own reader (GDCM), ordered by position."""
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(files[0].parent))
    return _volume(sitk.ReadImage(names))


def read_picture(file: Path) -> Volume:
    """Read a photograph; it has no place in space."""
    return Volume(sitk.GetArrayFromImage(sitk.ReadImage(str(file))), ())


def read_slide(file: Path) -> Volume:
    """Read the full resolution of a pyramid, its first page."""
    return Volume(tifffile.imread(file, key=0), ())


def differences(source: Volume, canonical: Volume) -> list[str]:
    """Tell how two volumes differ; an empty list means they are equal."""
    found = []
    if source.pixels.shape != canonical.pixels.shape:
        found.append(f"shape {source.pixels.shape} became {canonical.pixels.shape}")
    elif not np.array_equal(source.pixels, canonical.pixels):
        found.append("pixels differ")
    if source.geometry and not _close(source.geometry, canonical.geometry):
        found.append(f"geometry {source.geometry} became {canonical.geometry}")
    return found


def _volume(image: sitk.Image) -> Volume:
    geometry = (*image.GetSpacing(), *image.GetOrigin(), *image.GetDirection())
    return Volume(sitk.GetArrayFromImage(image), geometry)


def _close(first: tuple[float, ...], second: tuple[float, ...]) -> bool:
    return len(first) == len(second) and bool(np.allclose(first, second, atol=TOLERANCE_MM))
