"""A pyramid keeps its tiles and loses everything it says of anybody; one whose tiles say something is made anew."""

from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import tifffile
from PIL import Image

from demo.imaging import picture
from ingest_worker.adapters.writers.kept_pyramid import says_more_than_pixels
from ingest_worker.conversion import convert
from ingest_worker.domain.formats import SlideFormat
from tests.support.conversions import convert_here, the_image
from tests.support.stored_tiles import stored_tiles

PATIENT = "Doe^Jane 1970-01-31"
TEXTS: dict[str, Any] = {
    "description": PATIENT,
    "software": PATIENT,
    "datetime": "1970:01:31 00:00:00",
    "extratags": [
        (315, 2, 0, PATIENT, True),
        (700, 1, len(PATIENT), PATIENT.encode(), True),
        (65000, 2, 0, PATIENT, True),
    ],
}
RESOLUTION: dict[str, Any] = {"resolution": (100, 50), "resolutionunit": "CENTIMETER", "metadata": None}
JPEG: dict[str, Any] = {"compression": "jpeg", "photometric": "ycbcr"}


def write_pyramid(path: Path, *, levels: int = 3, order: Literal["<", ">"] = "<", **options: Any) -> Path:
    pixels = picture(200, 300)
    with tifffile.TiffWriter(path, byteorder=order) as writer:
        for level in range(levels):
            written = {"tile": (64, 64), "photometric": "rgb"} | RESOLUTION | TEXTS | options
            writer.write(pixels[:: 2**level, :: 2**level], **written)
    return path


def kept(source: Path, tmp_path: Path) -> Path:
    image = the_image(convert_here([source], tmp_path / "out"))
    return tmp_path / "out" / image.file


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("options", [{"compression": "zlib"}, {"compression": None}, JPEG], ids=str)
def test_tiles_stay_as_they_are_and_nothing_is_said(
    tmp_path: Path, options: dict[str, Any], order: Literal["<", ">"]
) -> None:
    source = write_pyramid(tmp_path / "slide.tif", order=order, **options)

    path = kept(source, tmp_path)

    assert stored_tiles(path) == stored_tiles(source)
    assert np.array_equal(tifffile.imread(path), tifffile.imread(source))
    body = path.read_bytes()
    assert PATIENT.encode() not in body
    assert b"1970" not in body
    with tifffile.TiffFile(path) as tiff:
        assert tiff.is_bigtiff
        first = min(offset for page in tiff.pages for offset in page.dataoffsets)
        assert all(page.offset < first for page in tiff.pages)


def test_bytes_no_directory_mentions_stay_behind(tmp_path: Path) -> None:
    source = write_pyramid(tmp_path / "slide.tif", compression="zlib")
    source.write_bytes(source.read_bytes() + PATIENT.encode())

    assert PATIENT.encode() not in kept(source, tmp_path).read_bytes()


def test_values_of_labels_are_kept(tmp_path: Path) -> None:
    labels = (picture(200, 300)[..., 0] // 64).astype(np.uint8)
    source = tmp_path / "labels.tif"
    with tifffile.TiffWriter(source) as writer:
        for level in range(2):
            writer.write(
                labels[:: 2**level, :: 2**level],
                tile=(64, 64),
                compression="zlib",
                photometric="minisblack",
                extratags=[(280, 3, 1, 0, True), (281, 3, 1, 3, True)],
                **RESOLUTION,
            )

    image = the_image(convert_here([source], tmp_path / "out"))

    assert image.metadata.segments == (0, 1, 2, 3)
    with tifffile.TiffFile(tmp_path / "out" / image.file) as tiff:
        assert tiff.pages.first.tags.valueof("MaxSampleValue") == 3


def jpeg_with(text: bytes) -> bytes:
    body = BytesIO()
    Image.fromarray(picture(64, 64)).save(body, "JPEG", comment=text)
    return body.getvalue()


@pytest.mark.parametrize("after", [b"", PATIENT.encode()])
def test_a_pyramid_whose_tiles_say_something_is_made_anew(tmp_path: Path, after: bytes) -> None:
    tile = jpeg_with(b"" if after else PATIENT.encode()) + after
    source = tmp_path / "slide.tif"
    with tifffile.TiffWriter(source) as writer:
        for tiles in (4, 1):
            side = 64 * int(tiles**0.5)
            writer.write(
                iter([tile] * tiles),
                shape=(side, side, 3),
                dtype=np.uint8,
                tile=(64, 64),
                compression="jpeg",
                photometric="ycbcr",
                **RESOLUTION,
            )

    path = kept(source, tmp_path)

    assert PATIENT.encode() not in path.read_bytes()
    assert np.array_equal(tifffile.imread(path, key=0), tifffile.imread(source, key=0))


def test_what_jpeg_streams_say() -> None:
    plain = jpeg_with(b"")

    assert not says_more_than_pixels(plain)
    assert not says_more_than_pixels(plain + b"\0")
    assert says_more_than_pixels(jpeg_with(b"text"))
    assert says_more_than_pixels(plain + b"text")
    assert says_more_than_pixels(plain[:-2])
    assert says_more_than_pixels(b"text")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (JPEG, SlideFormat.TIFF),
        ({"compression": "jpeg"}, SlideFormat.TIFF),
        ({"compression": "zlib"}, None),
        ({**JPEG, "levels": 1}, None),
        ({**JPEG, "extratags": [(274, "H", 1, 6, False)]}, None),
    ],
    ids=str,
)
def test_pyramids_of_coloured_jpeg_tiles_are_slides(
    tmp_path: Path, options: dict[str, Any], expected: SlideFormat | None
) -> None:
    source = write_pyramid(tmp_path / "slide.tif", **options)

    report = convert([source], tmp_path / "out", keep_slides=True)

    assert not report.rejected
    assert [slide.format for slide in report.slides] == ([expected] if expected else [])
    assert len(report.images) == (0 if expected else 1)


def test_without_a_tiler_they_are_kept_as_tiff(tmp_path: Path) -> None:
    source = write_pyramid(tmp_path / "slide.tif", **JPEG)

    assert stored_tiles(kept(source, tmp_path)) == stored_tiles(source)


def test_a_slide_need_not_say_how_large_a_pixel_is(tmp_path: Path) -> None:
    source = write_pyramid(tmp_path / "slide.tif", resolution=None, resolutionunit=None, **JPEG)

    report = convert([source], tmp_path / "out", keep_slides=True)

    assert [slide.format for slide in report.slides] == [SlideFormat.TIFF]
