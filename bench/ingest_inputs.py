"""Makes the inputs of `make bench-ingest`: a body with lungs, bones and noise in every format, pictures, many small files.

Real scans cannot be shipped; this one compresses like one (2.5 times). Made once and kept, always the same.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian

Volume = NDArray[Any]
ROOT = "1.2.826.0.1.3680043.9.7"
SPACING_MM = (0.703125, 0.703125, 1.0)


def make_inputs(folder: Path, *, slices: int) -> dict[str, Path]:
    """Return a folder of files for every case, made unless it is there."""
    return {name: _made(folder / name, make, slices) for name, make in CASES.items()}


def _made(folder: Path, make: Callable[[Path, int], None], slices: int) -> Path:
    if not folder.is_dir():
        unfinished = folder.with_suffix(".unfinished")
        unfinished.mkdir(parents=True, exist_ok=True)
        make(unfinished, slices)
        unfinished.rename(folder)
    return folder


def a_body(slices: int, side: int = 512) -> Volume:
    """Return Hounsfield units, shape (slices, side, side)."""
    random = np.random.default_rng(7)
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) - side / 2
    scale = side / 512
    outside = np.hypot(x, y) >= side * 0.49
    volume = np.empty((slices, side, side), np.int16)
    for index in range(slices):
        size = (0.85 + 0.15 * np.sin(np.pi * index / slices)) * scale
        plane = np.full((side, side), -1000, np.float32)
        for wide, high, left, top, value in _organs(index / slices):
            plane[((x / size - left) / wide) ** 2 + ((y / size - top) / high) ** 2 < 1] = value
        noise = random.normal(size=(side, side)).astype(np.float32)
        noise = 0.5 * noise + 0.25 * (
            np.roll(noise, 1, 0) + np.roll(noise, 1, 1)
        )  # as reconstruction leaves it
        plane += noise * np.where(plane > -500, 22, 14).astype(np.float32)
        plane[outside] = -1024
        volume[index] = np.clip(plane, -1024, 3071).round()
    return volume


def _organs(height: float) -> list[tuple[float, float, float, float, float]]:
    """Return ellipses: half axes, centre, Hounsfield units; later ones cover earlier ones."""
    lung = 0.4 + 0.6 * max(0.0, float(np.sin(np.pi * min(1.0, height * 1.3))))
    lungs = [(65 * lung, 85 * lung, side * 88, -8, -860) for side in (-1, 1)]
    vessels = [
        (3 + count % 3, 3 + count % 3, side * (50 + 9 * count), 9 * count - 40, 30)
        for side in (-1, 1)
        for count in range(9)
    ]
    angles = 2 * np.pi * np.arange(16) / 16 + 7 * height
    ribs = [(7, 4, 172 * np.cos(angle), 112 * np.sin(angle), 600) for angle in angles]
    return [(200, 140, 0, 0, -100), (182, 122, 0, 0, 45), *lungs, *vessels, (26, 22, 0, 72, 250), *ribs]


def _a_dataset(series: str) -> Dataset:
    """Return a header as long as a scanner's, private block included."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = CTImageStorage
    dataset.SpecificCharacterSet, dataset.Modality = "ISO_IR 100", "CT"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    for keyword in ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate"):
        setattr(dataset, keyword, "20240115")
    for keyword in ("StudyTime", "SeriesTime", "AcquisitionTime", "ContentTime"):
        setattr(dataset, keyword, "101500.000000")
    dataset.PatientName, dataset.PatientID, dataset.PatientSex = "Bench^Mark", "P0", "F"
    dataset.PatientBirthDate, dataset.PatientAge = "19600101", "064Y"
    dataset.StudyDescription, dataset.SeriesDescription = "Thorax", "Thorax 1.0 B30f"
    dataset.Manufacturer, dataset.ManufacturerModelName, dataset.InstitutionName = "ACME", "M1", "BENCH"
    dataset.SliceThickness, dataset.KVP, dataset.ExposureTime, dataset.Exposure = 1.0, 120, 500, 100
    dataset.ConvolutionKernel, dataset.PatientPosition, dataset.BodyPartExamined = "B30f", "HFS", "CHEST"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = f"{ROOT}.{series}", f"{ROOT}.{series}.1"
    dataset.FrameOfReferenceUID, dataset.StudyID, dataset.SeriesNumber = f"{ROOT}.{series}.2", "1", 2
    dataset.AcquisitionNumber = 1
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.WindowCenter, dataset.WindowWidth = [40, -600], [400, 1500]
    dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType = 1, 0, "HU"
    dataset.private_block(0x0029, "ACME HEADER", create=True).add_new(0x10, "OB", bytes(range(256)) * 8)
    return dataset


def _save(
    dataset: Dataset, path: Path, pixels: Volume, *, number: int, place_mm: float, size_mm: float
) -> None:
    uid = UID(f"{dataset.SeriesInstanceUID}.{number}")
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uid
    dataset.InstanceNumber, dataset.ImagePositionPatient = number, [-180, -180, place_mm]
    dataset.PixelSpacing = [size_mm, size_mm]
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.BitsAllocated, dataset.BitsStored = 16, 16 if pixels.dtype == np.int16 else 12
    dataset.HighBit, dataset.PixelRepresentation = dataset.BitsStored - 1, int(pixels.dtype == np.int16)
    dataset.PixelData = pixels.tobytes()
    dataset["PixelData"].VR = "OW"
    dataset.save_as(path, enforce_file_format=True)


def _shuffled(count: int) -> list[str]:
    return [f"IM{number:06d}.dcm" for number in np.random.default_rng(3).permutation(count)]


def _ct(folder: Path, slices: int, *, intercept: int, series: str) -> None:
    dataset, names = _a_dataset(series), _shuffled(slices)
    dataset.RescaleIntercept = intercept
    for index, plane in enumerate(a_body(slices)):
        pixels = (plane - intercept).astype(np.uint16) if intercept else plane
        _save(dataset, folder / names[index], pixels, number=index + 1, place_mm=index, size_mm=0.703125)


def _ct_with_intercept(folder: Path, slices: int) -> None:
    _ct(folder, slices, intercept=-1024, series="1")


def _ct_without_intercept(folder: Path, slices: int) -> None:
    _ct(folder, slices, intercept=0, series="2")


def _over_time(folder: Path, slices: int) -> None:
    """Ten time points of 256 x 256 pixels."""
    volume, names, dataset = (
        a_body(max(2, slices // 7), 256),
        _shuffled(10 * max(2, slices // 7)),
        _a_dataset("3"),
    )
    noise = np.random.default_rng(5).integers(-6, 7, (256, 256)).astype(np.int16)
    for time in range(10):
        dataset.TemporalPositionIndex, dataset.ContentTime, dataset.Exposure = (
            time + 1,
            f"1015{time:02d}",
            100,
        )
        for index, plane in enumerate(volume):
            number = time * len(volume) + index
            pixels = plane + np.roll(noise, number, 1)
            _save(
                dataset, folder / names[number], pixels, number=number + 1, place_mm=2.0 * index, size_mm=1.4
            )


def _thin(folder: Path, slices: int) -> None:
    """A thousand slices of 64 x 64 pixels, whatever the size of the other cases."""
    random, dataset = np.random.default_rng(11), _a_dataset("4")
    dataset.RescaleIntercept = -1024
    for number in range(1000):
        pixels = random.integers(0, 900, (64, 64)).astype(np.uint16)
        _save(
            dataset, folder / f"s{number:04}.dcm", pixels, number=number + 1, place_mm=number / 2, size_mm=1.0
        )


def _itk(name: str, *, packed: bool) -> Callable[[Path, int], None]:
    def make(folder: Path, slices: int) -> None:
        image = sitk.GetImageFromArray(a_body(slices))
        image.SetSpacing(SPACING_MM)
        sitk.WriteImage(image, str(folder / name), packed)

    return make


def _labels(folder: Path, slices: int) -> None:
    body = a_body(slices)
    labels = (body > -500).astype(np.uint8) + (body > 150) + 3 * ((body < -500) & (body > -950))
    sitk.WriteImage(sitk.GetImageFromArray(labels.astype(np.uint8)), str(folder / "labels.nii.gz"), True)


def _fundus() -> NDArray[np.uint8]:
    side = 2048
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) - side / 2
    radius = np.hypot(x, y) / side
    shade = np.exp(-3 * radius)[..., None] * np.array([230, 110, 60], np.float32)
    noise = np.random.default_rng(13).normal(scale=3, size=shade.shape)
    shade += 18 * (np.sin(x / 37) * np.cos(y / 53))[..., None] + noise
    shade[radius > 0.48] = 0
    picture: NDArray[np.uint8] = shade.clip(0, 255).astype(np.uint8)
    return picture


def _png(folder: Path, slices: int) -> None:
    Image.fromarray(_fundus()).save(folder / "fundus.png")


def _jpg(folder: Path, slices: int) -> None:
    Image.fromarray(_fundus()).save(folder / "fundus.jpg", quality=92)


def _small_files(folder: Path, slices: int) -> None:
    """Two hundred: pictures, volumes and slices of series of their own."""
    random = np.random.default_rng(17)
    for number in range(200):
        if number % 3 == 0:
            pixels = random.integers(0, 255, (64, 64, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"{number:03}.png")
        elif number % 3 == 1:
            image = sitk.GetImageFromArray(random.integers(0, 900, (8, 32, 32)).astype(np.int16))
            sitk.WriteImage(image, str(folder / f"{number:03}.mha"), True)
        else:
            dataset, plane = _a_dataset(f"9.{number}"), random.integers(0, 900, (64, 64)).astype(np.int16)
            _save(dataset, folder / f"{number:03}.dcm", plane, number=1, place_mm=0, size_mm=1)


CASES: dict[str, Callable[[Path, int], None]] = {
    "CT DICOM, intercept": _ct_with_intercept,
    "CT DICOM, no intercept": _ct_without_intercept,
    "4D DICOM": _over_time,
    "1,000 thin slices": _thin,
    "nii.gz": _itk("ct.nii.gz", packed=True),
    "nii": _itk("ct.nii", packed=False),
    "mha raw": _itk("raw.mha", packed=False),
    "mha compressed": _itk("packed.mha", packed=True),
    "mhd + zraw": _itk("detached.mhd", packed=True),
    "nrrd gzip": _itk("ct.nrrd", packed=True),
    "label map": _labels,
    "RGB png": _png,
    "RGB jpg": _jpg,
    "200 small files": _small_files,
}
