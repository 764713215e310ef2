"""TIFFs of microscopes: what ImageJ and OME say of voxels, channels, slices and points in time is heeded."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from demo.imaging import cut_short, picture
from ingest_worker.adapters.readers.tiff_axes import Axes, described_axes
from ingest_worker.domain.images import ImageType
from tests.support.conversions import convert_here, read_with_itk, the_image, the_reason

STACK = np.random.default_rng(5).integers(0, 9999, (2, 3, 4, 20, 30)).astype(np.uint16)
"""Two points in time, three slices, four channels."""

OME_SIZE: dict[str, Any] = {"PhysicalSizeX": 0.5, "PhysicalSizeY": 0.25, "PhysicalSizeZ": 2}


def write_imagej(path: Path, pixels: np.ndarray, axes: str, *, unit: str = "um", **options: Any) -> Path:
    """Write as ImageJ does: pixels per unit in tags without a unit, which stands in the description."""
    metadata = {"axes": axes, "unit": unit, "spacing": 2.0}
    tifffile.imwrite(path, pixels, imagej=True, resolution=(2, 4), metadata=metadata, **options)
    return path


def write_ome(path: Path, pixels: np.ndarray, axes: str, **options: Any) -> Path:
    tifffile.imwrite(path, pixels, ome=True, metadata={"axes": axes, **OME_SIZE}, **options)
    return path


def write(kind: str, path: Path, pixels: np.ndarray, axes: str) -> Path:
    if kind == "ImageJ":
        return write_imagej(path, pixels, axes)
    return write_ome(path, pixels, axes, photometric="minisblack")


@pytest.mark.parametrize("kind", ["ImageJ", "OME"])
def test_slices_lie_as_far_apart_as_the_description_says(tmp_path: Path, kind: str) -> None:
    source = write(kind, tmp_path / "in.tif", STACK[0, :, 0], "ZYX")

    image = the_image(convert_here([source], tmp_path / "out"))

    found, known = read_with_itk(tmp_path / "out" / image.file), image.metadata
    assert np.array_equal(found.pixels, STACK[0, :, 0])
    assert np.allclose(found.spacing, (0.0005, 0.00025, 0.002))
    assert (known.voxel_width_mm, known.voxel_height_mm, known.voxel_depth_mm) == found.spacing
    assert image.notes == ()


@pytest.mark.parametrize(
    ("kind", "order"), [("ImageJ", "TZC"), ("OME", "TZC"), ("OME", "TCZ"), ("OME", "ZCT"), ("OME", "CZT")]
)
def test_channels_are_images_and_time_is_the_fourth_dimension(tmp_path: Path, kind: str, order: str) -> None:
    stored = np.transpose(STACK, [*("TZC".index(axis) for axis in order), 3, 4])
    source = write(kind, tmp_path / "in.tif", np.ascontiguousarray(stored), f"{order}YX")

    report = convert_here([source], tmp_path / "out")

    assert [image.name for image in report.images] == ["in.tif", "in.tif (2)", "in.tif (3)", "in.tif (4)"]
    for channel, image in enumerate(report.images):
        assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, STACK[:, :, channel])
        assert (image.metadata.depth, image.metadata.timepoints) == (3, 2)
        assert image.notes == (f"This is channel {channel + 1} of 4.",)


def test_channels_of_one_plane_are_pictures(tmp_path: Path) -> None:
    source = write_ome(tmp_path / "in.tif", STACK[0, 0], "CYX", photometric="minisblack")

    report = convert_here([source], tmp_path / "out")

    assert [image.metadata.depth for image in report.images] == [None] * 4
    assert np.array_equal(read_with_itk(tmp_path / "out" / report.images[1].file).pixels, STACK[0, 0, 1])


def test_colours_of_a_pixel_are_no_channels(tmp_path: Path) -> None:
    source = write_ome(tmp_path / "in.tif", picture(200, 300), "YXS", photometric="rgb")

    image = the_image(convert_here([source], tmp_path / "out"))

    assert image.type is ImageType.TIFF
    assert np.array_equal(tifffile.imread(tmp_path / "out" / image.file, key=0), picture(200, 300))
    assert image.metadata.voxel_width_mm == pytest.approx(0.0005)
    assert image.metadata.voxel_height_mm == pytest.approx(0.00025)


def test_the_canonical_pyramid_says_what_only_the_description_said(tmp_path: Path) -> None:
    source = write_ome(tmp_path / "in.tif", picture(60, 60), "YXS", photometric="rgb", tile=(64, 64))

    image = the_image(convert_here([source], tmp_path / "out"))

    with tifffile.TiffFile(tmp_path / "out" / image.file) as made:
        across, units = made.pages.first.tags["XResolution"].value
        assert made.pages.first.tags["ResolutionUnit"].value == 3
    assert 10 * units / across == pytest.approx(0.0005)


def test_planes_that_lie_elsewhere_than_their_order_says_stay_slices_in_their_order(tmp_path: Path) -> None:
    source = write_ome(tmp_path / "in.tif", STACK[0, :, :2], "ZCYX", photometric="minisblack")
    text = str(tifffile.tiffcomment(source))
    listed = '<TiffData IFD="0" FirstC="1" PlaneCount="1"/>'
    start, end = text.index("<TiffData"), text.index("</Pixels>")
    tifffile.tiffcomment(source, (text[:start] + listed + text[end:]).encode())

    image = the_image(convert_here([source], tmp_path / "out"))

    assert image.metadata.depth == 6
    assert "imported as slices" in image.notes[0]


@pytest.mark.parametrize("unit", ["um", "micron", "\u00b5m", "\\u00B5m"])
def test_units_are_understood_however_they_are_spelt(tmp_path: Path, unit: str) -> None:
    source = write_imagej(tmp_path / "in.tif", STACK[0, :, 0], "ZYX", unit="mm")
    text = str(tifffile.tiffcomment(source)).replace("unit=mm", f"unit={unit}")
    tifffile.tiffcomment(source, text.encode("utf-8"))

    image = the_image(convert_here([source], tmp_path / "out"))

    assert image.metadata.voxel_depth_mm == pytest.approx(0.002)


def test_a_stack_in_pixels_does_not_say_how_large_they_are(tmp_path: Path) -> None:
    source = write_imagej(tmp_path / "in.tif", STACK[0, :, 0], "ZYX", unit="pixel")

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert reason == "The TIFF file in.tif does not say how large a pixel is (resolution and its unit)."


@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_pages_behind_the_only_directory_are_found(tmp_path: Path, byteorder: Any) -> None:
    """ImageJ writes so what is larger than 4 GB."""
    source = write_imagej(tmp_path / "in.tif", STACK[0], "ZCYX", truncate=True, byteorder=byteorder)
    with tifffile.TiffFile(source) as written:
        assert len(written.pages) == 1

    report = convert_here([source], tmp_path / "out")

    got = [read_with_itk(tmp_path / "out" / image.file).pixels for image in report.images]
    assert np.array_equal(np.stack(got, axis=1), STACK[0])


def test_pages_behind_the_only_directory_must_all_be_there(tmp_path: Path) -> None:
    source = cut_short(write_imagej(tmp_path / "in.tif", STACK[0, :, 0], "ZYX", truncate=True), keep=0.8)

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert "is incomplete" in reason


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("images=999999999\nframes=999999999", "more than 10000 pages"),
        ("images=9999\nchannels=3333", "is incomplete"),
    ],
)
def test_a_description_cannot_order_memory(tmp_path: Path, said: str, reason: str) -> None:
    source = write_imagej(tmp_path / "in.tif", STACK[0, :, 0], "ZYX", truncate=True)
    text = str(tifffile.tiffcomment(source))
    tifffile.tiffcomment(source, f"ImageJ=1.54\n{said}\n{text.partition(chr(10))[2]}".encode())

    assert reason in the_reason(convert_here([source], tmp_path / "out"))


@pytest.mark.parametrize("kind", ["ImageJ", "OME"])
def test_a_picture_that_was_taken_out_of_a_stack_is_one(tmp_path: Path, kind: str) -> None:
    """It keeps the description; so does each file of a set of OME's, which lists the planes of the others too."""
    source = write(kind, tmp_path / "in.tif", STACK[0, 0, 0], "YX")
    text = str(tifffile.tiffcomment(source)).replace("images=1", "images=7").replace('SizeZ="1"', 'SizeZ="7"')
    tifffile.tiffcomment(source, text.encode())

    image = the_image(convert_here([source], tmp_path / "out"))

    assert image.type is ImageType.TIFF
    assert np.array_equal(tifffile.imread(tmp_path / "out" / image.file, key=0), STACK[0, 0, 0])
    assert image.notes == ("The file describes 7 pages, and holds 1.",)


@pytest.mark.parametrize("said", ["<Pixels {}>".format("a" * 10**6), "<Pixels>" + "<TiffData " * 10**5])
def test_a_description_cannot_order_time(said: str) -> None:
    """Looking from each letter to the end of the word, or of the text, would take hours."""
    assert described_axes(said, None, samples=1) == Axes(in_order=False)
