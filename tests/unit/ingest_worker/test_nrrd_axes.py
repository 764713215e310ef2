"""What an NRRD header says of its axes: how far samples are apart, and why ITK cannot read some headers."""

from pathlib import Path

import pytest

from ingest_worker.adapters.readers.itk_geometry import SIZE_ASSUMED
from tests.support.conversions import convert_here, read_with_itk, the_image, the_reason
from tests.support.odd_files import write_raw_header

PIXELS = bytes(range(24))
PLAIN = ("dimension: 3", "sizes: 4 3 2")
COLORED = ("dimension: 4", "sizes: 3 4 1 2")
LPS = "space: left-posterior-superior"
ALONG_ALL = "space directions: (1.5,0,0) (0,2,0) (0,0,3)"
BESIDE_FIRST = "space directions: none (1.5,0,0) (0,2,0) (0,0,3)"


def written(folder: Path, *lines: str) -> Path:
    header = ["NRRD0005", "type: uchar", *lines, "encoding: raw", ""]
    return write_raw_header(folder / "a.nrrd", header, PIXELS)


@pytest.mark.parametrize(
    ("lines", "spacing", "origin"),
    [
        (("axis maxs: 18 26 36", "centers: cell cell cell"), (2.0, 2.0, 3.0), (11.0, 21.0, 31.5)),
        (("axis maxs: 18 26 36",), (2.0, 2.0, 3.0), (11.0, 21.0, 31.5)),
        (("axismaxs: 16 24 32", "centerings: node node node"), (2.0, 2.0, 2.0), (10.0, 20.0, 30.0)),
        (("axis maxs: 18 26 36", "spacings: 1 1 1"), (1.0, 1.0, 1.0), (10.5, 20.5, 30.5)),
    ],
    ids=["cells", "cells by default", "nodes", "spacings told as well"],
)
def test_where_axes_begin_and_end_says_how_far_samples_are_apart(
    tmp_path: Path, lines: tuple[str, ...], spacing: tuple[float, ...], origin: tuple[float, ...]
) -> None:
    source = written(tmp_path, *PLAIN, "axis mins: 10 20 30", *lines)

    image = the_image(convert_here([source], tmp_path / "out"))

    got = read_with_itk(tmp_path / "out" / image.file)
    assert (got.spacing, got.origin) == (spacing, origin)
    assert image.notes == ()


@pytest.mark.parametrize(
    ("lines", "notes"),
    [
        (PLAIN, (SIZE_ASSUMED,)),
        ((*PLAIN, "spacings: 1 NaN 1"), (SIZE_ASSUMED,)),
        ((*PLAIN, "spacings: 1 2 3"), ()),
        ((*PLAIN, "axis mins: 10 20 30", "axis maxs: NaN 26 36"), (SIZE_ASSUMED,)),
        ((*PLAIN, "axis mins: 10 20 30", "axis maxs: 10 26 36"), (SIZE_ASSUMED,)),
        ((*PLAIN, LPS, ALONG_ALL, "spacings: NaN NaN NaN"), ()),
        ((*COLORED, "kinds: RGB-color domain domain domain", "spacings: NaN 1 2 3"), ()),
    ],
)
def test_a_size_nobody_told_is_mentioned(
    tmp_path: Path, lines: tuple[str, ...], notes: tuple[str, ...]
) -> None:
    image = the_image(convert_here([written(tmp_path, *lines)], tmp_path / "out"))

    assert image.notes == notes


def test_the_space_may_be_named_behind_its_directions(tmp_path: Path) -> None:
    source = written(tmp_path, *PLAIN, ALONG_ALL, "space dimension: 3")

    image = the_image(convert_here([source], tmp_path / "out"))

    assert read_with_itk(tmp_path / "out" / image.file).spacing == (1.5, 2.0, 3.0)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            (*PLAIN, ALONG_ALL),
            "The header of a.nrrd gives its axes directions, but names no space (space, space dimension).",
        ),
        (
            (*PLAIN, LPS, ALONG_ALL, "spacings: 9 9 9"),
            "The header of a.nrrd says twice how large a voxel is (spacings, space directions).",
        ),
        (
            (*COLORED, LPS, BESIDE_FIRST),
            "Axis 1 of a.nrrd has no direction, and its kind does not say what it counts (such as RGB-color, vector or "
            "list).",
        ),
        (
            ("dimension: 2", "sizes: 4 6", LPS, "space directions: (1,0,0) (0,2,0)"),
            "The header of a.nrrd has 2 axes with directions in a space of 3 dimensions.",
        ),
    ],
)
def test_axes_that_make_no_grid_are_refused_for_what_is_wrong_with_them(
    tmp_path: Path, lines: tuple[str, ...], expected: str
) -> None:
    assert the_reason(convert_here([written(tmp_path, *lines)], tmp_path / "out")) == expected
