"""Files nobody here wrote: the test files of pydicom and nibabel."""

import warnings
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom.data
import pytest
from pydicom import dcmread

from tests.support.conversions import (
    ItkImage,
    convert_here,
    read_with_itk,
    same_grid,
    the_image,
    the_reason,
)

# Only what is inside the package: pydicom's own look-up would try to download the rest.
PACKAGED = Path(pydicom.data.__file__).parent / "test_files"
PYDICOM = {
    path.relative_to(PACKAGED).as_posix(): path for path in sorted(PACKAGED.rglob("*")) if path.is_file()
}

# GDCM, and so ITK, swaps the bytes of RLE colour with more than 8 bits; pydicom follows PS3.5 annex G.
AS_PYDICOM_READS = {name for name in PYDICOM if name.startswith("SC_rgb_rle_") and "bit" in name}
DOSES = {name for name in PYDICOM if name.startswith("rtdose")}
# Twelve stored bits times 0.684 fit single precision, of which ITK makes double.
SINGLE_PRECISION = {name for name in PYDICOM if "/CR" in name}
# Their calibrated regions tell the size of a pixel (PS3.3 C.8.5.5), which ITK does not read.
CALIBRATED = {"examples_palette.dcm": 0.2622878766196998, "examples_ybr_color.dcm": 0.5104970559477806}

REFUSED = {
    "MR_truncated.dcm": "promises 8192 bytes of pixels, but only 8130 are there",
    "JPEG2000-embedded-sequence-delimiter.dcm": "frame 1 is of another size or kind",
    "badVR.dcm": "number of frames",
    "liver_1frame.dcm": "announces 1 frames but describes 3",
    "liver_expb_1frame.dcm": "announces 1 frames but describes 3",
    "reportsi.dcm": "holds no image (Basic Text SR Storage)",
    "reportsi_with_empty_number_tags.dcm": "holds no image (Basic Text SR Storage)",
    "test-SR.dcm": "holds no image (Comprehensive SR Storage)",
    "rtplan.dcm": "holds no image (RT Plan Storage)",
    "rtplan_truncated.dcm": "holds no image (RT Plan Storage)",
    "rtstruct.dcm": "holds no image (RT Structure Set Storage)",
    "waveform_ecg.dcm": "holds no image (12-lead ECG Waveform Storage)",
    "no_meta.dcm": "The name says DICOM",
    "ExplVR_BigEndNoMeta.dcm": "The name says DICOM",
    "zipMR.gz": "gzip files that hold something other than NIfTI are not supported yet.",
}
WITHOUT_PIXELS = {  # headers of images, from which the pixels were taken away, and lists of files
    "ExplVR_LitEndNoMeta.dcm", "UN_sequence.dcm", "empty_charset_LEI.dcm", "meta_missing_tsyntax.dcm",
    "nested_priv_SQ.dcm", "no_meta_group_length.dcm", "priv_SQ.dcm",
    *(name for name in PYDICOM if "DICOMDIR" in name or name.startswith("dicomdirtests/TINY_ALPHA/PT")),
}  # fmt: skip
NO_DICOM = {name for name in PYDICOM if Path(name).suffix in (".txt", ".icc", ".dump", ".json")} | {
    "dicomdirtests/TINY_ALPHA/README"
}
EQUAL_TO_ITK = sorted(
    set(PYDICOM)
    - AS_PYDICOM_READS
    - DOSES
    - SINGLE_PRECISION
    - set(CALIBRATED)
    - set(REFUSED)
    - WITHOUT_PIXELS
    - NO_DICOM
)


@pytest.mark.parametrize("name", EQUAL_TO_ITK)
def test_a_file_of_pydicom_equals_what_itk_reads(tmp_path: Path, name: str) -> None:
    image = the_image(convert_here([PYDICOM[name]], tmp_path / "out"))

    expected, got = read_with_itk(PYDICOM[name]), read_with_itk(tmp_path / "out" / image.file)
    assert np.array_equal(got.pixels, expected.pixels)
    assert same_grid(got, expected, tolerance=1e-6)  # directions are written with six digits


@pytest.mark.parametrize("name", sorted(SINGLE_PRECISION))
def test_an_inverted_radiograph_equals_what_itk_reads(tmp_path: Path, name: str) -> None:
    image = the_image(convert_here([PYDICOM[name]], tmp_path / "out"))

    expected, got = read_with_itk(PYDICOM[name]), read_with_itk(tmp_path / "out" / image.file)
    assert np.array_equal(got.pixels, expected.pixels.astype("float32"))
    assert same_grid(got, expected, tolerance=1e-9)


@pytest.mark.parametrize(("name", "pixel_mm"), CALIBRATED.items())
def test_an_ultrasound_equals_what_itk_reads_but_for_its_calibration(
    tmp_path: Path, name: str, pixel_mm: float
) -> None:
    image = the_image(convert_here([PYDICOM[name]], tmp_path / "out"))

    expected, got = read_with_itk(PYDICOM[name]), read_with_itk(tmp_path / "out" / image.file)
    assert np.array_equal(got.pixels, expected.pixels)
    assert got.spacing == pytest.approx((pixel_mm, pixel_mm, 1))


@pytest.mark.parametrize("name", sorted(WITHOUT_PIXELS))
def test_a_dicom_file_without_pixels_says_so(tmp_path: Path, name: str) -> None:
    assert "holds no image" in the_reason(convert_here([PYDICOM[name]], tmp_path / "out"))


@pytest.mark.parametrize("name", sorted(NO_DICOM))
def test_a_text_is_no_image(tmp_path: Path, name: str) -> None:
    report = convert_here([PYDICOM[name]], tmp_path / "out")

    assert the_reason(report) == "The content is of no known image format."


@pytest.mark.parametrize("name", sorted(AS_PYDICOM_READS))
def test_rle_colour_equals_what_pydicom_reads(tmp_path: Path, name: str) -> None:
    image = the_image(convert_here([PYDICOM[name]], tmp_path / "out"))

    expected = dcmread(PYDICOM[name]).pixel_array
    assert np.array_equal(
        read_with_itk(tmp_path / "out" / image.file).pixels, expected.reshape(-1, 100, 100, 3)
    )


@pytest.mark.parametrize("name", sorted(DOSES))
def test_a_dose_equals_stored_values_times_its_scaling(tmp_path: Path, name: str) -> None:
    image = the_image(convert_here([PYDICOM[name]], tmp_path / "out"))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = dcmread(PYDICOM[name])
        expected = dataset.pixel_array * float(dataset.DoseGridScaling)
    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, expected.reshape(-1, 10, 10))


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_file_that_is_no_image_says_why(tmp_path: Path, name: str) -> None:
    assert REFUSED[name] in the_reason(convert_here([PYDICOM[name]], tmp_path / "out"))


NIBABEL = Path(nibabel.__file__).parent / "tests" / "data"
NIFTI = sorted(path.name for path in NIBABEL.glob("*.nii*"))
SIX_DIMENSIONS = "row_major.dconn.nii"


def in_space(image: ItkImage) -> Any:
    """The matrix from voxels to right, anterior, superior that an image of three axes has, or the first three of four."""
    count = len(image.size)
    axes = np.reshape(image.direction, (count, count))[:3, :3] * np.array(image.spacing[:3])
    matrix = np.vstack([np.column_stack([axes, image.origin[:3]]), [0, 0, 0, 1]])
    return np.diag([-1, -1, 1, 1]) @ matrix


@pytest.mark.parametrize("name", [name for name in NIFTI if name != SIX_DIMENSIONS])
def test_a_file_of_nibabel_has_the_values_and_the_place_nibabel_reads(tmp_path: Path, name: str) -> None:
    image = the_image(convert_here([NIBABEL / name], tmp_path / "out"))

    loaded: Any = nibabel.load(NIBABEL / name)
    expected, got = np.asarray(loaded.dataobj).T, read_with_itk(tmp_path / "out" / image.file)
    assert np.array_equal(got.pixels, expected.astype(got.pixels.dtype), equal_nan=True)
    assert np.allclose(in_space(got), loaded.affine, rtol=0, atol=1e-4)


def test_other_files_of_nibabel_are_refused_with_reasons(tmp_path: Path) -> None:
    others = [path for path in sorted(NIBABEL.iterdir()) if path.is_file() and path.suffix != ".dcm"]
    others = [path for path in others if path.name not in NIFTI or path.name == SIX_DIMENSIONS]

    report = convert_here(others, tmp_path / "out")

    reasons = {rejection.file: rejection.reasons[0] for rejection in report.rejected}
    assert not report.images
    assert reasons.keys() == {path.name for path in others}
    assert "has 6 dimensions" in reasons[SIX_DIMENSIONS]
    assert "nifti1.img, was not uploaded with it" in reasons["nifti1.hdr"]
    assert "do not tell left from right" in reasons["analyze.hdr"]
    assert "HDF5 files are not supported yet." in reasons["minc2_4d.mnc"]


@pytest.mark.parametrize("name", ["0.dcm", "1.dcm"])
def test_a_dicom_file_of_nibabel_equals_what_itk_reads(tmp_path: Path, name: str) -> None:
    image = the_image(convert_here([NIBABEL / name], tmp_path / "out"))

    expected, got = read_with_itk(NIBABEL / name), read_with_itk(tmp_path / "out" / image.file)
    assert np.array_equal(got.pixels, expected.pixels)
    assert same_grid(got, expected, tolerance=1e-6)
