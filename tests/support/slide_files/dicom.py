"""DICOM whole-slide microscopy: one file per level, tiles as frames (PS3.3 A.32.8), label and overview beside them."""

from dataclasses import dataclass
from pathlib import Path

import imagecodecs
import numpy as np
from PIL import ImageCms
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import JPEG2000, UID, JPEGBaseline8Bit, VLWholeSlideMicroscopyImageStorage, generate_uid

from tests.support.slide_files.scene import (
    PATIENT,
    Pixels,
    VendorSlide,
    jpeg,
    label,
    macro,
    reduced,
    scan_data,
    scene,
)

_TILE = 128
_MM_PER_PIXEL = 0.0005
_BRIGHTFIELD, _FLUORESCENCE = (
    ("111744", "Brightfield illumination"),
    ("111743", "Epifluorescence illumination"),
)


@dataclass(frozen=True)
class _Series:
    """What all files of a slide have in common."""

    codec: str
    sparse: bool
    offset_table: str
    icc: bool
    fluorescence: bool


def dicom_slide(
    folder: Path,
    *,
    size: tuple[int, int] = (600, 400),
    steps: tuple[int, ...] = (1, 4),
    planes: tuple[int, ...] = (1, 1),
    codec: str = "jpeg",
    sparse: bool = False,
    offset_table: str = "basic",
    icc: bool = False,
    fluorescence: bool = False,
) -> VendorSlide:
    """Write a slide into a new folder; its path is that of the file with the full resolution.

    Parameters
    ----------
    planes
        How many focal planes the file of each step claims to have.
    codec
        "jpeg" or "jpeg2000".
    sparse
        Frames say where they belong, come from the last to the first, and the second of the grid is left out.
    offset_table
        "basic", "extended" or "none".
    """
    folder.mkdir()
    pixels = scene(*size)
    shared = _Series(codec, sparse=sparse, offset_table=offset_table, icc=icc, fluorescence=fluorescence)
    for number, (step, count) in enumerate(zip(steps, planes, strict=True)):
        level, path = (pixels if step == 1 else reduced(pixels, step)), folder / f"level{number}.dcm"
        _write(path, level, step, shared, flavour="VOLUME", number=number + 1, planes=count)
    _write(folder / "label.dcm", label(), 1, shared, flavour="LABEL", number=90)
    _write(folder / "overview.dcm", macro(), 1, shared, flavour="OVERVIEW", number=91)
    private = [scan_data(_encoded(picture, codec)) for picture in (label(), macro())]
    return VendorSlide(folder / "level0.dcm", pixels, (PATIENT.encode(), *private))


def _write(
    path: Path, pixels: Pixels, step: int, shared: _Series, *, flavour: str, number: int, planes: int = 1
) -> None:
    dataset = Dataset()
    dataset.file_meta = _file_meta(shared.codec, number)
    dataset.SOPClassUID = VLWholeSlideMicroscopyImageStorage
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = _uid("study"), _uid("series")
    dataset.FrameOfReferenceUID = _uid("frame of reference")
    dataset.PatientName = dataset.PatientID = PATIENT
    dataset.Modality, dataset.InstanceNumber = "SM", number
    dataset.ImageType = [
        "DERIVED" if step > 1 else "ORIGINAL",
        "PRIMARY",
        flavour,
        "RESAMPLED" if step > 1 else "NONE",
    ]
    _describe_pixels(dataset, pixels, step, shared.codec)
    dataset.TotalPixelMatrixFocalPlanes = planes
    dataset.OpticalPathSequence = DicomSequence([_optical_path(shared)])
    if flavour == "VOLUME":
        _write_tiles(dataset, pixels, shared)
    else:
        _write_frames(dataset, [_encoded(pixels, shared.codec)], shared.offset_table)
    dataset.save_as(path, enforce_file_format=True)


def _write_tiles(dataset: Dataset, pixels: Pixels, shared: _Series) -> None:
    dataset.Columns = dataset.Rows = _TILE
    places = _places(pixels, sparse=shared.sparse)
    if shared.sparse:
        dataset.DimensionOrganizationType = "TILED_SPARSE"
        dataset.PerFrameFunctionalGroupsSequence = DicomSequence([_position(x, y) for x, y in places])
    frames = [_encoded(_tile(pixels, place), shared.codec) for place in places]
    _write_frames(dataset, frames, shared.offset_table)


def _uid(name: str) -> UID:
    """The same for every slide: files that are damaged in tests have to be alike each time."""
    return generate_uid(entropy_srcs=[name])


def _file_meta(codec: str, number: int) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = VLWholeSlideMicroscopyImageStorage
    meta.MediaStorageSOPInstanceUID = _uid(f"instance {number}")
    meta.TransferSyntaxUID = JPEG2000 if codec == "jpeg2000" else JPEGBaseline8Bit
    return meta


def _describe_pixels(dataset: Dataset, pixels: Pixels, step: int, codec: str) -> None:
    height, width = pixels.shape[:2]
    dataset.TotalPixelMatrixColumns, dataset.TotalPixelMatrixRows = width, height
    dataset.Columns, dataset.Rows = width, height
    dataset.ImagedVolumeWidth, dataset.ImagedVolumeHeight = (
        width * step * _MM_PER_PIXEL,
        height * step * _MM_PER_PIXEL,
    )
    dataset.DimensionOrganizationType = "TILED_FULL"
    dataset.NumberOfOpticalPaths = 1
    dataset.SamplesPerPixel = 3
    dataset.PhotometricInterpretation = "YBR_ICT" if codec == "jpeg2000" else "YBR_FULL_422"
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


def _optical_path(shared: _Series) -> Dataset:
    path, light = Dataset(), Dataset()
    value, meaning = _FLUORESCENCE if shared.fluorescence else _BRIGHTFIELD
    light.CodeValue, light.CodingSchemeDesignator, light.CodeMeaning = value, "DCM", meaning
    path.IlluminationTypeCodeSequence = DicomSequence([light])
    path.OpticalPathIdentifier, path.ObjectiveLensPower = "0", 20
    if shared.icc:
        path.ICCProfile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return path


def _places(pixels: Pixels, *, sparse: bool) -> list[tuple[int, int]]:
    """Left and top of every frame, in the order of frames."""
    height, width = pixels.shape[:2]
    places = [(x, y) for y in range(0, height, _TILE) for x in range(0, width, _TILE)]
    return [place for place in reversed(places) if place != (_TILE, 0)] if sparse else places


def _position(x: int, y: int) -> Dataset:
    position, group = Dataset(), Dataset()
    position.ColumnPositionInTotalImagePixelMatrix, position.RowPositionInTotalImagePixelMatrix = x + 1, y + 1
    position.XOffsetInSlideCoordinateSystem, position.YOffsetInSlideCoordinateSystem = 0.0, 0.0
    position.ZOffsetInSlideCoordinateSystem = 0.0
    group.PlanePositionSlideSequence = DicomSequence([position])
    return group


def _tile(pixels: Pixels, place: tuple[int, int]) -> Pixels:
    x, y = place
    shown = pixels[y : y + _TILE, x : x + _TILE]
    missing = ((0, _TILE - shown.shape[0]), (0, _TILE - shown.shape[1]), (0, 0))
    return np.ascontiguousarray(np.pad(shown, missing, mode="edge"))


def _encoded(pixels: Pixels, codec: str) -> bytes:
    if codec == "jpeg2000":
        return bytes(
            imagecodecs.jpeg2k_encode(pixels, level=45, codecformat="j2k", mct=True, reversible=False)
        )
    return jpeg(pixels)


def _write_frames(dataset: Dataset, frames: list[bytes], offset_table: str) -> None:
    dataset.NumberOfFrames = len(frames)
    if offset_table == "extended":
        body, dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths = encapsulate_extended(frames)
    else:
        body = encapsulate(frames, has_bot=offset_table == "basic")
    dataset.PixelData = body
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
