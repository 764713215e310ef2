"""MetaImage in, MetaImage out: equal to what ITK reads, and no trust in what a header says."""

import zlib
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from demo.imaging import Grid, anatomy, cut_short, picture, write_image
from ingest_worker.domain.budget import Budget
from ingest_worker.domain.images import ColorSpace
from tests.support.conversions import convert_here, read_with_itk, same_grid, the_image, the_reason
from tests.support.odd_files import flip_bit, write_raw_header

TYPES = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64")
OBLIQUE = Grid((0.7, 0.5, 2.5), (-120.5, 3.25, 40.0), ((0.8, 0.6, 0.0), (0.0, 0.0, -1.0)))
HEADER = ["ObjectType = Image", "NDims = 2", "DimSize = 4 3", "ElementType = MET_UCHAR"]


TEXT_HEADER = ["NDims = 3", "DimSize = 32 24 4", "ElementSpacing = 1 2 3", "BinaryData = False"]


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("sample_type", TYPES)
def test_every_sample_type_arrives_as_itk_reads_it(
    tmp_path: Path, sample_type: str, compressed: bool
) -> None:
    source = write_image(
        tmp_path / "ct.mha", anatomy().astype(sample_type), grid=OBLIQUE, compressed=compressed
    )

    image = the_image(convert_here([source], tmp_path / "out"))

    expected, got = read_with_itk(source), read_with_itk(tmp_path / "out" / image.file)
    assert got.pixels.dtype == expected.pixels.dtype
    assert np.array_equal(got.pixels, expected.pixels)
    assert same_grid(got, expected)


@pytest.mark.parametrize("suffix", [".mha", ".mhd"])
@pytest.mark.parametrize(
    ("shape", "colored"),
    [((7, 9), False), ((5, 7, 9), False), ((3, 5, 7, 9), False), ((7, 9, 3), True), ((5, 7, 9, 4), True)],
)
def test_planes_volumes_time_and_colour_keep_their_shape(
    tmp_path: Path, shape: tuple[int, ...], colored: bool, suffix: str
) -> None:
    pixels = np.random.default_rng(1).integers(0, 255, shape).astype("uint8")
    source = write_image(tmp_path / f"in{suffix}", pixels, colored=colored, compressed=True)

    image = the_image(convert_here(list(tmp_path.glob("in.*")), tmp_path / "out"))

    expected, got = read_with_itk(source), read_with_itk(tmp_path / "out" / image.file)
    assert np.array_equal(got.pixels, expected.pixels)
    assert same_grid(got, expected)


def test_what_is_known_of_an_image_comes_from_its_header(tmp_path: Path) -> None:
    metadata = {
        "PatientID": "P1",
        "StudyDate": "20240229",
        "WindowCenter": "[40, 50]",
        "WindowWidth": "[400, 5]",
    }
    source = write_image(tmp_path / "ct.mha", anatomy(), metadata=metadata | {"PatientAge": "45"})

    image = the_image(convert_here([source], tmp_path / "out"))

    found = image.metadata
    assert (found.width, found.height, found.depth, found.timepoints) == (32, 24, 12, None)
    assert (found.voxel_width_mm, found.voxel_height_mm, found.voxel_depth_mm) == (0.7, 0.5, 2.5)
    assert (found.patient_id, str(found.study_date), found.patient_age) == ("P1", "2024-02-29", "")
    assert (found.window_center, found.window_width) == (40.0, 400.0)
    assert image.notes == ("The field PatientAge is not written as DICOM requires and was left out.",)


def header_of(path: Path) -> dict[str, str]:
    read = sitk.ReadImage(str(path))
    return {key: read.GetMetaData(key) for key in read.GetMetaDataKeys()}


TIMES = "101500 101501.5 101502.123456"
KEPT: list[tuple[tuple[int, ...], dict[str, str]]] = [
    ((3, 4, 5, 6), {"ContentTimes": TIMES, "Exposures": "1 2.5 3"}),
    ((4, 5, 6), {"ContentTimes": "101500", "Exposures": "7"}),
    ((4, 5, 6), {"WindowCenter": "40", "WindowWidth": "400"}),
    ((4, 5, 6), {"WindowCenter": "[40, -600]", "WindowWidth": "[400, 1500]"}),
    ((4, 5, 6), {"SliceThickness": "2.5", "Laterality": "L", "t0": "1", "t1": "2e3"}),
]
LEFT_OUT: list[tuple[tuple[int, ...], dict[str, str]]] = [
    ((3, 4, 5, 6), {"ContentTimes": "101500 101501"}),
    ((3, 4, 5, 6), {"Exposures": "1"}),
    ((4, 5, 6), {"Exposures": "1 2"}),
    ((4, 5, 6), {"Exposures": "[1, 2]"}),
    ((4, 5, 6), {"ContentTimes": "10:15"}),
    ((4, 5, 6), {"WindowCenter": "[40, 50]", "WindowWidth": "[400]"}),
    ((4, 5, 6), {"WindowCenter": "40", "WindowWidth": "[400]"}),
    ((4, 5, 6), {"WindowCenter": "40, 50", "WindowWidth": "400, 500"}),
    ((4, 5, 6), {"WindowCenter": "[40]"}),
    ((4, 5, 6), {"SliceThickness": "None"}),
]


@pytest.mark.parametrize(("shape", "fields"), KEPT)
def test_fields_that_keep_the_rules_are_carried_on(
    tmp_path: Path, shape: tuple[int, ...], fields: dict[str, str]
) -> None:
    source = write_image(tmp_path / "ct.mha", np.zeros(shape, np.int16), metadata=fields)

    image = the_image(convert_here([source], tmp_path / "out"))

    carried = header_of(tmp_path / "out" / image.file)
    assert {key: carried[key] for key in fields} == fields
    assert image.notes == ()


@pytest.mark.parametrize(("shape", "fields"), LEFT_OUT)
def test_fields_that_break_the_rules_are_left_out_with_a_note(
    tmp_path: Path, shape: tuple[int, ...], fields: dict[str, str]
) -> None:
    source = write_image(tmp_path / "ct.mha", np.zeros(shape, np.int16), metadata=fields)

    image = the_image(convert_here([source], tmp_path / "out"))

    assert not fields.keys() & header_of(tmp_path / "out" / image.file).keys()
    assert (image.metadata.window_center, image.metadata.window_width) == (None, None)
    assert image.notes == tuple(f"The field {key} is not usable and was left out." for key in fields)


@pytest.mark.parametrize(
    ("code", "modality"), [("CT", "CT"), ("MET_MOD_MR", "MR"), ("MET_MOD_UNKNOWN", None), ("", None)]
)
def test_the_modality_is_known_by_the_code_of_dicom(tmp_path: Path, code: str, modality: str | None) -> None:
    lines = [*HEADER, f"Modality = {code}", "ElementDataFile = LOCAL"]
    source = write_raw_header(tmp_path / "a.mha", lines, bytes(range(12)))

    assert the_image(convert_here([source], tmp_path / "out")).metadata.modality == modality


def test_no_patient_data_reaches_the_canonical_file(tmp_path: Path) -> None:
    source = write_image(tmp_path / "ct.mha", anatomy(), metadata={"PatientName": "Muster^Erika"})

    image = the_image(convert_here([source], tmp_path / "out"))

    assert image.metadata.patient_name == "Muster^Erika"
    assert b"Muster" not in (tmp_path / "out" / image.file).read_bytes()


def test_a_detached_header_takes_the_data_file_uploaded_with_it(tmp_path: Path) -> None:
    write_image(tmp_path / "ct.mhd", anatomy(), compressed=True)
    files = {"Case 1/CT.MHD": tmp_path / "ct.mhd", "Case 1/CT.zraw": tmp_path / "ct.zraw"}

    image = the_image(convert_here(files, tmp_path / "out"))

    assert [source.name for source in image.sources] == ["Case 1/CT.MHD", "Case 1/CT.zraw"]
    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, anatomy())


def test_gzip_and_big_endian_pixels_are_understood(tmp_path: Path) -> None:
    import gzip

    pixels = anatomy()
    lines = ["NDims = 3", "DimSize = 32 24 12", "BinaryDataByteOrderMSB = True", "CompressedData = True"]
    lines += ["ElementType = MET_SHORT", "ElementDataFile = LOCAL"]
    source = write_raw_header(tmp_path / "ct.mha", lines, gzip.compress(pixels.astype(">i2").tobytes()))

    image = the_image(convert_here([source], tmp_path / "out"))

    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, pixels)


@pytest.mark.parametrize(("size", "offset"), [(5, "5"), (7, "-1")])
def test_pixels_begin_where_header_size_says(tmp_path: Path, size: int, offset: str) -> None:
    (tmp_path / "a.raw").write_bytes(b"#" * size + bytes(range(12)))
    lines = [*HEADER, f"HeaderSize = {offset}", "ElementDataFile = a.raw"]
    write_raw_header(tmp_path / "a.mhd", lines)

    image = the_image(convert_here([tmp_path / "a.mhd", tmp_path / "a.raw"], tmp_path / "out"))

    got = read_with_itk(tmp_path / "out" / image.file)
    assert got.pixels.ravel().tolist() == list(range(12))
    assert np.array_equal(got.pixels, read_with_itk(tmp_path / "a.mhd").pixels)


@pytest.mark.parametrize("compressed", [False, True])
def test_a_file_cut_short_is_refused(tmp_path: Path, compressed: bool) -> None:
    source = cut_short(write_image(tmp_path / "ct.mha", anatomy(), compressed=compressed), keep=0.9)

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert "ct.mha is" in reason
    assert ("damaged" if compressed else "incomplete") in reason


@pytest.mark.parametrize("position", [0.4, 0.7, 0.99, -1, -4])
def test_a_flipped_bit_in_compressed_pixels_is_noticed(tmp_path: Path, position: float) -> None:
    source = flip_bit(write_image(tmp_path / "ct.mha", anatomy(), compressed=True), position)

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert reason == "The file ct.mha is damaged: its compressed data or their checksum are wrong."


def test_more_pixels_than_the_header_says_are_refused_when_far_too_many(tmp_path: Path) -> None:
    lines = [*HEADER, "CompressedData = True", "ElementDataFile = LOCAL"]
    source = write_raw_header(tmp_path / "bomb.mha", lines, zlib.compress(b"\0" * 2**26, 9))

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert reason == "The file bomb.mha holds far more data than its header announces."


def test_a_few_bytes_too_many_are_mentioned(tmp_path: Path) -> None:
    source = write_raw_header(
        tmp_path / "a.mha", [*HEADER, "ElementSpacing = 1 1", "ElementDataFile = LOCAL"], bytes(15)
    )

    image = the_image(convert_here([source], tmp_path / "out"))

    assert image.notes == ("a.mha holds 3 bytes more than its header describes; they were left out.",)


@pytest.mark.parametrize(
    "data_file",
    ["/etc/passwd", "../secret.raw", "..\\secret.raw", "C:\\secret.raw", "folder/../../secret.raw"],
)
def test_data_outside_the_upload_is_never_followed(tmp_path: Path, data_file: str) -> None:
    (tmp_path / "secret.raw").write_bytes(b"x" * 12)
    header = write_raw_header(tmp_path / "in" / "a.mhd", [*HEADER, f"ElementDataFile = {data_file}"])

    reason = the_reason(convert_here([header], tmp_path / "out"))

    assert reason == "The header names a pixel data file outside the upload, which is never followed."


def write_small(path: Path, *lines: str, sample_type: str = "MET_UCHAR", size: str = "4 3 2") -> Path:
    """Write a small header with these lines in it, and bytes enough behind it."""
    header = [
        "ObjectType = Image", "NDims = 3", *lines, f"DimSize = {size}", f"ElementType = {sample_type}",
        "ElementDataFile = LOCAL",
    ]  # fmt: skip
    return write_raw_header(path, header, bytes(range(72))[: 72 if "ARRAY" in sample_type else 24])


def test_a_negative_spacing_turns_the_axis_around(tmp_path: Path) -> None:
    source = write_small(tmp_path / "in.mha", "ElementSpacing = -0.5 1 2", "Offset = 1 2 3")

    image = the_image(convert_here([source], tmp_path / "out"))

    got = read_with_itk(tmp_path / "out" / image.file)
    assert got.spacing == (0.5, 1, 2)
    assert got.direction[0] == -1
    assert same_grid(got, read_with_itk(source))
    assert image.metadata.voxel_width_mm == 0.5


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("ElementSpacing = 0 1 1", "voxels have no size"),
        ("TransformMatrix = 1 0 0 1 0 0 0 0 1", "point the same way, or one nowhere"),
        ("TransformMatrix = 0 0 0 0 0 0 0 0 0", "point the same way, or one nowhere"),
    ],
)
def test_numbers_that_make_no_grid_are_refused_as_nobody_could_read_the_result(
    tmp_path: Path, line: str, expected: str
) -> None:
    source = write_small(tmp_path / "in.mha", line)

    assert expected in the_reason(convert_here([source], tmp_path / "out"))


@pytest.mark.parametrize(("unit", "millimetres"), [("cm", 10), ("um", 0.001), ("mm", 1), ("?", 1)])
def test_space_is_measured_in_the_unit_the_header_says(tmp_path: Path, unit: str, millimetres: float) -> None:
    """ITK reads the numbers alone."""
    lines = ["ElementSpacing = 2 3 4", "Offset = 5 6 7", f"DistanceUnits = {unit}"]

    image = the_image(convert_here([write_small(tmp_path / "in.mha", *lines)], tmp_path / "out"))

    found = read_with_itk(tmp_path / "out" / image.file)
    assert np.allclose((*found.spacing, *found.origin), millimetres * np.arange(2, 8))


def test_old_writers_call_samples_of_many_channels_arrays(tmp_path: Path) -> None:
    source = write_small(tmp_path / "in.mha", "ElementNumberOfChannels = 3", sample_type="MET_UCHAR_ARRAY")

    image = the_image(convert_here([source], tmp_path / "out"))

    assert image.metadata.color_space is ColorSpace.RGB
    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, read_with_itk(source).pixels)


@pytest.mark.parametrize("data_file", ["LIST", "LIST 2", "slice%03d.raw 1 3 1"])
def test_a_list_of_files_is_refused_even_beside_a_decoy_of_its_name(tmp_path: Path, data_file: str) -> None:
    lines = [*HEADER, f"ElementDataFile = {data_file}", "/etc/passwd"]
    header = write_raw_header(tmp_path / "a.mhd", lines)
    decoy = tmp_path / data_file.split(maxsplit=1)[0]
    decoy.write_bytes(b"x" * 12)

    report = convert_here([header, decoy], tmp_path / "out")

    assert not report.images
    assert {one.file: one.reasons[0] for one in report.rejected}["a.mhd"].endswith(
        "spread over a list of files, which cannot be imported."
    )


def test_a_header_without_its_data_says_which_file_is_missing(tmp_path: Path) -> None:
    header = write_raw_header(tmp_path / "a.mhd", [*HEADER, "ElementDataFile = a.raw"])

    reason = the_reason(convert_here([header], tmp_path / "out"))

    assert reason == "The pixel data file named in the header, a.raw, was not uploaded with it."


def test_two_headers_may_share_their_data(tmp_path: Path) -> None:
    (tmp_path / "a.raw").write_bytes(bytes(range(12)))
    headers = [
        write_raw_header(tmp_path / name, [*HEADER, "ElementDataFile = a.raw"]) for name in ("1.mhd", "2.mhd")
    ]

    report = convert_here([*headers, tmp_path / "a.raw"], tmp_path / "out")

    assert [image.name for image in report.images] == ["1.mhd", "2.mhd"]
    assert not report.rejected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("NDims = 5", "has 5 dimensions"),
        ("NDims = 1", "has 1 dimensions"),
        ("DimSize = 4", "no usable DimSize"),
        ("DimSize = 4 0", "no usable DimSize"),
        ("DimSize = 4 -3", "no usable DimSize"),
        ("DimSize = four three", "something other than whole numbers in DimSize"),
        ("ElementType = MET_OTHER", "no ElementType that can be imported"),
        ("ElementNumberOfChannels = 2", "has 2 values per pixel"),
        ("ElementNumberOfChannels = 5", "has 5 values per pixel"),
        ("BinaryData = False", "something among its pixels is no number"),
        ("HeaderSize = -7", "HeaderSize that cannot be followed"),
    ],
)
def test_a_header_that_cannot_be_followed_says_why(tmp_path: Path, change: str, expected: str) -> None:
    key = change.split(" = ", maxsplit=1)[0]
    lines = [line for line in HEADER if not line.startswith(f"{key} ")] + [change, "ElementDataFile = LOCAL"]
    source = write_raw_header(tmp_path / "a.mha", lines, bytes(100))

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert expected in reason


def test_two_orders_of_bytes_are_refused_where_they_matter(tmp_path: Path) -> None:
    contradiction = ["BinaryDataByteOrderMSB = False", "ElementByteOrderMSB = True"]
    words, single = (
        write_raw_header(
            tmp_path / name,
            [
                "NDims = 2",
                "DimSize = 4 3",
                *contradiction,
                f"ElementType = {kind}",
                "ElementDataFile = LOCAL",
            ],
            bytes(size),
        )
        for name, kind, size in (("words.mha", "MET_SHORT", 24), ("bytes.mha", "MET_UCHAR", 12))
    )

    reason = the_reason(convert_here([words], tmp_path / "out1"))

    assert reason.startswith("The header of words.mha says two things of the order of bytes")
    assert the_image(convert_here([single], tmp_path / "out2")).sample_type == "uint8"


@pytest.mark.parametrize(
    ("sample_type", "name"), [("int16", "MET_SHORT"), ("uint8", "MET_UCHAR"), ("float64", "MET_DOUBLE")]
)
def test_pixels_written_as_text_are_what_itk_reads(tmp_path: Path, sample_type: str, name: str) -> None:
    pixels = (anatomy(4) % 250).astype(sample_type) / (7 if sample_type == "float64" else 1)
    numbers = " ".join(repr(value) for value in pixels.astype(sample_type).ravel().tolist())
    lines = [f"ElementType = {name}", *TEXT_HEADER, "ElementDataFile = LOCAL"]
    source = write_raw_header(tmp_path / "a.mha", lines, numbers.encode() + b"\n")

    image = the_image(convert_here([source], tmp_path / "out"))

    got = read_with_itk(tmp_path / "out" / image.file)
    assert got.pixels.dtype == sample_type
    assert np.array_equal(got.pixels, pixels)
    assert np.allclose(got.pixels, read_with_itk(source).pixels, rtol=1e-5)


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ("1 " * 3071, "promises 6144 bytes of pixels, but only 6142 are there"),
        ("1 " * 3073, "holds more numbers than its header announces"),
        ("1 " * 3071 + "x", "something among its pixels is no number"),
        ("1 " * 3071 + "40000", "something among its pixels is no number, or none of its type"),
        ("1 " * 3071 + "1_0", "something among its pixels is no number"),
        ("1" * 2_000_000, "something among its pixels is no number"),
    ],
)
def test_text_that_is_not_the_announced_pixels_is_refused(
    tmp_path: Path, numbers: str, expected: str
) -> None:
    lines = ["ElementType = MET_SHORT", *TEXT_HEADER, "ElementDataFile = LOCAL"]
    source = write_raw_header(tmp_path / "a.mha", lines, numbers.encode())

    assert expected in the_reason(convert_here([source], tmp_path / "out"))


def test_a_number_in_text_that_only_a_longer_float_holds_is_not_made_infinite(tmp_path: Path) -> None:
    lines = ["ElementType = MET_FLOAT", *TEXT_HEADER, "ElementDataFile = LOCAL"]
    source = write_raw_header(tmp_path / "a.mha", lines, ("1 " * 3071 + "1e39").encode())

    assert "none of its type" in the_reason(convert_here([source], tmp_path / "out"))


def test_size_is_compared_with_the_budget_before_pixels_are_read(tmp_path: Path) -> None:
    lines = ["NDims = 3", "DimSize = 60000 60000 60000", "ElementType = MET_SHORT", "ElementDataFile = LOCAL"]
    source = write_raw_header(tmp_path / "huge.mha", lines, bytes(100))

    reason = the_reason(convert_here([source], tmp_path / "out", budget=Budget(image_bytes=2**30)))

    assert (
        reason == "The image huge.mha would take 4.02e+05 GB uncompressed, but at most 1 GB is allowed here."
    )


def test_an_endless_header_is_refused(tmp_path: Path) -> None:
    lines = ["NDims = 2", "DimSize = 4 3", *[f"Junk{number} = 1" for number in range(10_001)]]
    source = write_raw_header(tmp_path / "a.mha", lines)

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert reason == "The header of a.mha has more than 10000 lines."


def test_the_same_key_twice_is_refused_because_readers_disagree_which_counts(tmp_path: Path) -> None:
    source = write_raw_header(
        tmp_path / "a.mha", [*HEADER, "DimSize = 2 2", "ElementDataFile = LOCAL"], bytes(20)
    )

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert reason == "The header of a.mha has the key DimSize twice."


def test_a_label_map_lists_its_labels(tmp_path: Path) -> None:
    labels = np.zeros((4, 5, 6), np.uint8)
    labels[1:3, 2] = 3
    labels[2, 4, 5] = 17
    source = write_image(tmp_path / "seg.mha", labels)

    image = the_image(convert_here([source], tmp_path / "out"))

    assert image.metadata.segments == (0, 3, 17)


def test_an_ordinary_eight_bit_volume_has_no_segments(tmp_path: Path) -> None:
    source = write_image(tmp_path / "x.mha", np.arange(65, dtype=np.uint8).reshape(1, 5, 13))

    image = the_image(convert_here([source], tmp_path / "out"))

    assert image.metadata.segments is None


def test_masks_along_the_fourth_axis_are_segments_rather_than_time(tmp_path: Path) -> None:
    masks = np.random.default_rng(2).integers(0, 2, (3, 4, 5, 6)).astype(np.uint8)
    source = write_image(tmp_path / "masks.mha", masks)

    image = the_image(convert_here([source], tmp_path / "out"))

    assert (image.metadata.segments, image.metadata.timepoints) == ((1, 2, 3), None)


def test_colour_is_named(tmp_path: Path) -> None:
    source = write_image(tmp_path / "rgb.mha", picture(), colored=True)

    image = the_image(convert_here([source], tmp_path / "out"))

    assert image.metadata.color_space is ColorSpace.RGB
    assert (image.metadata.depth, image.metadata.voxel_depth_mm) == (None, None)
