"""Axes of NIfTI headers that ITK does not read, or reads in a way nobody meant; nibabel is asked where voxels lie."""

import gzip
import struct
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk

from ingest_worker.adapters.readers.itk_geometry import SIZE_ASSUMED
from tests.support.conversions import convert_here, the_image, the_reason

PIXDIM, CODES, QOFFSET, SFORM = 76, 252, 268, 280
LARGE = (200, 160, 40)
SFORM_ALONE, QFORM_ALONE, NEITHER = (0, 1), (1, 0), (0, 0)


def written(
    path: Path,
    affine: Any,
    codes: tuple[int, int],
    *,
    order: str = "<",
    pixdim: tuple[float, ...] = (),
    at: tuple[int, float] | None = None,
) -> Path:
    """Write a file whose header has its axes as told, and whatever else at an offset."""
    pixels = np.zeros(LARGE, np.uint8)
    header = nibabel.Nifti1Header(endianness=order)
    image: Any = nibabel.Nifti1Image(pixels, affine, header=header)
    image.set_qform(np.diag([*np.linalg.norm(affine[:3, :3], axis=0), 1]), 1)
    raw = bytearray(image.to_bytes())
    struct.pack_into(order + "2h", raw, CODES, *codes)
    struct.pack_into(order + "12f", raw, SFORM, *np.ravel(affine[:3]))
    struct.pack_into(order + f"{len(pixdim)}f", raw, PIXDIM + 4, *pixdim)
    if at:
        struct.pack_into(order + "f", raw, *at)
    path.write_bytes(raw)
    return path


def farthest_apart(source: Path, output: Path) -> float:
    """Return how far from where nibabel has it the corner lies that lies farthest away."""
    affine, got = nibabel.load(source).affine, sitk.ReadImage(str(output))  # type: ignore[attr-defined]
    corners = np.array(np.meshgrid(*((0, size - 1) for size in LARGE))).reshape(3, -1).T
    expected = corners @ affine[:3, :3].T + affine[:3, 3]
    found = [got.TransformIndexToPhysicalPoint(tuple(map(int, corner))) for corner in corners]
    return float(np.linalg.norm(np.multiply(found, (-1, -1, 1)) - expected, axis=1).max())


def sheared(by: float) -> Any:
    affine = np.array([[0, -2, 0, 10], [1.5, 0, 0, 20], [0, 0, 3, 30], [0, 0, 0, 1.0]])
    affine[1, 1] = by
    return affine


@pytest.mark.parametrize("order", ["<", ">"])
def test_an_sform_that_is_all_but_straight_is_straightened(tmp_path: Path, order: str) -> None:
    source = written(tmp_path / "a.nii", sheared(0.0018), SFORM_ALONE, order=order)
    with pytest.raises(RuntimeError, match="orthonormal"):
        sitk.ReadImage(str(source))

    image = the_image(convert_here([source], tmp_path / "out"))

    assert farthest_apart(source, tmp_path / "out" / image.file) < 0.15  # a tenth of 1.5 mm
    assert image.notes == ()


def test_an_sform_that_would_move_a_corner_is_refused(tmp_path: Path) -> None:
    source = written(tmp_path / "a.nii", sheared(0.01), SFORM_ALONE)

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert (
        reason
        == "The axes of a.nii are not perpendicular to one another; such an image is no rectangular volume."
    )


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("pixdim", [(0, 0, 0), (float("nan"), 2, 3), (1.5, float("inf"), 3)])
def test_an_sform_says_how_large_voxels_are_where_nothing_else_does(
    tmp_path: Path, pixdim: tuple[float, ...], order: str
) -> None:
    source = written(tmp_path / "a.nii", sheared(0), SFORM_ALONE, pixdim=pixdim, order=order)

    image = the_image(convert_here([source], tmp_path / "out"))

    assert farthest_apart(source, tmp_path / "out" / image.file) < 1e-4
    assert (image.metadata.voxel_width_mm, image.metadata.voxel_height_mm) == (1.5, 2.0)
    assert image.notes == ()


@pytest.mark.parametrize("codes", [QFORM_ALONE, NEITHER])
@pytest.mark.parametrize(
    ("pixdim", "notes"),
    [((0, 2, 3), (SIZE_ASSUMED,)), ((1, 2, float("nan")), (SIZE_ASSUMED,)), ((1, 2, 3), ())],
)
def test_a_size_nobody_told_is_mentioned(
    tmp_path: Path, codes: tuple[int, int], pixdim: tuple[float, ...], notes: tuple[str, ...]
) -> None:
    source = written(tmp_path / "a.nii", sheared(0), codes, pixdim=pixdim)

    image = the_image(convert_here([source], tmp_path / "out"))

    assert image.metadata.voxel_height_mm == 2.0
    assert image.notes == notes


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize(
    ("codes", "offset", "called"), [(QFORM_ALONE, QOFFSET, "qform"), (SFORM_ALONE, SFORM + 12, "sform")]
)
def test_a_place_that_is_no_number_is_not_the_origin(
    tmp_path: Path, codes: tuple[int, int], offset: int, called: str, value: float
) -> None:
    source = written(tmp_path / "a.nii", sheared(0), codes, at=(offset, value))

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert reason == f"The {called} of a.nii places its voxels by something that is no number."


@pytest.mark.parametrize("packed", ["case.hdr", "case.img"])
def test_either_file_of_a_pair_may_be_packed_by_itself(tmp_path: Path, packed: str) -> None:
    pixels = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    nibabel.Nifti1Pair(pixels, np.eye(4)).to_filename(tmp_path / "case.img")
    (tmp_path / f"{packed}.gz").write_bytes(gzip.compress((tmp_path / packed).read_bytes()))
    (tmp_path / packed).unlink()

    image = the_image(convert_here(list(tmp_path.glob("case.*")), tmp_path / "out"))

    assert len(image.sources) == 2
    got = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "out" / image.file)))
    assert np.array_equal(got, pixels.T)
