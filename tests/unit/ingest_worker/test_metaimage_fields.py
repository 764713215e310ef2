"""What fields of a MetaImage say of places and values is understood or refused, never guessed."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from ingest_worker.adapters.readers.itk_geometry import SIZE_ASSUMED
from ingest_worker.adapters.readers.metaimage import AS_STORED
from tests.support.conversions import convert_here, read_with_itk, same_grid, the_image, the_reason
from tests.support.odd_files import write_raw_header

SPACING = "ElementSpacing = 1.5 2 3"
HEADER = ["ObjectType = Image", "NDims = 3", "DimSize = 4 3 2", "ElementType = MET_UCHAR"]
LOCAL = "ElementDataFile = LOCAL"
PIXELS = bytes(range(24))


def written(folder: Path, *lines: str) -> Path:
    return write_raw_header(folder / "a.mha", [*HEADER, *lines, LOCAL], PIXELS)


@pytest.mark.parametrize(
    ("key", "told", "expected"),
    [
        ("Offset", "1 2", 3),
        ("Offset", "nan 2 3", 3),
        ("Offset", "1e999 2 3", 3),
        ("Origin", "here and there", 3),
        ("Position", "1_0 2 3", 3),
        ("ElementSpacing", "1.5,2,3", 3),
        ("ElementSize", "1.5mm 2mm 3mm", 3),
        ("TransformMatrix", "1 0 0 1", 9),
        ("Rotation", "1 0 0 0 1 0 0 0 x", 9),
        ("Orientation", "1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1", 9),
    ],
)
def test_numbers_that_are_missing_or_none_are_no_zeros(
    tmp_path: Path, key: str, told: str, expected: int
) -> None:
    reason = the_reason(convert_here([written(tmp_path, f"{key} = {told}")], tmp_path / "out"))

    assert reason == f"The header of a.mha does not have {expected} numbers in {key}."


def test_numbers_beyond_the_last_axis_are_left_out_as_by_itk(tmp_path: Path) -> None:
    source = written(tmp_path, SPACING, "Offset = 1 2 3 4")

    image = the_image(convert_here([source], tmp_path / "out"))

    assert same_grid(read_with_itk(tmp_path / "out" / image.file), read_with_itk(source))


def test_axes_longer_than_one_lengthen_the_voxels(tmp_path: Path) -> None:
    source = written(tmp_path, SPACING, "Offset = 7 8 9", "TransformMatrix = 0 2 0 -2 0 0 0 0 1")

    image = the_image(convert_here([source], tmp_path / "out"))

    told, got = (sitk.ReadImage(str(path)) for path in (source, tmp_path / "out" / image.file))
    corner = (3, 2, 1)
    assert np.allclose(told.TransformIndexToPhysicalPoint(corner), got.TransformIndexToPhysicalPoint(corner))
    found = image.metadata
    assert (found.voxel_width_mm, found.voxel_height_mm, found.voxel_depth_mm) == (3.0, 4.0, 3.0)


def test_axes_rounded_in_the_header_leave_the_voxels_their_size(tmp_path: Path) -> None:
    source = written(tmp_path, SPACING, "TransformMatrix = 0.7071 0.7071 0 -0.7071 0.7071 0 0 0 1")

    image = the_image(convert_here([source], tmp_path / "out"))

    assert image.metadata.voxel_width_mm == 1.5


def test_the_number_of_axes_may_be_told_late(tmp_path: Path) -> None:
    lines = [HEADER[0], HEADER[2], SPACING, HEADER[3], HEADER[1], LOCAL]
    source = write_raw_header(tmp_path / "a.mha", lines, PIXELS)

    image = the_image(convert_here([source], tmp_path / "out"))

    assert (image.metadata.voxel_width_mm, image.metadata.depth) == (1.5, 2)


@pytest.mark.parametrize(
    "lines", [(SPACING, SPACING), (SPACING, "Comment = a", "Comment = b")], ids=["alike", "comments"]
)
def test_a_key_twice_does_no_harm_if_it_says_nothing_else(tmp_path: Path, lines: tuple[str, ...]) -> None:
    image = the_image(convert_here([written(tmp_path, *lines)], tmp_path / "out"))

    assert image.metadata.voxel_width_mm == 1.5


@pytest.mark.parametrize(
    ("lines", "notes"),
    [
        ([], (SIZE_ASSUMED,)),
        ([SPACING], ()),
        (["ElementSize = 1.5 2 3"], ()),
        ([SPACING, "ElementToIntensityFunctionSlope = 2"], (AS_STORED,)),
        ([SPACING, "ElementToIntensityFunctionOffset = -1024"], (AS_STORED,)),
        (
            [
                SPACING,
                "ElementToIntensityFunctionSlope = 1.0",
                "ElementToIntensityFunctionOffset = 0.0",
            ],
            (),
        ),
    ],
)
def test_what_is_assumed_or_not_applied_is_said(
    tmp_path: Path, lines: list[str], notes: tuple[str, ...]
) -> None:
    image = the_image(convert_here([written(tmp_path, *lines)], tmp_path / "out"))

    assert image.notes == notes
