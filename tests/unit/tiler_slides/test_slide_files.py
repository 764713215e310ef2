"""The synthetic vendor files are what they claim to be: OpenSlide, which knows nothing of us, opens them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import openslide
import pytest

from tests.support import slide_files
from tests.support.slide_files import VendorSlide

SLIDES: dict[str, tuple[str, str, Callable[[Path], VendorSlide]]] = {
    "svs": ("aperio", "a.svs", slide_files.aperio_slide),
    "svs rgb": ("aperio", "a.svs", lambda path: slide_files.aperio_slide(path, colours="rgb")),
    "svs jpeg 2000": ("aperio", "a.svs", lambda path: slide_files.aperio_slide(path, colours="jpeg2000")),
    "scn": ("leica", "a.scn", slide_files.leica_slide),
    "trestle": ("trestle", "a.tif", slide_files.trestle_slide),
    "philips": ("philips", "a.tiff", slide_files.philips_slide),
    "bif": ("ventana", "a.bif", slide_files.ventana_slide),
    "bif with overlap": ("ventana", "a.bif", lambda path: slide_files.ventana_slide(path, overlap=8)),
    "ndpi": ("hamamatsu", "a.ndpi", slide_files.ndpi_slide),
    "vms": ("hamamatsu", "a.vms", slide_files.vms_slide),
    "vmu": ("hamamatsu", "a.vmu", slide_files.vmu_slide),
    "mrxs": ("mirax", "a.mrxs", slide_files.mirax_slide),
    "dicom": ("dicom", "a", slide_files.dicom_slide),
}


@pytest.mark.parametrize("name", SLIDES)
def test_openslide_takes_the_file_for_that_of_its_vendor(name: str, tmp_path: Path) -> None:
    vendor, filename, write = SLIDES[name]

    slide = write(tmp_path / filename)

    assert openslide.OpenSlide.detect_format(slide.path) == vendor
    with openslide.OpenSlide(slide.path) as opened:
        bounds = [int(opened.properties.get(f"openslide.bounds-{side}", 0)) for side in ("x", "y")]
        shown = np.asarray(opened.read_region((bounds[0], bounds[1]), 0, (256, 256)))[..., :3]
        assert opened.level_count >= 2 or name == "vmu"
    difference = np.abs(shown.astype(int) - slide.scene[:256, :256])
    assert difference.mean() < 4
