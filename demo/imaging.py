"""Makes small medical images of every kind, with known pixels and geometry; for the demo and for the tests.

All of them are written by the reference libraries of their formats, never by our own code.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
import tifffile
from numpy.typing import NDArray
from PIL import Image
from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

Pixels = NDArray[Any]
Change = Callable[[Dataset, int], None]

STUDY_UID = "1.2.826.0.1.3680043.8.498.1001"
SERIES_UID = f"{STUDY_UID}.2"
AXIAL = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))


@dataclass(frozen=True)
class Grid:
    """Where a volume lies: spacing along x, y, z; the first voxel; directions of a row and of a column."""

    spacing_mm: tuple[float, float, float] = (0.7, 0.5, 2.5)
    origin_mm: tuple[float, float, float] = (-120.5, -80.25, 40.0)
    axes: tuple[tuple[float, float, float], tuple[float, float, float]] = AXIAL

    @property
    def normal(self) -> Pixels:
        return np.cross(*self.axes)

    @property
    def direction(self) -> tuple[float, ...]:
        return tuple(np.stack([*map(np.asarray, self.axes), self.normal], axis=1).ravel())

    def slice_position(self, index: int) -> list[float]:
        """Return the centre of the first voxel of a slice."""
        return [
            float(value) for value in np.asarray(self.origin_mm) + index * self.spacing_mm[2] * self.normal
        ]


def anatomy(depth: int = 12, rows: int = 24, columns: int = 32, *, seed: int = 7) -> NDArray[np.int16]:
    """Return a body-like volume in Hounsfield units, shape (depth, rows, columns): air, fat, muscle, a bone, noise."""
    z, y, x = np.mgrid[0:depth, 0:rows, 0:columns]
    across = ((x - columns / 2) / (columns * 0.45)) ** 2 + ((y - rows / 2) / (rows * 0.42)) ** 2
    volume = np.full((depth, rows, columns), -1000.0)
    volume[across < 1] = -100
    volume[across < 0.8] = 45
    volume[np.hypot(x - columns / 2, y - rows * 0.7) < columns / 12] = 600
    volume += np.sin(z / 3) * 20 * (across < 0.8)
    volume += np.random.default_rng(seed).normal(scale=12, size=volume.shape)
    return np.clip(np.round(volume), -1024, 3071).astype(np.int16)


def write_dicom_series(
    folder: Path,
    volume: Pixels,
    *,
    grid: Grid | None = None,
    change: Change | None = None,
    prefix: str = "IM",
) -> list[Path]:
    """Write a CT series, one file per slice, and return the files in the order of their positions.

    Values are stored unsigned in 12 of 16 bits with an intercept of -1024, as scanners do; file names and
    instance numbers are shuffled against the positions, as they sometimes are.

    Parameters
    ----------
    volume
        Hounsfield units, shape (depth, rows, columns), -1024 to 3071.
    change
        Last change to the data set of the slice at this index, before it is saved.
    """
    folder.mkdir(parents=True, exist_ok=True)
    placed = grid or Grid()
    numbers = np.random.default_rng(3).permutation(len(volume)) + 1
    files = []
    for index, (pixels, number) in enumerate(zip(volume, numbers, strict=True)):
        path = folder / f"{prefix}{number:04}.dcm"
        with disable_value_validation():  # a change may be wrong on purpose
            dataset = ct_slice(pixels, placed, index, int(number))
            if change is not None:
                change(dataset, index)
            dataset.save_as(path, enforce_file_format=True)
        files.append(path)
    return files


def ct_slice(pixels: Pixels, grid: Grid, index: int, number: int) -> Dataset:
    """Return the data set of one CT slice."""
    dataset = a_dataset()
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = UID(f"{SERIES_UID}.{number}")
    dataset.InstanceNumber = number
    dataset.ImagePositionPatient = grid.slice_position(index)
    dataset.ImageOrientationPatient = [*grid.axes[0], *grid.axes[1]]
    dataset.PixelSpacing = [grid.spacing_mm[1], grid.spacing_mm[0]]  # rows first: PS3.3 section 10.7.1.3
    dataset.SliceThickness = grid.spacing_mm[2]
    dataset.RescaleSlope, dataset.RescaleIntercept = 1, -1024
    dataset.WindowCenter, dataset.WindowWidth = [40, -600], [400, 1500]
    put_pixels(dataset, (pixels.astype(np.int32) + 1024).astype(np.uint16), bits_stored=12)
    return dataset


def a_dataset(sop_class: str = CTImageStorage, modality: str = "CT") -> Dataset:
    """Return a data set with a patient, a study and a series, without pixels or place."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = UID(sop_class)
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = UID(f"{SERIES_UID}.1")
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.Modality = modality
    dataset.PatientName, dataset.PatientID = "Muster^Erika", "P-0815"
    dataset.PatientBirthDate, dataset.PatientSex, dataset.PatientAge = "19640812", "F", "062Y"
    dataset.StudyDate, dataset.StudyDescription = "20261120", "Thorax"
    dataset.SeriesDescription = "Thorax 2.5 soft"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = STUDY_UID, SERIES_UID
    return dataset


def put_pixels(dataset: Dataset, pixels: Pixels, *, bits_stored: int | None = None) -> None:
    """Put uncompressed pixels into a data set: (rows, columns), (rows, columns, 3), or with frames in front."""
    colored = pixels.ndim >= 3 and pixels.shape[-1] == 3
    frames = pixels.shape[: -3 if colored else -2]
    bits = pixels.itemsize * 8
    dataset.Rows, dataset.Columns = pixels.shape[-3:-1] if colored else pixels.shape[-2:]
    if frames:
        dataset.NumberOfFrames = frames[0]
    dataset.SamplesPerPixel = 3 if colored else 1
    dataset.PhotometricInterpretation = "RGB" if colored else "MONOCHROME2"
    if colored:
        dataset.PlanarConfiguration = 0
    dataset.BitsAllocated, dataset.BitsStored = bits, bits_stored or bits
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    raw = pixels.tobytes()
    dataset.PixelData = raw + b"\0" * (len(raw) % 2)
    dataset["PixelData"].VR = "OW" if bits > 8 else "OB"


def write_image(
    path: Path,
    pixels: Pixels,
    *,
    grid: Grid | None = None,
    compressed: bool = False,
    colored: bool = False,
    metadata: dict[str, str] | None = None,
) -> Path:
    """Write what ITK can write: MetaImage, NIfTI, NRRD; shape ([t, [z,]] y, x[, channels]).

    Parameters
    ----------
    grid
        Of a volume; a plane and a fourth axis have unit spacing there.
    colored
        Whether the last axis holds channels.
    """
    image: Any = sitk.GetImageFromArray(pixels, isVector=colored)
    dimensions = image.GetDimension()
    placed = grid or Grid()
    direction = np.eye(dimensions)
    if dimensions >= 3:
        direction[:3, :3] = np.reshape(placed.direction, (3, 3))
    image.SetDirection(direction.ravel().tolist())
    image.SetSpacing([*placed.spacing_mm[: min(dimensions, 3)], *[1.0] * (dimensions - 3)])
    image.SetOrigin([*placed.origin_mm[: min(dimensions, 3)], *[0.0] * (dimensions - 3)])
    for key, value in (metadata or {}).items():
        image.SetMetaData(key, value)
    path.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(image, str(path), useCompression=compressed)
    return path


def picture(rows: int = 48, columns: int = 64) -> NDArray[np.uint8]:
    """Return a colourful RGB picture, shape (rows, columns, 3), different in all corners."""
    y, x = np.mgrid[0:rows, 0:columns]
    red = 255 * x / columns
    green = 255 * y / rows
    blue = 127 + 127 * np.sin(x / 5) * np.cos(y / 7)
    return np.stack([red, green, blue], axis=-1).astype(np.uint8)


def write_picture(path: Path, pixels: Pixels | None = None, **options: Any) -> Path:
    """Write a PNG or JPEG through Pillow; options go to its writer."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture() if pixels is None else pixels).save(path, **options)
    return path


def write_pyramid(
    path: Path,
    pixels: Pixels | None = None,
    *,
    levels: int = 3,
    tile: int = 64,
    pixel_size_mm: float = 0.0005,
    **options: Any,
) -> Path:
    """Write a tiled pyramidal TIFF, levels as pages of their own, each half as large as the one before."""
    full = picture(200, 300) if pixels is None else pixels
    path.parent.mkdir(parents=True, exist_ok=True)
    per_cm = 10 / pixel_size_mm
    with tifffile.TiffWriter(path) as writer:
        for level in range(levels):
            writer.write(
                full[:: 2**level, :: 2**level],
                tile=(tile, tile),
                photometric="rgb" if full.ndim == 3 else "minisblack",
                resolution=(per_cm, per_cm),
                resolutionunit="CENTIMETER",
                subfiletype=0 if level == 0 else 1,
                metadata=None,
                **options,
            )
    return path


def cut_short(path: Path, *, keep: float = 0.6) -> Path:
    """Cut a file off, as broken uploads do."""
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    return path
