"""Colours of DICOM slides whose headers and streams tell them differently, as many programs write them."""

from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.encaps import encapsulate, generate_frames

from tests.support import slide_files
from tests.support.converting import convert, refusal, seen_by_openslide
from tests.support.slide_files.scene import Pixels
from tiler.domain.slide import Route

FRAMES = 20


def require_alike(product: Path, scene: Pixels) -> None:
    assert np.abs(seen_by_openslide(product).pixels.astype(int) - scene).mean() < 5


def recoded(path: Path, code: Callable[[Pixels], bytes], colours: str, *, fragments: int = 1) -> None:
    """Encode the frames of a file anew, and say that its colours are these."""
    dataset = pydicom.dcmread(path)
    frames = generate_frames(dataset.PixelData, number_of_frames=FRAMES)
    coded = [code(np.asarray(imagecodecs.imread(frame))) for frame in frames]
    dataset.PixelData = encapsulate(coded, fragments_per_frame=fragments)
    dataset.PhotometricInterpretation = colours
    dataset.save_as(path)


def in_jpeg_2000(pixels: Pixels, *, turns: bool, lossless: bool = False) -> bytes:
    """A code stream that turns the colours itself, or has what it is given."""
    return bytes(
        imagecodecs.jpeg2k_encode(
            np.ascontiguousarray(pixels), level=45, codecformat="j2k", mct=turns, reversible=lossless
        )
    )


def ycbcr(pixels: Pixels) -> Pixels:
    return np.asarray(Image.fromarray(pixels).convert("YCbCr"))


def test_jfif_that_is_called_rgb_is_shown_as_ycbcr(tmp_path: Path) -> None:
    """As Bio-Formats writes it (ome/bioformats#4161)."""
    slide = slide_files.dicom_slide(tmp_path / "a")
    dataset = pydicom.dcmread(slide.path)
    dataset.PhotometricInterpretation = "RGB"
    dataset.save_as(slide.path)

    assert convert(slide.path, tmp_path / "slide.tif").route == Route.COPY

    require_alike(tmp_path / "slide.tif", slide.scene)


@pytest.mark.parametrize(
    ("colours", "code"),
    [
        pytest.param("YBR_ICT", lambda pixels: in_jpeg_2000(pixels, turns=True), id="as it should be"),
        pytest.param(
            "YBR_RCT", lambda pixels: in_jpeg_2000(pixels, turns=True, lossless=True), id="without loss"
        ),
        pytest.param("RGB", lambda pixels: in_jpeg_2000(pixels, turns=True), id="wsidicomizer#158"),
        pytest.param("RGB", lambda pixels: in_jpeg_2000(pixels, turns=False), id="of Aperio 33005"),
        pytest.param(
            "YBR_ICT",
            lambda pixels: in_jpeg_2000(ycbcr(pixels), turns=False),
            id="openslide#772, Aperio 33003",
        ),
        pytest.param(
            "YBR_FULL_422", lambda pixels: in_jpeg_2000(ycbcr(pixels), turns=False), id="the same, corrected"
        ),
        pytest.param("YBR_FULL", lambda pixels: in_jpeg_2000(ycbcr(pixels), turns=False), id="gdcm"),
    ],
)
def test_jpeg_2000_has_its_colours_whatever_its_header_calls_them(
    colours: str, code: Callable[[Pixels], bytes], tmp_path: Path
) -> None:
    slide = slide_files.dicom_slide(tmp_path / "a", codec="jpeg2000")
    recoded(slide.path, code, colours)

    assert convert(slide.path, tmp_path / "slide.tif").route == Route.DECODE

    require_alike(tmp_path / "slide.tif", slide.scene)


def test_gray_in_jpeg_2000_is_shown(tmp_path: Path) -> None:
    slide = slide_files.dicom_slide(tmp_path / "a", codec="jpeg2000")
    recoded(slide.path, lambda pixels: in_jpeg_2000(pixels[..., 1], turns=False), "MONOCHROME2")
    dataset = pydicom.dcmread(slide.path)
    dataset.SamplesPerPixel = 1
    dataset.save_as(slide.path)

    convert(slide.path, tmp_path / "slide.tif")

    require_alike(tmp_path / "slide.tif", np.repeat(slide.scene[..., 1:2], 3, axis=2))


def test_frames_of_jpeg_2000_in_fragments_are_refused(tmp_path: Path) -> None:
    slide = slide_files.dicom_slide(tmp_path / "a", codec="jpeg2000")
    recoded(slide.path, lambda pixels: in_jpeg_2000(pixels, turns=True), "YBR_ICT", fragments=2)

    assert "fragments" in refusal(slide.path)


@pytest.mark.parametrize(
    ("element", "value", "reason"),
    [("PhotometricInterpretation", "PALETTE COLOR", "colours"), ("BitsStored", 12, "8 bits")],
)
def test_what_jpeg_2000_may_not_be_is_refused(
    element: str, value: object, reason: str, tmp_path: Path
) -> None:
    slide = slide_files.dicom_slide(tmp_path / "a", codec="jpeg2000")
    dataset = pydicom.dcmread(slide.path)
    setattr(dataset, element, value)
    dataset.save_as(slide.path)

    assert reason in refusal(slide.path)
