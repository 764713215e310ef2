"""Numbers that scanners get wrong cost no slide, and never reach JSON or the product as what no number is."""

import json
import struct
from pathlib import Path

import pytest
import tifffile

from tests.support import slide_files
from tests.support.converting import convert, refusal
from tiler.slides import describe


def vms_saying(path: Path, old: str, new: str) -> Path:
    slide = slide_files.vms_slide(path, size=(512, 64), interval=128).path
    text = slide.read_text()
    assert old in text
    slide.write_text(text.replace(old, new))
    return slide


def ndpi_with_lens(path: Path, lens: float) -> Path:
    slide = slide_files.ndpi_slide(path, size=(512, 64), interval=128).path
    body = slide.read_bytes()
    assert body.count(struct.pack("<f", 20.0)) == 1
    slide.write_bytes(body.replace(struct.pack("<f", 20.0), struct.pack("<f", lens)))
    return slide


def told_by(product: Path) -> dict[str, object]:
    """What a product says of itself, which has to be JSON for everybody."""
    with tifffile.TiffFile(product) as file:
        text = file.pages[0].description  # type: ignore[union-attr]
    told: dict[str, object] = json.loads(text.removeprefix("Canonical slide "), parse_constant=pytest.fail)
    return told


@pytest.mark.parametrize("lens", ["nan", "inf", "-20", "0", "forty"])
def test_a_magnification_that_cannot_be_is_not_known(lens: str, tmp_path: Path) -> None:
    slide = vms_saying(tmp_path / "a.vms", "SourceLens=20", f"SourceLens={lens}")

    convert(slide, tmp_path / "product.tif")

    assert describe(slide)["magnification"] is None
    assert told_by(tmp_path / "product.tif")["magnification"] is None


def test_an_infinite_lens_of_an_ndpi_is_not_known(tmp_path: Path) -> None:
    slide = ndpi_with_lens(tmp_path / "a.ndpi", float("inf"))

    convert(slide, tmp_path / "product.tif")

    assert describe(slide)["magnification"] is None
    assert told_by(tmp_path / "product.tif")["magnification"] is None


def test_a_page_that_may_be_the_scan_is_not_left_out(tmp_path: Path) -> None:
    """It was: a small level became the slide."""
    assert "whether it is the scan" in refusal(ndpi_with_lens(tmp_path / "a.ndpi", float("nan")))


@pytest.mark.parametrize("width", ["nan", "inf", "-5"])
def test_a_pixel_size_that_cannot_be_is_not_known(width: str, tmp_path: Path) -> None:
    slide = vms_saying(tmp_path / "a.vms", "PhysicalWidth=", f"PhysicalWidth={width}\nNote=")

    convert(slide, tmp_path / "product.tif")

    assert describe(slide)["pixel_width_um"] is None


def test_pixels_smaller_than_any_are_refused_with_the_reason(tmp_path: Path) -> None:
    slide = vms_saying(tmp_path / "a.vms", "PhysicalWidth=", "PhysicalWidth=1e-300\nNote=")

    assert "a size that cannot be" in refusal(slide)


def test_a_comma_in_numbers_is_understood(tmp_path: Path) -> None:
    slide = vms_saying(tmp_path / "a.vms", "SourceLens=20", "SourceLens=20,5")

    assert describe(slide)["magnification"] == 20.5
