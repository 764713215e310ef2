"""NRRD in, MetaImage out: attached and detached, raw and compressed, channels on any axis."""

import bz2
import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from demo.imaging import anatomy, cut_short, picture, write_image
from ingest_worker.domain.images import ColorSpace
from tests.support.conversions import convert_here, read_with_itk, same_grid, the_image, the_reason
from tests.support.odd_files import flip_bit, write_raw_header

TYPES = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64")
FIELDS = ["NRRD0004", "type: short", "dimension: 3", "sizes: 32 24 12", "endian: little"]


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("sample_type", TYPES)
def test_every_sample_type_arrives_as_itk_reads_it(
    tmp_path: Path, sample_type: str, compressed: bool
) -> None:
    source = write_image(tmp_path / "in.nrrd", anatomy().astype(sample_type), compressed=compressed)

    image = the_image(convert_here([source], tmp_path / "out"))

    expected, got = read_with_itk(source), read_with_itk(tmp_path / "out" / image.file)
    assert got.pixels.dtype == expected.pixels.dtype
    assert np.array_equal(got.pixels, expected.pixels)
    assert same_grid(got, expected)


@pytest.mark.parametrize("compressed", [False, True])
def test_a_detached_header_takes_the_data_file_uploaded_with_it(tmp_path: Path, compressed: bool) -> None:
    source = write_image(tmp_path / "in.nhdr", anatomy(), compressed=compressed)

    image = the_image(convert_here(list(tmp_path.glob("in.*")), tmp_path / "out"))

    got = read_with_itk(tmp_path / "out" / image.file)
    assert len(image.sources) == 2
    assert np.array_equal(got.pixels, anatomy())
    assert same_grid(got, read_with_itk(source))


def test_coordinates_counted_from_the_right_become_those_of_dicom(tmp_path: Path) -> None:
    lines = [
        *FIELDS,
        "space: RAS",
        "space directions: (1,0,0) (0,2,0) (0,0,3)",
        "space origin: (5,6,7)",
        "encoding: raw",
        "",
    ]
    source = write_raw_header(tmp_path / "in.nrrd", lines, anatomy().tobytes())

    image = the_image(convert_here([source], tmp_path / "out"))

    got = read_with_itk(tmp_path / "out" / image.file)
    assert same_grid(got, read_with_itk(source))
    assert got.origin == (-5.0, -6.0, 7.0)


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("raw", bytes),
        ("gzip", gzip.compress),
        ("GZ", gzip.compress),
        ("bzip2", bz2.compress),
        ("hex", lambda raw: raw.hex("\n", 35).encode() + b"\n"),
        ("Hex", lambda raw: raw.hex(" ").upper().encode()),
    ],
)
def test_encodings_and_big_endian(tmp_path: Path, encoding: str, pack: Callable[[bytes], bytes]) -> None:
    lines = [*FIELDS[:4], "endian: big", f"encoding: {encoding}", ""]
    source = write_raw_header(tmp_path / "in.nrrd", lines, pack(anatomy().astype(">i2").tobytes()))

    image = the_image(convert_here([source], tmp_path / "out"))

    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, anatomy())


@pytest.mark.parametrize(
    ("digits", "expected"),
    [
        (b"0g" * 24, "something among its pixels is no hexadecimal byte"),
        (b"00" * 23 + b"1", "something among its pixels is no hexadecimal byte"),
        (b"00" * 23, "promises 24 bytes of pixels, but only 23 are there"),
    ],
)
def test_hexadecimal_pixels_must_be_all_there(tmp_path: Path, digits: bytes, expected: str) -> None:
    lines = ["NRRD0004", "type: short", "dimension: 2", "sizes: 4 3", "endian: little", "encoding: hex", ""]
    source = write_raw_header(tmp_path / "in.nrrd", lines, digits)

    assert expected in the_reason(convert_here([source], tmp_path / "out"))


@pytest.mark.parametrize(
    ("skip", "before"),
    [("line skip: 2", b"one\ntwo\n"), ("byte skip: 7", b"1234567"), ("byte skip: -1", b"anything")],
)
def test_pixels_begin_behind_what_is_to_be_skipped(tmp_path: Path, skip: str, before: bytes) -> None:
    (tmp_path / "in.bin").write_bytes(before + anatomy().tobytes())
    source = write_raw_header(tmp_path / "in.nhdr", [*FIELDS, "encoding: raw", skip, "data file: in.bin"])

    image = the_image(convert_here([source, tmp_path / "in.bin"], tmp_path / "out"))

    got = read_with_itk(tmp_path / "out" / image.file)
    assert np.array_equal(got.pixels, anatomy())
    assert np.array_equal(got.pixels, read_with_itk(source).pixels)


@pytest.mark.parametrize(
    ("kinds", "axes"),
    [
        ("RGB-color domain domain", (0, 1, 2)),
        ("domain domain list", (2, 0, 1)),
        ("domain vector domain", (0, 2, 1)),
    ],
)
def test_channels_may_be_on_any_axis(tmp_path: Path, kinds: str, axes: tuple[int, int, int]) -> None:
    rgb = picture()
    stored = np.transpose(rgb, axes) if kinds.startswith("RGB") is False else rgb
    sizes = " ".join(map(str, stored.shape[::-1]))
    lines = [
        "NRRD0004",
        "type: uchar",
        "dimension: 3",
        f"sizes: {sizes}",
        f"kinds: {kinds}",
        "encoding: raw",
        "",
    ]
    source = write_raw_header(tmp_path / "in.nrrd", lines, np.ascontiguousarray(stored).tobytes())

    image = the_image(convert_here([source], tmp_path / "out"))

    got = read_with_itk(tmp_path / "out" / image.file)
    assert image.metadata.color_space is ColorSpace.RGB
    assert np.array_equal(got.pixels, rgb)
    assert np.array_equal(got.pixels, read_with_itk(source).pixels)


def write_series(path: Path, volumes: np.ndarray, kind: str, axis: int, *more: str) -> Path:
    """Write volumes that follow one another along one of four axes."""
    stored = np.moveaxis(volumes, 0, 3 - axis)
    kinds, directions = ["domain"] * 3, ["(0.7,0,0)", "(0,0.5, 0)", "(0,0,2.5)"]
    kinds.insert(axis, kind)
    directions.insert(axis, "none")
    lines = [
        "NRRD0005",
        "type: short",
        "dimension: 4",
        "sizes: " + " ".join(map(str, stored.shape[::-1])),
        "space: left-posterior-superior",
        "space directions: " + " ".join(directions),
        "space origin: (1,2,3)",
        "kinds: " + " ".join(kinds),
        "endian: little",
        "encoding: raw",
        *more,
        "",
    ]
    return write_raw_header(path, lines, np.ascontiguousarray(stored).tobytes())


@pytest.mark.parametrize("kind", ["list", "time"])
@pytest.mark.parametrize("axis", [0, 2, 3])
@pytest.mark.parametrize("count", [3, 5])
def test_volumes_that_follow_one_another_are_the_fourth_dimension(
    tmp_path: Path, kind: str, axis: int, count: int
) -> None:
    """ITK takes three listed volumes for red, green and blue."""
    volumes = np.stack([anatomy(4, seed=seed) for seed in range(count)])
    source = write_series(tmp_path / "in.nrrd", volumes, kind, axis)

    image = the_image(convert_here([source], tmp_path / "out"))

    got = read_with_itk(tmp_path / "out" / image.file)
    assert np.array_equal(got.pixels, volumes)
    assert (got.spacing, got.origin) == ((0.7, 0.5, 2.5, 1.0), (1.0, 2.0, 3.0, 0.0))
    listed = (f"The file lists {count} volumes, which were taken for time points.",)
    assert image.notes == (listed if kind == "list" else ())


@pytest.mark.parametrize("axis", [0, 3])
def test_layers_of_a_segmentation_are_images_of_their_own(tmp_path: Path, axis: int) -> None:
    layers = np.stack([anatomy(4, seed=seed) % 3 for seed in range(3)])
    source = write_series(tmp_path / "in.seg.nrrd", layers, "list", axis, "Segment0_ID:=Segment_1")

    images = convert_here([source], tmp_path / "out").images

    got = [read_with_itk(tmp_path / "out" / image.file).pixels for image in images]
    assert np.array_equal(got, layers)
    assert [image.notes for image in images] == [
        (f"This is layer {number} of 3 of a segmentation.",) for number in (1, 2, 3)
    ]


@pytest.mark.parametrize("sizes", ["60", "5 4 3 1 1", "5 2 2 3 1 1"])
def test_what_has_no_place_in_an_image_of_four_dimensions_is_refused(tmp_path: Path, sizes: str) -> None:
    count = len(sizes.split())
    lines = [
        "NRRD0004",
        "type: short",
        f"dimension: {count}",
        f"sizes: {sizes}",
        "encoding: raw",
        "endian: little",
    ]
    source = write_raw_header(tmp_path / "in.nrrd", [*lines, ""], bytes(120))

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert reason == (
        f"The image in.nrrd has {count} dimensions; images of 2, 3 and 4 dimensions can be imported."
    )


def test_a_list_of_one_volume_is_that_volume(tmp_path: Path) -> None:
    source = write_series(tmp_path / "in.nrrd", anatomy(4)[None], "list", 0)

    image = the_image(convert_here([source], tmp_path / "out"))

    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, anatomy(4))
    assert image.metadata.timepoints is None


def test_pixels_written_as_text_are_what_itk_reads(tmp_path: Path) -> None:
    lines = [line for line in FIELDS if not line.startswith("endian")] + ["encoding: ascii", ""]
    numbers = " ".join(map(str, anatomy().ravel()))
    source = write_raw_header(tmp_path / "in.nrrd", lines, numbers.encode())

    image = the_image(convert_here([source], tmp_path / "out"))

    got = read_with_itk(tmp_path / "out" / image.file)
    assert np.array_equal(got.pixels, anatomy())
    assert np.array_equal(got.pixels, read_with_itk(source).pixels)


def test_window_is_taken_from_key_value_pairs(tmp_path: Path) -> None:
    lines = [*FIELDS, "encoding: raw", "WindowCenter:=40", "WindowWidth:=350", ""]
    source = write_raw_header(tmp_path / "in.nrrd", lines, anatomy().tobytes())

    image = the_image(convert_here([source], tmp_path / "out"))

    assert (image.metadata.window_center, image.metadata.window_width) == (40.0, 350.0)


@pytest.mark.parametrize("compressed", [False, True])
def test_a_file_cut_short_is_refused(tmp_path: Path, compressed: bool) -> None:
    source = cut_short(write_image(tmp_path / "in.nrrd", anatomy(), compressed=compressed), keep=0.9)

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert ("damaged" if compressed else "incomplete") in reason


def test_a_flipped_bit_in_gzip_is_noticed(tmp_path: Path) -> None:
    source = flip_bit(write_image(tmp_path / "in.nrrd", anatomy(), compressed=True), 0.7)

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert "damaged" in reason


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("data file: /etc/passwd", "outside the upload"),
        ("data file: ../x.raw", "outside the upload"),
        ("datafile: gone.raw", "gone.raw, was not uploaded"),
        ("data file: LIST", "spread over a list of files"),
        ("data file: LIST 2\nslice 1.raw\nslice 2.raw", "spread over a list of files"),
        ("data file: x%02d.raw 1 4 1", "spread over a list of files"),
        ("encoding: zrl", "neither raw, nor text or hex, nor compressed"),
        ("type: block", "no type of pixels"),
        ("endian: middle", "in which order the bytes"),
        ("sizes: 32 24", "no usable sizes"),
        ("byte skip: -2", "unusable byte skip"),
    ],
)
def test_a_header_that_cannot_be_followed_says_why(tmp_path: Path, line: str, expected: str) -> None:
    field = line.split(":", maxsplit=1)[0]
    lines = [each for each in [*FIELDS, "encoding: raw"] if not each.startswith(f"{field}:")]
    source = write_raw_header(tmp_path / "in.nhdr", [*lines, line, ""], anatomy().tobytes())

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert expected in reason


@pytest.mark.parametrize(
    ("units", "millimetres"),
    [
        ('space units: "cm" "cm" "cm"', 10),
        ('space units: "\u00b5m" "um" "\u03bcm"', 0.001),
        ('units: "m" "m" "m"', 1000),
        ('space units: "mm" "mm" "mm"', 1),
        ('space units: "" "" ""', 1),
    ],
)
def test_space_is_measured_in_the_unit_the_header_says(
    tmp_path: Path, units: str, millimetres: float
) -> None:
    """ITK reads the numbers alone."""
    grid = ["space: LPS", "space directions: (2,0,0) (0,3,0) (0,0,4)", "space origin: (5,6,7)"]
    source = write_raw_header(
        tmp_path / "in.nrrd", [*FIELDS, *grid, units, "encoding: raw", ""], anatomy().tobytes()
    )

    image = the_image(convert_here([source], tmp_path / "out"))

    found = read_with_itk(tmp_path / "out" / image.file)
    assert np.allclose((*found.spacing, *found.origin), millimetres * np.arange(2, 8))


def test_axes_in_different_units_are_refused(tmp_path: Path) -> None:
    lines = [*FIELDS, 'units: "mm" "mm" "cm"', "encoding: raw", ""]
    source = write_raw_header(tmp_path / "in.nrrd", lines, anatomy().tobytes())

    assert "in different units" in the_reason(convert_here([source], tmp_path / "out"))


@pytest.mark.parametrize(
    ("directions", "expected"),
    [
        ("(0,0,0) (0,1,0) (0,0,1)", "voxels have no size"),
        ("(1,0,0) (1,0,0) (0,0,1)", "point the same way, or one nowhere"),
    ],
)
def test_numbers_that_make_no_grid_are_refused(tmp_path: Path, directions: str, expected: str) -> None:
    lines = ["space: LPS", f"space directions: {directions}", "encoding: raw", ""]
    source = write_raw_header(tmp_path / "in.nrrd", [*FIELDS, *lines], anatomy().tobytes())

    assert expected in the_reason(convert_here([source], tmp_path / "out"))


def test_an_unknown_version_is_refused(tmp_path: Path) -> None:
    source = write_raw_header(
        tmp_path / "in.nrrd", ["NRRD0009", *FIELDS[1:], "encoding: raw", ""], anatomy().tobytes()
    )

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert reason == "The file in.nrrd has an unknown NRRD version."
