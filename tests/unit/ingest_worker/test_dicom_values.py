"""From stored DICOM samples to canonical ones: integers stay integers, nothing is lost, nothing is invented."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RTImageStorage,
    SecondaryCaptureImageStorage,
    UltrasoundImageStorage,
)

from demo.imaging import Grid, a_dataset, ct_slice, picture, put_pixels
from ingest_worker.adapters.readers.dicom_description import BLACK_OR_WHITE
from ingest_worker.adapters.readers.dicom_spacing import MEASURED, UNKNOWN
from ingest_worker.domain.slices import Assumed
from tests.support.conversions import convert_here, read_with_itk, the_image, the_reason

STORED = np.arange(24 * 32, dtype=np.uint16).reshape(24, 32) * 5


def write_slices(
    folder: Path, planes: list[np.ndarray], changes: dict[str, Any], *, bits_stored: int | None = None
) -> list[Path]:
    """Write slices of these stored values, with header values set; a list gives each slice its own."""
    folder.mkdir(exist_ok=True)
    files = []
    for index, plane in enumerate(planes):
        dataset = ct_slice(np.zeros(plane.shape, np.int16), Grid(), index, index + 1)
        put_pixels(dataset, plane, bits_stored=bits_stored)
        for keyword, value in changes.items():
            setattr(dataset, keyword, value[index] if isinstance(value, list) else value)
        dataset.save_as(folder / f"{index}.dcm", enforce_file_format=True)
        files.append(folder / f"{index}.dcm")
    return files


def imported(
    tmp_path: Path, planes: list[np.ndarray], *, bits_stored: int | None = None, **changes: Any
) -> tuple[np.ndarray, str]:
    files = write_slices(tmp_path / "in", planes, changes, bits_stored=bits_stored)
    image = the_image(convert_here(files, tmp_path / "out"))
    return read_with_itk(tmp_path / "out" / image.file).pixels, image.sample_type


@pytest.mark.parametrize(
    ("stored", "bits", "scale", "expected_type"),
    [
        (STORED, 12, (1, -1024), "int16"),
        (STORED, 12, (1, 0), "uint16"),
        (STORED.astype(np.int16) - 900, 16, (1, 0), "int16"),
        (STORED, 12, (2, 100), "int16"),
        (STORED, 12, (10, 0), "uint16"),
        (STORED, 12, (-1, 0), "int16"),
        (STORED, 16, (1, -1024), "int16"),
        (STORED.astype(np.int16) - 900, 16, (1, -1024), "int16"),
        (STORED * 13, 16, (1, -1024), "int32"),
        (STORED * 13, 16, (3, 0), "int32"),
        ((STORED % 256).astype(np.uint8), 8, (1, 0), "uint8"),
        ((STORED % 256).astype(np.uint8), 8, (1, -50), "int16"),
        (STORED.astype(np.uint32) * 100_000, 32, (1, 0), "uint32"),
        (STORED, 12, (0.5, 0), "float32"),
        (STORED, 12, (1, -0.25), "float32"),
        (STORED.astype(np.uint32) * 100_000, 32, (1e-6, 0), "float64"),
        (STORED, 12, (1e20, 0), "float64"),
        (STORED, 12, (1, -1e20), "float64"),
    ],
)
def test_the_smallest_type_that_holds_the_real_values(
    tmp_path: Path, stored: np.ndarray, bits: int, scale: tuple[float, float], expected_type: str
) -> None:
    slope, intercept = scale

    got, found = imported(
        tmp_path, [stored] * 2, bits_stored=bits, RescaleSlope=slope, RescaleIntercept=intercept
    )

    assert found == expected_type
    assert got.dtype == expected_type
    assert np.array_equal(got[0], (stored.astype(np.float64) * slope + intercept).astype(expected_type))


def test_each_slice_is_scaled_by_its_own_factor(tmp_path: Path) -> None:
    got, found = imported(
        tmp_path, [STORED, STORED], bits_stored=12, RescaleSlope=[0.5, 0.25], RescaleIntercept=0
    )

    assert found == "float32"
    assert np.array_equal(got, np.stack([STORED * 0.5, STORED * 0.25]).astype(np.float32))


def test_slices_of_different_sign_share_a_type_that_holds_both(tmp_path: Path) -> None:
    signed = STORED.astype(np.int16) - 1000

    got, _ = imported(tmp_path, [STORED, signed], bits_stored=13, RescaleIntercept=0)

    assert got.dtype == np.int16
    assert np.array_equal(got, np.stack([STORED.astype(np.int16), signed]))


def test_bits_above_the_stored_ones_are_no_part_of_the_value(tmp_path: Path) -> None:
    overlay = np.zeros_like(STORED)
    overlay[::2] = 0xF000

    got, _ = imported(tmp_path, [STORED | overlay], bits_stored=12, RescaleIntercept=0)

    assert np.array_equal(got[0], STORED)
    assert np.array_equal(got, read_with_itk(tmp_path / "in" / "0.dcm").pixels)


def test_twelve_bit_samples_have_their_sign_in_the_twelfth_bit(tmp_path: Path) -> None:
    signed = (STORED % 4096).astype(np.int16) - 2048
    packed = (signed & 0x0FFF).astype(np.int16)

    got, _ = imported(tmp_path, [packed], bits_stored=12, RescaleIntercept=0)

    assert np.array_equal(got[0], signed)
    assert np.array_equal(got, read_with_itk(tmp_path / "in" / "0.dcm").pixels)


@pytest.mark.parametrize(("slope", "intercept"), [(1, 0), (1, -1024), (0.5, 3)])
def test_monochrome1_is_mirrored_within_what_could_be_stored(
    tmp_path: Path, slope: float, intercept: float
) -> None:
    files = write_slices(
        tmp_path / "in",
        [STORED],
        {
            "PhotometricInterpretation": "MONOCHROME1",
            "RescaleSlope": slope,
            "RescaleIntercept": intercept,
            "WindowCenter": 300,
            "WindowWidth": 500,
        },
        bits_stored=12,
    )

    image = the_image(convert_here(files, tmp_path / "out"))

    got = read_with_itk(tmp_path / "out" / image.file).pixels
    assert np.allclose(got[0], (4095 - STORED.astype(float)) * slope + intercept)
    assert image.metadata.window_center == 4095 * slope + 2 * intercept - 300
    assert image.metadata.window_width == 500


def test_signed_monochrome1_is_mirrored_about_minus_a_half(tmp_path: Path) -> None:
    signed = STORED.astype(np.int16) - 1000

    got, _ = imported(tmp_path, [signed], RescaleIntercept=0, PhotometricInterpretation="MONOCHROME1")

    assert np.array_equal(got[0], -1 - signed)


@pytest.mark.parametrize("planar", [0, 1])
def test_colour_is_kept(tmp_path: Path, planar: int) -> None:
    rgb = picture()
    dataset = a_dataset()
    put_pixels(dataset, rgb)
    dataset.PlanarConfiguration = planar
    dataset.PixelData = (np.moveaxis(rgb, 2, 0) if planar else rgb).tobytes()
    dataset.save_as(tmp_path / "in.dcm", enforce_file_format=True)

    image = the_image(convert_here([tmp_path / "in.dcm"], tmp_path / "out"))

    got = read_with_itk(tmp_path / "out" / image.file)
    assert image.metadata.color_space == "RGB"
    assert np.array_equal(got.pixels[0], rgb)
    assert np.array_equal(got.pixels, read_with_itk(tmp_path / "in.dcm").pixels)


@pytest.mark.parametrize("bits", [8, 16])
def test_a_palette_becomes_the_colours_it_stands_for(tmp_path: Path, bits: int) -> None:
    dataset = a_dataset()
    put_pixels(dataset, (STORED % 256).astype(np.uint8))
    dataset.PhotometricInterpretation = "PALETTE COLOR"
    lut = np.random.default_rng(4).integers(0, 255, (3, 256))
    for name, entries in zip(("Red", "Green", "Blue"), lut, strict=True):
        setattr(dataset, f"{name}PaletteColorLookupTableDescriptor", [256, 0, bits])
        table = entries.astype(np.uint8) if bits == 8 else entries.astype(np.uint16) * 257
        setattr(dataset, f"{name}PaletteColorLookupTableData", table.tobytes())
    dataset.save_as(tmp_path / "in.dcm", enforce_file_format=True)

    image = the_image(convert_here([tmp_path / "in.dcm"], tmp_path / "out"))

    got = read_with_itk(tmp_path / "out" / image.file).pixels
    assert got.dtype == np.uint8
    assert np.array_equal(got[0], np.moveaxis(lut[:, STORED % 256], 0, 2))


def with_palette(
    path: Path, stored: np.ndarray, tables: np.ndarray, *, first: int, bits: int, big_endian: bool = False
) -> Path:
    """Write a picture with tables as they are (colours, entries), of bytes or words, those of a big endian file swapped."""
    words = ">u2" if big_endian else "<u2"
    dataset = a_dataset()
    put_pixels(dataset, stored)
    dataset.PhotometricInterpretation = "PALETTE COLOR"
    dataset.PixelData = stored.astype(words).tobytes()
    for name, entries in zip(("Red", "Green", "Blue"), tables, strict=True):
        packed = entries.tobytes() + bytes(entries.nbytes % 2)
        setattr(dataset, f"{name}PaletteColorLookupTableDescriptor", [entries.size, first, bits])
        setattr(
            dataset,
            f"{name}PaletteColorLookupTableData",
            np.frombuffer(packed, "<u2").astype(words).tobytes(),
        )
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian if big_endian else ExplicitVRLittleEndian
    dataset.save_as(path, enforce_file_format=True)
    return path


@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize(
    ("packed", "bits", "entries", "first"),
    [
        ("uint8", 8, 300, 100),
        ("uint8", 8, 1023, 0),
        ("uint16", 8, 256, 0),
        ("uint16", 16, 1000, 7),
        ("uint16", 16, 100, -50),
    ],
    ids=["more than a byte counts", "odd", "bytes in words", "words", "from below zero"],
)
def test_a_palette_is_read_however_it_is_packed(
    tmp_path: Path, big_endian: bool, packed: str, bits: int, entries: int, first: int
) -> None:
    stored = STORED.astype(np.int16) - 60 if first < 0 else STORED % 1100
    tables = np.random.default_rng(4).integers(0, 1 << bits, (3, entries)).astype(packed)
    source = with_palette(tmp_path / "in.dcm", stored, tables, first=first, bits=bits, big_endian=big_endian)

    image = the_image(convert_here([source], tmp_path / "out"))

    got = read_with_itk(tmp_path / "out" / image.file).pixels[0]
    assert image.sample_type == f"uint{bits}"
    assert np.array_equal(
        got, np.moveaxis(tables[:, np.clip(stored.astype(int) - first, 0, entries - 1)], 0, 2)
    )


def test_a_palette_from_below_zero_may_be_for_values_that_never_are(tmp_path: Path) -> None:
    tables = np.random.default_rng(4).integers(0, 65536, (3, 266)).astype(np.uint16)
    source = with_palette(tmp_path / "in.dcm", STORED % 256, tables, first=0, bits=16)
    dataset = dcmread(source)
    for name in ("Red", "Green", "Blue"):
        dataset.add_new(f"{name}PaletteColorLookupTableDescriptor", "SS", [266, -10, 16])
    dataset.save_as(source)

    image = the_image(convert_here([source], tmp_path / "out"))

    got = read_with_itk(tmp_path / "out" / image.file).pixels[0]
    assert np.array_equal(got, np.moveaxis(tables[:, STORED % 256 + 10], 0, 2))


def test_a_palette_in_segments_is_expanded(tmp_path: Path) -> None:
    source = with_palette(tmp_path / "in.dcm", STORED % 256, np.zeros((3, 256), np.uint8), first=0, bits=16)
    dataset = dcmread(source)
    for name, last in (("Red", 255), ("Green", 510), ("Blue", 25_500)):
        del dataset[f"{name}PaletteColorLookupTableData"]
        segments = np.array([0, 1, 0, 1, 255, last], "<u2").tobytes()  # a number, then a straight line
        setattr(dataset, f"Segmented{name}PaletteColorLookupTableData", segments)
    dataset.save_as(source)

    image = the_image(convert_here([source], tmp_path / "out"))

    got = read_with_itk(tmp_path / "out" / image.file).pixels[0]
    assert np.array_equal(got, np.stack([STORED % 256 * step for step in (1, 2, 100)], axis=2))


def test_a_palette_that_is_shorter_than_it_says_is_refused(tmp_path: Path) -> None:
    source = with_palette(tmp_path / "in.dcm", STORED % 256, np.zeros((3, 256), np.uint16), first=0, bits=16)
    dataset = dcmread(source)
    dataset.GreenPaletteColorLookupTableData = bytes(100)
    dataset.save_as(source)

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert reason == "The palette of in.dcm is not readable."


def a_table(numbers: np.ndarray, first: int, bits: int, vr: str) -> Dataset:
    """Return a Modality LUT Sequence of one item."""
    item = Dataset()
    item.add_new("LUTDescriptor", "SS" if first < 0 else "US", [len(numbers) % 65536, first, bits])
    item.add_new("LUTData", vr, numbers.tobytes() if vr == "OW" else numbers.tolist())
    item.ModalityLUTType = "US"
    return item


@pytest.mark.parametrize(
    ("stored", "first", "numbers", "bits", "vr"),
    [
        (STORED, 0, np.arange(4096, dtype=np.uint16)[::-1] * 3, 16, "OW"),
        (STORED, 100, np.arange(500, dtype=np.uint16) ** 2 % 4096, 12, "US"),
        (STORED, 0, (np.arange(4096) % 251).astype(np.uint8), 8, "OW"),
        (STORED, 0, np.arange(65536, dtype=np.uint16), 16, "OW"),
        (STORED.astype(np.int16) - 900, -800, np.arange(1000, dtype=np.uint16) * 7, 16, "OW"),
        (STORED, -5, np.arange(4101, dtype=np.uint16) * 3, 16, "OW"),
    ],
)
def test_values_are_looked_up_in_a_modality_table(
    tmp_path: Path, stored: np.ndarray, first: int, numbers: np.ndarray, bits: int, vr: str
) -> None:
    changes: dict[str, Any] = {
        "ModalityLUTSequence": [[a_table(numbers, first, bits, vr)]],
        "RescaleIntercept": -1024,
    }

    pixels, sample_type = imported(tmp_path, [stored], **changes)

    index = np.clip(stored.astype(int) - first, 0, len(numbers) - 1)
    assert np.array_equal(pixels.squeeze(), numbers[index])
    assert sample_type == ("uint8" if bits == 8 else "uint16")


def test_bytes_of_a_modality_table_may_come_two_in_a_number(tmp_path: Path) -> None:
    numbers = (np.arange(4095) % 251).astype(np.uint8)
    table = a_table(numbers, 0, 8, "OW")
    table.add_new("LUTData", "US", np.frombuffer(numbers.tobytes() + b"\0", "<u2").tolist())

    pixels, sample_type = imported(tmp_path, [STORED], ModalityLUTSequence=[[table]])

    assert np.array_equal(pixels.squeeze(), numbers[np.clip(STORED, 0, 4094)])
    assert sample_type == "uint8"


def test_monochrome1_is_mirrored_within_what_its_table_could_hold(tmp_path: Path) -> None:
    table = a_table(np.arange(4096, dtype=np.uint16), 0, 12, "OW")

    pixels, _ = imported(
        tmp_path, [STORED], ModalityLUTSequence=[[table]], PhotometricInterpretation="MONOCHROME1"
    )

    assert np.array_equal(pixels.squeeze(), 4095 - STORED)


@pytest.mark.parametrize(
    "transfer_syntax",
    [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian],
    ids=lambda uid: uid.name,
)
@pytest.mark.parametrize(
    ("keyword", "stored_type"), [("FloatPixelData", "float32"), ("DoubleFloatPixelData", "float64")]
)
def test_float_pixels_stay_as_they_are(
    tmp_path: Path, keyword: str, stored_type: str, transfer_syntax: UID
) -> None:
    values = (STORED / 7).astype(stored_type)
    dataset = ct_slice(np.zeros((24, 32), np.int16), Grid(), 0, 1)
    put_pixels(dataset, values.view(f"uint{8 * values.itemsize}"))
    del dataset.PixelData, dataset.RescaleIntercept, dataset.RescaleSlope
    big_endian = transfer_syntax == ExplicitVRBigEndian
    setattr(dataset, keyword, values.astype(values.dtype.newbyteorder(">" if big_endian else "<")).tobytes())
    dataset.file_meta.TransferSyntaxUID = transfer_syntax
    dataset.save_as(tmp_path / "in.dcm", enforce_file_format=True)

    image = the_image(convert_here([tmp_path / "in.dcm"], tmp_path / "out"))

    got = read_with_itk(tmp_path / "out" / image.file).pixels[0]
    assert got.dtype == values.dtype
    assert np.array_equal(got, values)


def test_a_dose_grid_is_in_gray_at_its_planes(tmp_path: Path) -> None:
    dose = np.random.default_rng(5).integers(0, 2**31, (4, 6, 8)).astype(np.uint32)
    dataset = a_dataset("1.2.840.10008.5.1.4.1.1.481.2", "RTDOSE")
    put_pixels(dataset, dose)
    dataset.ImagePositionPatient, dataset.ImageOrientationPatient = [1, 2, 3], [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing, dataset.GridFrameOffsetVector = [2.5, 3.5], [0, 5, 10, 15]
    dataset.DoseGridScaling = "1e-6"
    dataset.save_as(tmp_path / "in.dcm", enforce_file_format=True)

    image = the_image(convert_here([tmp_path / "in.dcm"], tmp_path / "out"))

    got = read_with_itk(tmp_path / "out" / image.file)
    assert np.array_equal(got.pixels, dose * 1e-6)
    assert (got.spacing, got.origin) == ((3.5, 2.5, 5.0), (1.0, 2.0, 3.0))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"BitsAllocated": 12}, "which cannot be imported"),
        ({"BitsStored": 17}, "17 of 16 bits"),
        ({"SamplesPerPixel": 3}, "contradictory"),
        ({"PhotometricInterpretation": "RGB"}, "contradictory"),
        ({"NumberOfFrames": 2}, "is incomplete"),
        ({"NumberOfFrames": 900_000}, "is too short for the 900000 frames it announces"),
        ({"Rows": 2000}, "is incomplete"),
        ({"ModalityLUTSequence": [[Dataset()]]}, "(Modality LUT) is not readable"),
        (
            {"ModalityLUTSequence": [[a_table(np.full(9, 256, np.uint16), 0, 8, "US")]]},
            "(Modality LUT) is not readable",
        ),
        ({"ImageOrientationPatient": [[1, 0, 0, 1, 0, 0]]}, "perpendicular"),
        ({"ImagePositionPatient": [[1, 2]]}, "is not readable"),
    ],
)
def test_a_header_that_contradicts_itself_says_how(
    tmp_path: Path, changes: dict[str, Any], expected: str
) -> None:
    files = write_slices(tmp_path / "in", [STORED], changes)

    reason = the_reason(convert_here(files, tmp_path / "out"))

    assert expected in reason


@pytest.mark.parametrize(("photometric", "stored"), [("YBR_PARTIAL_422", 2), ("HSV", 3), ("ARGB", 3)])
def test_colours_that_nobody_turns_into_rgb_are_refused_by_name(
    tmp_path: Path, photometric: str, stored: int
) -> None:
    colors = np.zeros((6, 8, stored), np.uint8)
    changes = {
        "PhotometricInterpretation": photometric, "SamplesPerPixel": 3, "PlanarConfiguration": 0,
        "BitsAllocated": 8, "BitsStored": 8, "HighBit": 7, "Rows": 6, "Columns": 8, "PixelData": colors.tobytes(),
    }  # fmt: skip
    files = write_slices(tmp_path / "in", [STORED], changes)

    reason = the_reason(convert_here(files, tmp_path / "out"))

    assert reason == f"The colours of 0.dcm are told in a way that cannot be imported ({photometric})."


def test_pixels_no_header_describes_are_mentioned(tmp_path: Path) -> None:
    """Such as all frames but the first where their number is missing; one byte makes lengths even."""
    files = write_slices(tmp_path / "in", [STORED], {"PixelData": STORED.tobytes() * 3})

    image = the_image(convert_here(files, tmp_path / "out"))

    surplus = 2 * STORED.nbytes
    assert image.notes[-1] == (
        f"0.dcm holds {surplus} bytes of pixels more than its header describes; they were left out."
    )


@pytest.mark.parametrize(
    ("keyword", "where"),
    [
        ("PixelSpacing", ""),
        ("ImagerPixelSpacing", "at the detector"),
        ("NominalScannedPixelSpacing", "on the film that was scanned"),
        ("ImagePlanePixelSpacing", "in the image plane"),
    ],
)
def test_a_pixel_size_is_taken_from_where_it_was_measured(tmp_path: Path, keyword: str, where: str) -> None:
    dataset = a_dataset(RTImageStorage, "RTIMAGE")
    put_pixels(dataset, STORED)
    setattr(dataset, keyword, [0.3, 0.2])
    dataset.save_as(tmp_path / "in.dcm", enforce_file_format=True)

    image = the_image(convert_here([tmp_path / "in.dcm"], tmp_path / "out"))

    assert (image.metadata.voxel_width_mm, image.metadata.voxel_height_mm) == (0.2, 0.3)
    assert image.notes == ((f"The pixel size is measured {where}, not in the patient.",) if where else ())


@pytest.mark.parametrize("keyword", ["ImagerPixelSpacing", "NominalScannedPixelSpacing"])
@pytest.mark.parametrize(
    ("in_patient", "calibration", "is_noted"),
    [([0.3, 0.2], "", True), ([0.3, 0.2], "FIDUCIAL", False), ([0.2, 0.15], "", False)],
)
def test_a_pixel_size_nobody_corrected_is_still_that_of_the_detector(
    tmp_path: Path, keyword: str, in_patient: list[float], calibration: str, is_noted: bool
) -> None:
    dataset = a_dataset(DigitalXRayImageStorageForPresentation, "DX")
    put_pixels(dataset, STORED)
    dataset.PixelSpacing = in_patient
    setattr(dataset, keyword, [0.3, 0.2])
    if calibration:
        dataset.PixelSpacingCalibrationType = calibration
    dataset.save_as(tmp_path / "in.dcm", enforce_file_format=True)

    image = the_image(convert_here([tmp_path / "in.dcm"], tmp_path / "out"))

    assert image.metadata.voxel_height_mm == in_patient[0]
    assert image.notes == ((MEASURED[keyword],) if is_noted else ())


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_whether_zero_is_black_is_told_by_the_pixels_not_by_their_presentation(
    tmp_path: Path, photometric: str
) -> None:
    dataset = a_dataset(DigitalXRayImageStorageForPresentation, "DX")
    put_pixels(dataset, STORED)
    dataset.PixelSpacing = [0.3, 0.2]
    dataset.PhotometricInterpretation, dataset.PresentationLUTShape = photometric, "INVERSE"
    dataset.save_as(tmp_path / "in.dcm", enforce_file_format=True)

    image = the_image(convert_here([tmp_path / "in.dcm"], tmp_path / "out"))

    expected = STORED if photometric == "MONOCHROME2" else 65535 - STORED
    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels[0], expected)
    assert image.notes == ((BLACK_OR_WHITE,) if photometric == "MONOCHROME2" else ())


def test_how_much_a_detector_magnifies_is_told_and_left_to_the_reader(tmp_path: Path) -> None:
    dataset = a_dataset(DigitalXRayImageStorageForPresentation, "DX")
    put_pixels(dataset, STORED)
    dataset.ImagerPixelSpacing, dataset.EstimatedRadiographicMagnificationFactor = [0.3, 0.2], 1.5
    dataset.save_as(tmp_path / "in.dcm", enforce_file_format=True)

    image = the_image(convert_here([tmp_path / "in.dcm"], tmp_path / "out"))

    got, seen = read_with_itk(tmp_path / "out" / image.file), read_with_itk(tmp_path / "in.dcm")
    assert got.spacing == pytest.approx(seen.spacing)
    assert image.notes == (
        "The pixel size is measured at the detector, not in the patient. The file estimates that the patient is shown "
        "1.5 times as large there.",
    )


@pytest.mark.parametrize("plain", [True, False])
def test_pixels_of_unknown_size_keep_their_shape(tmp_path: Path, plain: bool) -> None:
    for index, ratio in enumerate(([4, 3], [1, 1])):
        dataset = a_dataset(SecondaryCaptureImageStorage, "OT")
        put_pixels(dataset, STORED if plain else picture())
        dataset.PixelAspectRatio = ratio
        dataset.SOPInstanceUID += f".{index}"
        dataset.save_as(tmp_path / f"{index}.dcm", enforce_file_format=True)

    images = convert_here([tmp_path / "0.dcm", tmp_path / "1.dcm"], tmp_path / "out").images

    spacings = [read_with_itk(tmp_path / "out" / image.file).spacing[:2] for image in images]
    assert spacings == [pytest.approx((1.0, 4 / 3)), (1.0, 1.0)]
    assert [image.metadata.voxel_width_mm for image in images] == [None, None]
    assert [image.notes for image in images] == [(Assumed.SHAPE,), (UNKNOWN,)]


def region(delta_x: float, delta_y: float, *, shape: int = 1, unit: int = 3) -> Dataset:
    """Return a calibrated part of an ultrasound picture: of tissue and in centimetres, if nothing else is said."""
    found = Dataset()
    found.RegionSpatialFormat, found.PhysicalDeltaX, found.PhysicalDeltaY = shape, delta_x, delta_y
    found.PhysicalUnitsXDirection = found.PhysicalUnitsYDirection = unit
    return found


@pytest.mark.parametrize(
    ("regions", "spacing"),
    [
        ([region(0.01, 0.02)], (0.1, 0.2)),
        ([region(0.01, -0.02), region(0.01, 0.5, shape=3), region(2, 3, unit=4)], (0.1, 0.2)),
        ([region(0.01, 0.02), region(0.03, 0.03)], None),
        ([region(0, 0.02)], None),
        ([region(0.01, 0.02, shape=2)], None),
    ],
)
def test_ultrasound_has_the_pixel_size_its_regions_agree_on(
    tmp_path: Path, regions: list[Dataset], spacing: tuple[float, float] | None
) -> None:
    dataset = a_dataset(UltrasoundImageStorage, "US")
    put_pixels(dataset, picture())
    dataset.SequenceOfUltrasoundRegions = regions
    dataset.save_as(tmp_path / "in.dcm", enforce_file_format=True)

    image = the_image(convert_here([tmp_path / "in.dcm"], tmp_path / "out"))

    got = read_with_itk(tmp_path / "out" / image.file).spacing
    assert got[:2] == pytest.approx(spacing or (1.0, 1.0))
    assert image.notes == (
        ("The pixel size is that of the ultrasound, not of what stands beside it.",)
        if spacing
        else ("The file does not say how large a pixel is.",)
    )


def test_pictures_of_ultrasound_have_each_their_own_pixel_size(tmp_path: Path) -> None:
    for index in (1, 2):
        dataset = a_dataset(UltrasoundImageStorage, "US")
        put_pixels(dataset, picture()[..., 0])
        dataset.SequenceOfUltrasoundRegions = [region(0.01 * index, 0.01 * index)]
        dataset.SOPInstanceUID += f".{index}"
        dataset.save_as(tmp_path / f"{index}.dcm", enforce_file_format=True)

    images = convert_here([tmp_path / "1.dcm", tmp_path / "2.dcm"], tmp_path / "out").images

    assert [image.metadata.voxel_width_mm for image in images] == pytest.approx([0.1, 0.2])


def test_float_pixels_in_another_number_of_bits_are_a_contradiction(tmp_path: Path) -> None:
    dataset = a_dataset()
    put_pixels(dataset, STORED)
    del dataset.PixelData
    dataset.FloatPixelData = STORED.tobytes()
    dataset.save_as(tmp_path / "in.dcm", enforce_file_format=True)

    reason = the_reason(convert_here([tmp_path / "in.dcm"], tmp_path / "out"))

    assert reason == "The pixels of in.dcm are described in a contradictory way (float32 in 16 bits)."


@pytest.mark.parametrize("frames", [0, 1, None])
def test_a_file_may_count_its_only_frame_in_odd_ways(tmp_path: Path, frames: int | None) -> None:
    got, _ = imported(tmp_path, [STORED], NumberOfFrames=frames)

    assert np.array_equal(got[0], STORED.astype(int) - 1024)


def test_an_object_without_pixels_is_named(tmp_path: Path) -> None:
    dataset = a_dataset("1.2.840.10008.5.1.4.1.1.481.3", "RTSTRUCT")
    dataset.save_as(tmp_path / "in.dcm", enforce_file_format=True)

    reason = the_reason(convert_here([tmp_path / "in.dcm"], tmp_path / "out"))

    assert reason == "The DICOM file in.dcm holds no image (RT Structure Set Storage)."


def test_itk_sees_the_same_hounsfield_units(tmp_path: Path) -> None:
    got, _ = imported(tmp_path, [STORED], bits_stored=12)

    assert np.array_equal(got, sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "in" / "0.dcm"))))


def test_a_deflated_object_without_pixels_is_named(tmp_path: Path) -> None:
    dataset = a_dataset()
    dataset.Rows = dataset.Columns = 8
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    dataset.save_as(tmp_path / "in.dcm", enforce_file_format=True)

    reason = the_reason(convert_here([tmp_path / "in.dcm"], tmp_path / "out"))

    assert reason == "The DICOM file in.dcm has no pixels."
