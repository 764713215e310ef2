"""Philips' TIFF: the XML says how large levels are, their pages are filled up; label and macro stand in the XML as well."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.support import slide_files
from tests.support.converting import convert, fill, refusal, seen_by_openslide, stored_tiles
from tiler.domain.slide import Route


def test_levels_are_as_large_as_what_they_show_and_not_as_their_pages(tmp_path: Path) -> None:
    slide, target = slide_files.philips_slide(tmp_path / "a.tiff", size=(1500, 700)), tmp_path / "slide.tif"
    with tifffile.TiffFile(slide.path) as file:
        filled = [page.shape[1::-1] for page in file.pages if page.is_tiled]  # type: ignore[union-attr]
    assert filled == [(1536, 768), (768, 512), (512, 256)]

    convert(slide.path, target)

    product = seen_by_openslide(target)
    assert product.levels == ((1536, 768), (768, 384), (384, 192))
    assert len(stored_tiles(target, page=1)) == 3 * 2
    assert len(stored_tiles(target, page=2)) == 2 * 1


def test_columns_of_filling_alone_are_left_out(tmp_path: Path) -> None:
    slide, target = slide_files.philips_slide(tmp_path / "a.tiff", spare_columns=1), tmp_path / "slide.tif"
    stored = stored_tiles(slide.path, page=1)
    assert len(stored) == 4 * 2

    convert(slide.path, target)

    assert stored_tiles(target, page=1) == [*stored[:3], *stored[4:7]]
    assert seen_by_openslide(target).levels == ((1280, 768), (640, 384), (320, 192))
    assert fill(target).levels == 4


def test_tiles_that_were_never_scanned_are_white(tmp_path: Path) -> None:
    slide, target = slide_files.philips_slide(tmp_path / "a.tiff", empty=(6,)), tmp_path / "slide.tif"

    assert convert(slide.path, target).route == Route.COPY

    pixels = seen_by_openslide(target).pixels
    assert pixels[256:512, 256:512].min() > 250
    assert np.array_equal(pixels[:256], seen_by_openslide(slide.path).pixels[:256])


def test_pictures_of_megabytes_in_front_of_the_rest_do_not_hide_it(tmp_path: Path) -> None:
    slide, target = (
        slide_files.philips_slide(tmp_path / "a.tiff", label_bytes=3 << 20),
        tmp_path / "slide.tif",
    )

    converted = convert(slide.path, target)

    assert (converted.route, converted.vendor) == (Route.COPY, "philips")
    assert not [private for private in slide.private if private in target.read_bytes()]


def _replaced(old: bytes, new: bytes) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        body = path.read_bytes()
        assert old in body
        assert len(old) == len(new)
        path.write_bytes(body.replace(old, new))

    return change


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"scans": 2}, "2 scanned areas"),
        ({"scans": 0}, "0 scanned areas"),
        ({"spacings": [0.00025, 0.0005]}, "does not fit its pages"),
        ({"spacings": [0.00025, 0.00025, 0.001]}, "does not fit its pages"),
        ({"spacings": [0.00025, 0.00001, 0.001]}, "does not fit its pages"),
        ({"spacings": [0.0, 0.0, 0.0]}, "damaged"),
        ({"spacings": [float("nan")] * 3}, "damaged"),
    ],
)
def test_what_the_xml_says_has_to_fit_the_pages(
    tmp_path: Path, options: dict[str, object], reason: str
) -> None:
    slide = slide_files.philips_slide(tmp_path / "a.tiff", **options)  # type: ignore[arg-type]

    assert reason in refusal(slide.path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            _replaced(b"</Array></Attribute></DataObject>\0", b"</Array></Attribute></DataObjec>>\0"),
            "damaged",
        ),
        (
            _replaced(b'<?xml version="1.0" encoding="UTF-8" ?>', b"<!DOCTYPE a [<!ENTITY b 'cccccccccc'>]>"),
            "entities",
        ),
    ],
)
def test_damaged_and_hostile_xml_is_refused(
    tmp_path: Path, change: Callable[[Path], None], reason: str
) -> None:
    slide = slide_files.philips_slide(tmp_path / "a.tiff")
    change(slide.path)

    assert reason in refusal(slide.path)
