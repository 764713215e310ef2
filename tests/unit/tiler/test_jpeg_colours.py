"""JPEG tiles whose markers contradict their page: the page is right, but for JFIF in pages that claim to be RGB."""

from pathlib import Path

import imagecodecs
import numpy as np
import openslide
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from tests.support.converting import convert, fill
from tests.support.slide_files.scene import scan_data, scene
from tests.support.slides import MemorySource, as_pixels
from tiler.adapters.quick_tiles import QuickTiles
from tiler.adapters.tiff_index import build_index
from tiler.domain.jpeg_stream import SOI, segments

Pixels = NDArray[np.uint8]
SIDE = 256
SCENE = scene(2 * SIDE, SIDE)
JFIF = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
ADOBE_RGB = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"
ADOBE_YCBCR = ADOBE_RGB[:-1] + b"\x01"
MARKERS = {
    "nothing": b"",
    "jfif": JFIF,
    "adobe rgb": ADOBE_RGB,
    "adobe ycbcr": ADOBE_YCBCR,
    "jfif and adobe rgb": JFIF + ADOBE_RGB,
    "adobe twice": ADOBE_YCBCR + ADOBE_RGB,
}


@pytest.mark.parametrize(
    ("colours", "markers"),
    [
        pytest.param(colours, markers, id=f"{name}, {colours}")
        for name, markers in MARKERS.items()
        for colours in ("rgb", "ycbcr")
        if (name, colours) != ("jfif", "rgb")
    ],
)
@pytest.mark.parametrize("in_tables", [False, True], ids=["in tiles", "in tables"])
def test_tiles_have_the_colours_that_readers_of_tiff_see(
    tmp_path: Path, *, in_tables: bool, colours: str, markers: bytes
) -> None:
    path = _slide(tmp_path / "slide.tif", colours, markers, in_tables=in_tables)
    source = MemorySource(path.read_bytes())
    index = build_index(source)

    shown = [as_pixels(QuickTiles(index).read(source, 1, column, 0).body) for column in (0, 1)]

    _require_alike(np.hstack(shown), SCENE)
    with Image.open(path) as by_libtiff, openslide.OpenSlide(path) as by_openslide:
        _require_alike(np.asarray(by_libtiff.convert("RGB")), SCENE)
        _require_alike(_read(by_openslide, 0), SCENE)


@pytest.mark.parametrize("colours", ["rgb", "ycbcr"])
def test_added_levels_have_the_colours_of_the_first(tmp_path: Path, colours: str) -> None:
    markers = ADOBE_YCBCR if colours == "rgb" else ADOBE_RGB
    target = tmp_path / "product.tif"

    convert(_slide(tmp_path / "slide.tif", colours, markers), target)
    fill(target)

    with openslide.OpenSlide(target) as product:
        smaller = np.asarray(Image.fromarray(_read(product, 0)).reduce(2))
        _require_alike(_read(product, 0), SCENE)
        _require_alike(_read(product, 1), smaller)


@pytest.mark.parametrize("in_tables", [False, True], ids=["in tiles", "in tables"])
def test_jfif_that_its_page_calls_rgb_is_shown_as_ycbcr(tmp_path: Path, *, in_tables: bool) -> None:
    """QuPath's exports by Bio-Formats were such for years; libtiff and OpenSlide show them in pink and green."""
    path, target = tmp_path / "slide.tif", tmp_path / "product.tif"
    _slide(path, "ycbcr", JFIF, in_tables=in_tables)
    _call_rgb(path)
    index = build_index(MemorySource(path.read_bytes()))

    convert(path, target)
    fill(target)

    shown = [
        as_pixels(QuickTiles(index).read(MemorySource(path.read_bytes()), 1, column, 0).body)
        for column in (0, 1)
    ]
    _require_alike(np.hstack(shown), SCENE)
    with openslide.OpenSlide(target) as product:
        smaller = np.asarray(Image.fromarray(SCENE).reduce(2))
        _require_alike(_read(product, 0), SCENE)
        _require_alike(_read(product, 1), smaller)


def _call_rgb(path: Path) -> None:
    with tifffile.TiffFile(path, mode="r+") as file:
        file.pages.first.tags["PhotometricInterpretation"].overwrite(2)


def _read(slide: openslide.OpenSlide, level: int) -> Pixels:
    return np.asarray(slide.read_region((0, 0), level, slide.level_dimensions[level]).convert("RGB"))


def _require_alike(shown: Pixels, expected: Pixels) -> None:
    assert np.abs(shown.astype(int) - expected).mean() < 5


def _slide(path: Path, colours: str, markers: bytes, *, in_tables: bool = False) -> Path:
    """Two tiles that are what their page says, with markers that may say something else."""
    tiles = [_stream(SCENE[:, x : x + SIDE], colours, b"" if in_tables else markers) for x in (0, SIDE)]
    with tifffile.TiffWriter(path) as writer:
        writer.write(
            iter(tiles),
            shape=SCENE.shape,
            dtype=np.uint8,
            tile=(SIDE, SIDE),
            photometric=colours,
            subsampling=(1, 1) if colours == "ycbcr" else None,
            compression="jpeg",
            compressionargs={"outcolorspace": colours},
            jpegtables=SOI + markers + b"\xff\xd9" if in_tables and markers else None,
            metadata=None,
        )
    return path


def _stream(pixels: Pixels, colours: str, markers: bytes) -> bytes:
    """JPEG with these markers alone, and components numbered as Aperio does."""
    stream = bytes(
        imagecodecs.jpeg8_encode(
            np.ascontiguousarray(pixels), level=90, colorspace="rgb", outcolorspace=colours, subsampling="444"
        )
    )
    kept = [stream[start - 4 : end] for marker, start, end in segments(stream) if marker not in (0xE0, 0xEE)]
    numbered = [
        part.replace(b"R", b"\0").replace(b"G", b"\1").replace(b"B", b"\2")
        if part[1] in (0xC0, 0xDA)
        else part
        for part in kept
    ]
    return b"".join((SOI, markers, *(numbered if colours == "rgb" else kept), scan_data(stream)))
