"""Levels of DICOM slides that are filled up to whole tiles, as Philips' scanners write them: cut to what they show."""

from pathlib import Path

import numpy as np
import openslide
import pydicom
import pytest
from pydicom.encaps import encapsulate

from tests.support import slide_files
from tests.support.converting import convert, fill, slide_levels
from tests.support.slide_files.scene import jpeg, reduced

TILE = 128


def filled_up(path: Path, level: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> None:
    """Write the pixels of a level anew, with black beside them up to the next whole tile."""
    missing = [(0, -side % TILE) for side in level.shape[:2]]
    stored = np.pad(level, (*missing, (0, 0)))
    height, width = stored.shape[:2]
    frames = [
        jpeg(np.ascontiguousarray(stored[y : y + TILE, x : x + TILE]))
        for y in range(0, height, TILE)
        for x in range(0, width, TILE)
    ]
    dataset = pydicom.dcmread(path)
    dataset.TotalPixelMatrixColumns, dataset.TotalPixelMatrixRows = width, height
    dataset.NumberOfFrames, dataset.PixelData = len(frames), encapsulate(frames)
    dataset.save_as(path)


@pytest.mark.parametrize("size", [(1000, 700), (1280, 640), (1000, 350)])
def test_levels_show_what_the_first_shows_and_no_filling(size: tuple[int, int], tmp_path: Path) -> None:
    slide = slide_files.dicom_slide(tmp_path / "a", size=size, steps=(1, 2, 4, 8), planes=(1,) * 4)
    for number, step in enumerate((2, 4, 8), start=1):
        filled_up(slide.path.with_name(f"level{number}.dcm"), reduced(slide.scene, step))
    target = tmp_path / "slide.tif"

    convert(slide.path, target)

    exact = tuple((-(-size[0] // step), -(-size[1] // step)) for step in (1, 2, 4, 8))
    assert slide_levels(target)[:3] == exact[:3]
    fill(target)
    assert slide_levels(target)[:4] == exact
    with openslide.OpenSlide(target) as product:
        for number, step in enumerate((2, 4), start=1):
            shown = np.asarray(product.read_region((0, 0), number, exact[number]).convert("RGB")).astype(int)
            expected = reduced(slide.scene, step)
            assert np.abs(shown[: len(expected), : expected.shape[1]] - expected).mean() < 6


def test_the_step_is_told_by_sides_where_pixels_have_no_size(tmp_path: Path) -> None:
    slide = slide_files.dicom_slide(tmp_path / "a", size=(1000, 700), steps=(1, 2), planes=(1, 1))
    filled_up(slide.path.with_name("level1.dcm"), reduced(slide.scene, 2))
    for path in slide.path.parent.glob("level*.dcm"):
        dataset = pydicom.dcmread(path)
        del dataset.SharedFunctionalGroupsSequence, dataset.ImagedVolumeWidth, dataset.ImagedVolumeHeight
        dataset.save_as(path)

    convert(slide.path, tmp_path / "slide.tif")

    assert slide_levels(tmp_path / "slide.tif") == ((1000, 700), (500, 350))
