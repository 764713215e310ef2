"""DICOM whole-slide microscopy: one file per level, tiles as JPEG frames (PS3.3 A.32.8), label and overview beside them."""

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import UID, JPEGBaseline8Bit, VLWholeSlideMicroscopyImageStorage, generate_uid

from tests.support.slide_files.scene import PATIENT, Pixels, VendorSlide, jpeg, label, reduced, scene

_TILE = 128
_MM_PER_PIXEL = 0.0005


def dicom_slide(
    folder: Path, *, size: tuple[int, int] = (600, 400), steps: tuple[int, ...] = (1, 4)
) -> VendorSlide:
    """Write a slide into a new folder; its path is that of the file with the full resolution."""
    folder.mkdir()
    pixels = scene(*size)
    shared = {"study": generate_uid(), "series": generate_uid(), "frame_of_reference": generate_uid()}
    for number, step in enumerate(steps):
        level = pixels if step == 1 else reduced(pixels, step)
        _write(folder / f"level{number}.dcm", level, step, shared=shared, flavour="VOLUME", number=number + 1)
    _write(folder / "label.dcm", label(), 1, shared=shared, flavour="LABEL", number=90)
    private = (folder / "label.dcm").read_bytes()
    return VendorSlide(folder / "level0.dcm", pixels, (PATIENT.encode(), private[-2000:-100]))


def _write(
    path: Path, pixels: Pixels, step: int, *, shared: dict[str, UID], flavour: str, number: int
) -> None:
    dataset = Dataset()
    dataset.file_meta = _file_meta()
    dataset.SOPClassUID = VLWholeSlideMicroscopyImageStorage
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = shared["study"], shared["series"]
    dataset.FrameOfReferenceUID = shared["frame_of_reference"]
    dataset.PatientName = dataset.PatientID = PATIENT
    dataset.Modality, dataset.InstanceNumber = "SM", number
    dataset.ImageType = [
        "DERIVED" if step > 1 else "ORIGINAL",
        "PRIMARY",
        flavour,
        "RESAMPLED" if step > 1 else "NONE",
    ]
    _describe_pixels(dataset, pixels, step)
    dataset.PixelData = encapsulate(_frames(pixels))
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.save_as(path, enforce_file_format=True)


def _file_meta() -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = VLWholeSlideMicroscopyImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = JPEGBaseline8Bit
    return meta


def _describe_pixels(dataset: Dataset, pixels: Pixels, step: int) -> None:
    height, width = pixels.shape[:2]
    dataset.TotalPixelMatrixColumns, dataset.TotalPixelMatrixRows = width, height
    dataset.Columns = dataset.Rows = _TILE
    dataset.NumberOfFrames = -(-width // _TILE) * -(-height // _TILE)
    dataset.ImagedVolumeWidth, dataset.ImagedVolumeHeight = (
        width * step * _MM_PER_PIXEL,
        height * step * _MM_PER_PIXEL,
    )
    dataset.DimensionOrganizationType = "TILED_FULL"
    dataset.TotalPixelMatrixFocalPlanes = 1
    dataset.NumberOfOpticalPaths = 1
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 3, "YBR_FULL_422"
    dataset.PlanarConfiguration = 0
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    dataset.LossyImageCompression = "01"
    measures = Dataset()
    measures.PixelSpacing = [_MM_PER_PIXEL * step, _MM_PER_PIXEL * step]
    measures.SliceThickness = 0.001
    groups = Dataset()
    groups.PixelMeasuresSequence = DicomSequence([measures])
    dataset.SharedFunctionalGroupsSequence = DicomSequence([groups])
    path = Dataset()
    path.OpticalPathIdentifier = "0"
    lens = Dataset()
    lens.CodeValue, lens.CodingSchemeDesignator, lens.CodeMeaning = "A-00118", "SRT", "Microscope objective"
    path.ObjectiveLensPower = 20
    dataset.OpticalPathSequence = DicomSequence([path])


def _frames(pixels: Pixels) -> list[bytes]:
    height, width = pixels.shape[:2]
    padded = np.pad(pixels, ((0, -height % _TILE), (0, -width % _TILE), (0, 0)), mode="edge")
    return [
        jpeg(np.ascontiguousarray(padded[y : y + _TILE, x : x + _TILE]))
        for y in range(0, height, _TILE)
        for x in range(0, width, _TILE)
    ]
