"""NIfTI in, MetaImage out: grids as ITK understands them, values as nibabel does."""

import gzip
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from demo.imaging import Grid, anatomy, cut_short, write_image
from ingest_worker.adapters.readers.nifti import TWO_PLACES
from ingest_worker.domain.images import ColorSpace
from tests.support.conversions import convert_here, read_with_itk, same_grid, the_image, the_reason
from tests.support.odd_files import flip_bit

TYPES = ("uint8", "int8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64")
AFFINE = np.array([[-0.7, 0.05, 0, 90], [0.02, -0.5, 0.1, 120], [0, 0.08, 2.5, -40], [0, 0, 0, 1.0]])

TURNED = np.array([[0.8, -0.6, 0, 0], [0.6, 0.8, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])


def save(path: Path, pixels: Any, *, version: int = 1, order: str = "<", **header: Any) -> Path:
    """Write a file with nibabel; header fields are set as given."""
    kind: Any = nibabel.Nifti1Image if version == 1 else nibabel.Nifti2Image  # it declares no types here
    affine = np.diag([-0.7, -0.5, 2.5, 1.0])
    affine[:3, 3] = (10, 20, 30)
    image = kind(pixels, affine, header=kind.header_class(endianness=order), dtype=pixels.dtype)
    for key, value in header.items():
        image.header[key] = value
    image.to_filename(path)
    return path


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".NII", ".Nii.Gz"])
def test_grid_and_pixels_are_what_itk_reads(tmp_path: Path, suffix: str) -> None:
    plain = write_image(
        tmp_path / f"in{suffix.lower()}",
        anatomy(),
        grid=Grid((0.7, 0.5, 2.5), (1, 2, 3), ((0, 1, 0), (1, 0, 0))),
    )
    source = plain.rename(tmp_path / f"case{suffix}")

    image = the_image(convert_here([source], tmp_path / "out"))

    source.rename(plain)
    expected, got = read_with_itk(plain), read_with_itk(tmp_path / "out" / image.file)
    assert image.name == f"case{suffix}"
    assert np.array_equal(got.pixels, expected.pixels)
    assert same_grid(got, expected)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("sample_type", TYPES)
def test_every_sample_type_byte_order_and_version(
    tmp_path: Path, sample_type: str, order: str, version: int
) -> None:
    pixels = anatomy().T.astype(sample_type)
    source = save(tmp_path / "in.nii", pixels, version=version, order=order)

    image = the_image(convert_here([source], tmp_path / "out"))

    got = read_with_itk(tmp_path / "out" / image.file)
    assert image.sample_type == sample_type
    assert np.array_equal(got.pixels, pixels.T)
    assert same_grid(got, read_with_itk(save(tmp_path / "first.nii", pixels)))  # ITK cannot read version 2


def save_scaled(path: Path, pixels: Any, slope: float, intercept: float, *, version: int = 1) -> Path:
    """Write stored values as they are, with a header that scales them."""
    raw = bytearray(save(path, pixels, version=version).read_bytes())
    first, kind = (112, "<f4") if version == 1 else (176, "<f8")
    scale = np.array([slope, intercept], kind).tobytes()
    raw[first : first + len(scale)] = scale
    path.write_bytes(raw)
    return path


def seen_by_nibabel(path: Path) -> Any:
    """Return the real values, t and z first, in double precision."""
    loaded: Any = nibabel.load(path)
    return np.asarray(loaded.dataobj, np.float64).T


@pytest.mark.parametrize(("slope", "intercept"), [(2.5, -7.0), (1.0, 0.5), (-0.1, 0.0)])
def test_values_with_fractions_are_single_precision(tmp_path: Path, slope: float, intercept: float) -> None:
    source = save_scaled(tmp_path / "in.nii", anatomy().T, slope, intercept)

    image = the_image(convert_here([source], tmp_path / "out"))

    got = read_with_itk(tmp_path / "out" / image.file)
    assert image.sample_type == "float32"
    assert np.array_equal(got.pixels, seen_by_nibabel(source).astype(np.float32))
    assert np.array_equal(got.pixels, read_with_itk(source).pixels)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(("slope", "intercept"), [(1.0, -1024.0), (-1.0, 0.0), (3.0, 7.0)])
@pytest.mark.parametrize("stored", ["uint8", "int8", "int16", "uint16", "int32", "uint32", "int64", "uint64"])
def test_integers_stay_integers_where_slope_and_intercept_are(
    tmp_path: Path, stored: str, slope: float, intercept: float, version: int
) -> None:
    pixels = (anatomy().T % 100).astype(stored)
    source = save_scaled(tmp_path / "in.nii", pixels, slope, intercept, version=version)

    image = the_image(convert_here([source], tmp_path / "out"))

    got = read_with_itk(tmp_path / "out" / image.file).pixels
    assert image.sample_type == f"int{max(16, 8 * np.dtype(stored).itemsize)}"
    assert np.array_equal(got, seen_by_nibabel(source))


@pytest.mark.parametrize(
    ("stored", "outlier", "expected"),
    [
        ("int16", -32_768, "int32"),
        ("uint16", 65_535, "int32"),
        ("int32", -(2**31), "float64"),
        ("uint32", 2**32 - 1, "float64"),
        ("int64", -(2**63), "float64"),
    ],
)
def test_a_value_that_does_not_fit_makes_all_wider(
    tmp_path: Path, stored: str, outlier: int, expected: str
) -> None:
    pixels = (anatomy().T % 100).astype(stored)
    pixels[3, 2, -1] = outlier  # in the last slice, when all others are written
    source = save_scaled(tmp_path / "in.nii", pixels, 1.0, -1024.0)

    image = the_image(convert_here([source], tmp_path / "out"))

    assert image.sample_type == expected
    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, seen_by_nibabel(source))


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(("slope", "intercept"), [(np.nan, np.nan), (np.nan, 7.0), (0.0, 7.0), (0.0, np.nan)])
def test_a_slope_that_says_nothing_scales_nothing(
    tmp_path: Path, slope: float, intercept: float, version: int
) -> None:
    source = save_scaled(tmp_path / "in.nii", anatomy().T, slope, intercept, version=version)

    image = the_image(convert_here([source], tmp_path / "out"))

    assert image.sample_type == "int16"
    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, anatomy())
    assert np.array_equal(seen_by_nibabel(source), anatomy())


@pytest.mark.parametrize(("slope", "intercept"), [(2.0, np.nan), (np.inf, 0.0), (1.0, np.inf)])
def test_a_scale_that_is_no_number_is_refused(tmp_path: Path, slope: float, intercept: float) -> None:
    source = save_scaled(tmp_path / "in.nii", anatomy().T, slope, intercept)

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert reason == "The header of in.nii scales its values by something that is no number."


def test_a_slope_beyond_all_integers_makes_floats(tmp_path: Path) -> None:
    source = save_scaled(tmp_path / "in.nii", anatomy().T, 2.0**100, 0.0)

    image = the_image(convert_here([source], tmp_path / "out"))

    assert image.sample_type == "float64"
    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, seen_by_nibabel(source))


def test_a_value_beyond_single_precision_makes_all_double(tmp_path: Path) -> None:
    pixels = (anatomy().T % 100 / 128).astype(np.float32)
    pixels[0, 0, 0] = np.inf  # which it is at any precision
    pixels[3, 2, -1] = 1000
    source = save_scaled(tmp_path / "in.nii", pixels, 3e36, 0.5)

    image = the_image(convert_here([source], tmp_path / "out"))

    assert image.sample_type == "float64"
    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, seen_by_nibabel(source))


def test_an_oblique_qform_and_a_nearly_straight_sform_are_left_to_itk(tmp_path: Path) -> None:
    image_in = nibabel.Nifti1Image(anatomy().T, None)
    image_in.header.set_qform(nibabel.affines.from_matvec(np.diag([0.7, 0.5, 2.5]), [1, 2, 3]), code=1)
    image_in.to_filename(tmp_path / "in.nii")

    image = the_image(convert_here([tmp_path / "in.nii"], tmp_path / "out"))

    assert same_grid(read_with_itk(tmp_path / "out" / image.file), read_with_itk(tmp_path / "in.nii"))


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    ("sform", "code", "notes"),
    [
        (np.diag([-0.7, -0.5, 2.5, 1]), 2, ()),
        (np.diag([-0.7, -0.5, 2.5, 1]) + 0.04 * np.eye(4)[:, [3, 0, 1, 2]] * [0, 0, 0, 1], 2, ()),
        (TURNED @ np.diag([-0.7, -0.5, 2.5, 1]), 2, (TWO_PLACES,)),
        (np.diag([-1.0, -1.0, 1.0, 1]), 1, (TWO_PLACES,)),
        (np.diag([-1.0, -1.0, 1.0, 1]), 0, ()),
    ],
    ids=["the same", "rounded", "turned", "of another size", "not meant"],
)
def test_two_places_for_the_voxels_are_mentioned(
    tmp_path: Path, version: int, sform: np.ndarray, code: int, notes: tuple[str, ...]
) -> None:
    source = save(tmp_path / "in.nii", anatomy().T, version=version)
    image_in: Any = nibabel.load(source)
    image_in.header.set_qform(np.diag([-0.7, -0.5, 2.5, 1]), code=1)
    image_in.header.set_sform(sform, code=code)
    type(image_in)(np.asarray(image_in.dataobj), None, image_in.header).to_filename(tmp_path / "two.nii")

    image = the_image(convert_here([tmp_path / "two.nii"], tmp_path / "out"))

    assert image.notes == notes


def test_a_sheared_grid_is_refused(tmp_path: Path) -> None:
    nibabel.Nifti1Image(anatomy().T, AFFINE + np.array([[0, 0.5, 0, 0], *[[0] * 4] * 3])).to_filename(
        tmp_path / "in.nii"
    )

    reason = the_reason(convert_here([tmp_path / "in.nii"], tmp_path / "out"))

    assert reason == (
        "The axes of in.nii are not perpendicular to one another; such an image is no rectangular volume."
    )


def test_pixels_that_begin_inside_the_header_are_refused(tmp_path: Path) -> None:
    source = save(tmp_path / "in.nii", anatomy())
    content = source.read_bytes()
    source.write_bytes(content[:108] + bytes(4) + content[112:])

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert reason == "The header of in.nii has its pixels begin inside itself, or nowhere."


def test_four_dimensions_are_time(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 900, (6, 5, 4, 3)).astype(np.int16)
    source = save(tmp_path / "in.nii.gz", pixels)

    image = the_image(convert_here([source], tmp_path / "out"))

    assert (image.metadata.depth, image.metadata.timepoints) == (4, 3)
    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, pixels.T)


def test_trailing_axes_of_length_one_do_not_count(tmp_path: Path) -> None:
    source = save(tmp_path / "in.nii", anatomy().T[..., np.newaxis, np.newaxis])

    image = the_image(convert_here([source], tmp_path / "out"))

    assert (image.metadata.depth, image.metadata.timepoints) == (12, None)


def test_a_plane_stays_a_plane(tmp_path: Path) -> None:
    source = save(tmp_path / "in.nii", anatomy()[3].T)

    image = the_image(convert_here([source], tmp_path / "out"))

    assert image.metadata.depth is None
    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, anatomy()[3])


def test_rgb_is_kept(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 255, (6, 5, 4, 3)).astype(np.uint8)
    rgb = pixels.view([("R", "u1"), ("G", "u1"), ("B", "u1")]).reshape(6, 5, 4)
    source = save(tmp_path / "in.nii", rgb)

    image = the_image(convert_here([source], tmp_path / "out"))

    assert image.metadata.color_space is ColorSpace.RGB
    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, read_with_itk(source).pixels)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_a_truncated_file_is_refused_rather_than_filled_with_zeros(tmp_path: Path, suffix: str) -> None:
    source = cut_short(write_image(tmp_path / f"in{suffix}", anatomy()), keep=0.7)
    if suffix == ".nii":
        assert (read_with_itk(source).pixels[-1] == 0).all()  # what ITK does

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert "is incomplete" in reason or "compressed data end too early" in reason


@pytest.mark.parametrize("position", [0.3, 0.8, -2, -7])
def test_a_flipped_bit_in_gzip_is_noticed(tmp_path: Path, position: float) -> None:
    source = flip_bit(write_image(tmp_path / "in.nii.gz", anatomy()), position)

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert reason == "The file in.nii.gz is damaged: its compressed data or their checksum are wrong."


def test_gzip_in_several_members_is_one_stream(tmp_path: Path) -> None:
    raw = gzip.decompress(write_image(tmp_path / "in.nii.gz", anatomy()).read_bytes())
    parts = [raw[:300], raw[300:5000], raw[5000:]]
    (tmp_path / "in.nii.gz").write_bytes(b"".join(map(gzip.compress, parts)) + bytes(512))

    image = the_image(convert_here([tmp_path / "in.nii.gz"], tmp_path / "out"))

    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, anatomy())


def test_garbage_behind_gzip_is_refused(tmp_path: Path) -> None:
    source = write_image(tmp_path / "in.nii.gz", anatomy())
    source.write_bytes(source.read_bytes() + b"garbage")

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert reason == "The file in.nii.gz is damaged: something else follows its compressed data."


def test_complex_values_have_no_place_in_an_image(tmp_path: Path) -> None:
    source = save(tmp_path / "in.nii", anatomy().T.astype(np.complex64))

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert "complex numbers" in reason


def test_vectors_along_a_fifth_axis_are_refused(tmp_path: Path) -> None:
    source = save(tmp_path / "in.nii", np.zeros((4, 4, 4, 1, 3), np.float32))

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert "has 5 dimensions" in reason


@pytest.mark.parametrize("kind", [nibabel.Nifti1Pair, nibabel.Nifti2Pair])
@pytest.mark.parametrize("suffixes", [(".hdr", ".img"), (".HDR", ".IMG"), (".hdr.gz", ".img.gz")])
def test_a_header_takes_its_pixels_from_the_file_of_its_name(
    tmp_path: Path, kind: Any, suffixes: tuple[str, str]
) -> None:
    lower = [tmp_path / f"in{suffix.lower()}" for suffix in suffixes]
    kind(anatomy().T, np.diag([-0.7, -0.5, 2.5, 1])).to_filename(lower[0])
    files = [path.rename(tmp_path / f"case{suffix}") for path, suffix in zip(lower, suffixes, strict=True)]

    image = the_image(convert_here(files, tmp_path / "out"))

    got = read_with_itk(tmp_path / "out" / image.file)
    assert np.array_equal(got.pixels, anatomy())
    assert np.allclose(got.spacing, (0.7, 0.5, 2.5))
    assert {source.name for source in image.sources} == {path.name for path in files}


def test_a_header_without_its_pixels_says_what_is_missing(tmp_path: Path) -> None:
    nibabel.Nifti1Pair(anatomy().T, np.eye(4)).to_filename(tmp_path / "in.hdr")

    reason = the_reason(convert_here([tmp_path / "in.hdr"], tmp_path / "out"))

    assert reason == "The pixel data file named in the header, in.img, was not uploaded with it."


def test_pixels_of_a_pair_cut_short_are_refused(tmp_path: Path) -> None:
    nibabel.Nifti1Pair(anatomy().T, np.eye(4)).to_filename(tmp_path / "in.hdr")
    cut_short(tmp_path / "in.img")

    report = convert_here([tmp_path / "in.hdr", tmp_path / "in.img"], tmp_path / "out")

    assert {"is incomplete" in rejection.reasons[0] for rejection in report.rejected} == {True}


def test_analyze_is_refused_as_nobody_knows_its_sides(tmp_path: Path) -> None:
    nibabel.AnalyzeImage(anatomy().T, np.eye(4)).to_filename(tmp_path / "in.hdr")

    report = convert_here([tmp_path / "in.hdr", tmp_path / "in.img"], tmp_path / "out")

    assert report.rejected[0].reasons == (
        "Analyze files (.hdr/.img), which do not tell left from right, are not supported yet.",
    )


def test_the_pixels_of_an_analyze_pair_are_refused_for_the_same_reason_as_its_header(tmp_path: Path) -> None:
    nibabel.AnalyzeImage(anatomy().T, np.eye(4)).to_filename(tmp_path / "in.hdr")

    reason = the_reason(convert_here([tmp_path / "in.hdr", tmp_path / "in.img"], tmp_path / "out"))

    assert reason == "Analyze files (.hdr/.img), which do not tell left from right, are not supported yet."
