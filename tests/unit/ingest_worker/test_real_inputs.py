"""Files nobody here wrote: pydicom's own test files, and the importer's reference inputs where they are at hand."""

import warnings
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom.data
import pytest
import SimpleITK as sitk
from pydicom import dcmread

from tests.support.conversions import (
    REAL_INPUTS,
    convert_here,
    read_with_itk,
    same_grid,
    the_image,
    the_reason,
)

# Only what is inside the package: pydicom's own look-up would try to download the rest.
PACKAGED = Path(pydicom.data.__file__).parent / "test_files"
PYDICOM = {path.name: path for path in PACKAGED.glob("*.dcm")}

# GDCM, and so ITK, swaps the bytes of RLE colour with more than 8 bits; pydicom follows PS3.5 annex G.
AS_PYDICOM_READS = {name for name in PYDICOM if name.startswith("SC_rgb_rle_") and "bit" in name}
DOSES = {name for name in PYDICOM if name.startswith("rtdose")}

EQUAL_TO_ITK = sorted(
    set(PYDICOM)
    & {
        "693_J2KI.dcm", "CT_small.dcm", "ExplVR_BigEnd.dcm", "GDCMJ2K_TextGBR.dcm", "J2K_pixelrep_mismatch.dcm",
        "JPEG-lossy.dcm", "JPEG2000.dcm", "JPEGLSNearLossless_08.dcm", "JPEGLSNearLossless_16.dcm",
        "JPGExtended.dcm", "MR_small.dcm", "MR_small_RLE.dcm", "MR_small_bigendian.dcm", "MR_small_expb.dcm",
        "MR_small_implicit.dcm", "MR_small_jp2klossless.dcm", "MR_small_jpeg_ls_lossless.dcm",
        "MR_small_padded.dcm", "SC_jpeg_no_color_transform.dcm", "SC_jpeg_no_color_transform_2.dcm",
        "SC_rgb_dcmtk_+eb+cr.dcm", "SC_rgb_dcmtk_+eb+cy+n1.dcm", "SC_rgb_dcmtk_+eb+cy+n2.dcm",
        "SC_rgb_dcmtk_+eb+cy+np.dcm", "SC_rgb_dcmtk_+eb+cy+s2.dcm", "SC_rgb_dcmtk_+eb+cy+s4.dcm",
        "SC_rgb_gdcm_KY.dcm", "SC_rgb_jls_lossy_line.dcm", "SC_rgb_jls_lossy_sample.dcm", "SC_rgb_jpeg.dcm",
        "SC_rgb_jpeg_app14_dcmd.dcm", "SC_rgb_jpeg_dcmd.dcm", "SC_rgb_jpeg_dcmtk.dcm", "SC_rgb_jpeg_gdcm.dcm",
        "SC_rgb_jpeg_lossy_gdcm.dcm", "SC_rgb_rle.dcm", "SC_rgb_rle_2frame.dcm", "SC_rgb_small_odd.dcm",
        "SC_rgb_small_odd_big_endian.dcm", "SC_rgb_small_odd_jpeg.dcm", "SC_ybr_full_422_uncompressed.dcm",
        "examples_jpeg2k.dcm", "examples_overlay.dcm", "examples_palette.dcm", "examples_rgb_color.dcm",
        "examples_ybr_color.dcm", "image_dfl.dcm",
    }
)  # fmt: skip

REFUSED = {
    "MR_truncated.dcm": "promises 8192 bytes of pixels, but only 8130 are there",
    "JPEG2000-embedded-sequence-delimiter.dcm": "its pixels cannot be decoded",
    "badVR.dcm": "number of frames",
    "liver_1frame.dcm": "DICOM segmentation objects are not supported yet.",
    "reportsi.dcm": "holds no image (Basic Text SR Storage)",
    "rtplan.dcm": "holds no image (RT Plan Storage)",
    "rtplan_truncated.dcm": "holds no image (RT Plan Storage)",
    "rtstruct.dcm": "holds no image (RT Structure Set Storage)",
    "waveform_ecg.dcm": "holds no image (12-lead ECG Waveform Storage)",
    "no_meta.dcm": "The name says DICOM",
}


def test_most_of_the_files_are_there() -> None:
    assert len(EQUAL_TO_ITK) >= 45


@pytest.mark.parametrize("name", EQUAL_TO_ITK)
def test_a_file_of_pydicom_equals_what_itk_reads(tmp_path: Path, name: str) -> None:
    image = the_image(convert_here([PYDICOM[name]], tmp_path / "out"))

    expected, got = read_with_itk(PYDICOM[name]), read_with_itk(tmp_path / "out" / image.file)
    assert np.array_equal(got.pixels, expected.pixels)
    assert same_grid(got, expected, tolerance=1e-9)


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


@pytest.mark.parametrize("name", sorted(set(REFUSED) & set(PYDICOM)))
def test_a_file_that_is_no_image_says_why(tmp_path: Path, name: str) -> None:
    assert REFUSED[name] in the_reason(convert_here([PYDICOM[name]], tmp_path / "out"))


def _nibabel_files() -> list[Path]:
    folder = Path(nibabel.__file__).parent / "tests" / "data"
    return sorted(path for path in folder.glob("*.nii*") if path.is_file())


@pytest.mark.parametrize("path", _nibabel_files(), ids=lambda path: path.name)
def test_a_file_of_nibabel_has_the_values_nibabel_reads(tmp_path: Path, path: Path) -> None:
    report = convert_here([path], tmp_path / "out")

    loaded: Any = nibabel.load(path)
    if len(loaded.shape) > 4 or not report.images:
        assert report.rejected[0].reasons[0]
        return
    expected = np.squeeze(np.asarray(loaded.dataobj).T)
    got = np.squeeze(read_with_itk(tmp_path / "out" / report.images[0].file).pixels)
    assert np.array_equal(got, expected.astype(got.dtype), equal_nan=got.dtype.kind == "f")


@pytest.mark.skipif(not REAL_INPUTS.is_dir(), reason="the folder of real inputs is not on this machine")
class TestReferenceInputs:
    """Test inputs of the reference importer, each ending as it should."""

    @pytest.mark.parametrize(
        "name",
        [
            "image10x10x10.mha", "image10x10x10.mhd", "image10x11x12x13.mha", "image10x11x12x13.mhd",
            "image128x256RGB.mhd", "image5x6x7.mhd", "nifti/image10x11x12.nii", "nifti/image10x11x12.nii.gz",
            "nrrd/image10x11x12.nrrd", "nrrd/image10x11x12.nhdr",
        ],
    )  # fmt: skip
    def test_volumes_equal_what_itk_reads(self, tmp_path: Path, name: str) -> None:
        source = REAL_INPUTS / name
        beside = [
            path for path in source.parent.glob(f"{source.stem}.*raw") if source.suffix in (".mhd", ".nhdr")
        ]

        image = the_image(convert_here([source, *beside], tmp_path / "out"))

        expected, got = read_with_itk(source), read_with_itk(tmp_path / "out" / image.file)
        assert got.pixels.dtype == expected.pixels.dtype
        assert np.array_equal(got.pixels, expected.pixels)
        assert same_grid(got, expected)

    @pytest.mark.parametrize(
        "name", ["test_grayscale.jpg", "test_grayscale.png", "test_rgb.jpg", "test_rgb.png"]
    )
    def test_pictures_equal_what_itk_reads(self, tmp_path: Path, name: str) -> None:
        image = the_image(convert_here([REAL_INPUTS / name], tmp_path / "out"))

        got = read_with_itk(tmp_path / "out" / image.file)
        assert np.array_equal(got.pixels, read_with_itk(REAL_INPUTS / name).pixels)

    def test_seven_files_and_one_of_seven_frames_are_the_same_volume(self, tmp_path: Path) -> None:
        folder = REAL_INPUTS / "dicom_enhanced"

        series = the_image(convert_here(sorted(folder.glob("slice*.dcm")), tmp_path / "out1"))
        enhanced = the_image(convert_here([folder / "volume.dcm"], tmp_path / "out2"))

        one = read_with_itk(tmp_path / "out1" / series.file)
        other = read_with_itk(tmp_path / "out2" / enhanced.file)
        names = [source.name for source in series.sources]
        names.sort(key=lambda name: dcmread(folder / name).ImagePositionPatient[2])
        itk = sitk.ReadImage([str(folder / name) for name in names])
        assert series.pixels_sha256 == enhanced.pixels_sha256
        assert same_grid(one, other, tolerance=1e-6)
        assert np.array_equal(one.pixels, sitk.GetArrayFromImage(itk))
        assert np.allclose(one.spacing, itk.GetSpacing(), atol=1e-6)
        assert np.allclose(one.origin, itk.GetOrigin(), atol=1e-6)

    @pytest.mark.parametrize(
        ("folder", "depth", "timepoints", "sample_type"),
        [("dicom_4d", 4, 19, "int16"), ("dicom_intercept", 2, None, "float32")],
    )
    def test_series_become_volumes(
        self, tmp_path: Path, folder: str, depth: int, timepoints: int | None, sample_type: str
    ) -> None:
        files = sorted((REAL_INPUTS / folder).glob("*.dcm"))

        image = the_image(convert_here(files, tmp_path / "out"))

        assert (image.metadata.depth, image.metadata.timepoints) == (depth, timepoints)
        assert (image.sample_type, len(image.sources)) == (sample_type, len(files))

    def test_a_tiled_pyramid_is_copied(self, tmp_path: Path) -> None:
        source = REAL_INPUTS / "valid_tiff.tif"

        image = the_image(convert_here([source], tmp_path / "out"))

        assert (tmp_path / "out" / image.file).read_bytes() == source.read_bytes()
        assert image.metadata.resolution_levels == 2

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("corrupt.png", "The name says PNG"),
            ("no_image", "The content is of no known image format."),
            ("invalid_utf8.mhd", "not valid UTF-8 text"),
            ("image4x4x4x4x4.mha", "has 5 dimensions"),
            ("invalid_resolutions_tiff.tif", "does not say how large a pixel is"),
            ("oct/corrupt.fds", "The file is empty."),
            (
                "dicom_wsi/full_with_bot/full_with_bot.dcm",
                "This is a whole-slide image; `tiler convert` converts those.",
            ),
        ],
    )
    def test_what_cannot_be_imported_says_why(self, tmp_path: Path, name: str, expected: str) -> None:
        assert expected in the_reason(convert_here([REAL_INPUTS / name], tmp_path / "out"))
