"""Leica's SCN: which of its images is the scan, and which file is one."""

from pathlib import Path

import numpy as np
import tifffile

from tests.support import slide_files
from tests.support.converting import convert, refusal, seen_by_openslide
from tests.support.slide_files.scene import scene
from tiler.domain.slide import Route


def test_the_macro_of_a_versa_is_no_second_area(tmp_path: Path) -> None:
    """It does not cover the whole glass (openslide/openslide#189), but its pixels are a hundred times as large."""
    slide, target = slide_files.leica_slide(tmp_path / "a.scn", versa=True), tmp_path / "slide.tif"

    assert convert(slide.path, target).route == Route.COPY

    shown = seen_by_openslide(target).pixels
    assert np.abs(shown.astype(int) - slide.scene).mean() < 6
    assert not any(private in target.read_bytes() for private in slide.private)


def test_several_scans_beside_the_macro_of_a_versa_are_refused(tmp_path: Path) -> None:
    slide = slide_files.leica_slide(tmp_path / "a.scn", versa=True, areas=2)

    assert "2 scanned areas" in refusal(slide.path)


def test_a_pyramid_that_quotes_the_slide_it_was_made_from_is_no_scn(tmp_path: Path) -> None:
    """libvips writes what OpenSlide told of a slide into its description, if asked for properties."""
    quoted = "&lt;scn xmlns=&quot;http://www.leica-microsystems.com/scn/2010/10/01&quot;&gt;&lt;collection name=&quot;a&quot;"
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(
            scene(600, 400),
            tile=(256, 256),
            photometric="rgb",
            compression="jpeg",
            description=f'<?xml version="1.0"?><image xmlns="http://www.vips.ecs.soton.ac.uk//dzsave"><value>{quoted}</value></image>',
            metadata=None,
        )

    assert convert(tmp_path / "a.tif", tmp_path / "slide.tif").vendor == "generic-tiff"
