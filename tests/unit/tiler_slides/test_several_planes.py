"""Slides with more than one picture of the tissue are refused: a product holds one, and the source is deleted after it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.support import slide_files
from tests.support.converting import convert, refusal, seen_by_openslide
from tests.support.slide_files.scene import scene
from tests.support.slides import tifffile_slide
from tiler.domain.slide import Route

SEVERAL: dict[str, Callable[[Path], Path]] = {
    "ndpi": lambda folder: slide_files.ndpi_slide(folder / "a.ndpi", planes_nm=(0, 2000)).path,
    "ndpi, none of them at 0": lambda folder: (
        slide_files.ndpi_slide(folder / "a.ndpi", planes_nm=(-2000, 2000)).path
    ),
    "scn": lambda folder: slide_files.leica_slide(folder / "a.scn", planes=2).path,
    "bif": lambda folder: slide_files.ventana_slide(folder / "a.bif", planes=3).path,
    "bif with overlap": lambda folder: slide_files.ventana_slide(folder / "a.bif", overlap=8, planes=3).path,
    "mrxs": lambda folder: slide_files.mirax_slide(folder / "a.mrxs", planes=5).path,
    "vms that counts them": lambda folder: edited(
        slide_files.vms_slide(folder / "a.vms").path, "NoLayers=1", "NoLayers=2"
    ),
    "vms that names them": lambda folder: edited(
        slide_files.vms_slide(folder / "a.vms").path, "MapFile", "ImageFile(1,0,0)=b.jpg\nMapFile"
    ),
    "vms that names one column": lambda folder: edited(
        slide_files.vms_slide(folder / "a.vms").path, "MapFile", "ImageFile(1)=b.jpg\nMapFile"
    ),
    "vmu": lambda folder: edited(slide_files.vmu_slide(folder / "a.vmu").path, "NoLayers=1", "NoLayers=nan"),
    "pyramid of a stack": lambda folder: written(folder, [scene(600, 400)] * 2),
    "stack in one page": lambda folder: volume(folder / "a.tif"),
    "DICOM of one size twice": lambda folder: slide_files.dicom_slide(folder / "a", steps=(1, 1)).path,
    "DICOM that counts them in a smaller level": lambda folder: (
        slide_files.dicom_slide(folder / "a", planes=(1, 3)).path
    ),
}


def edited(path: Path, old: str, new: str) -> Path:
    path.write_text(path.read_text().replace(old, new, 1))
    return path


def written(folder: Path, levels: list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]) -> Path:
    path = folder / "a.tif"
    path.write_bytes(tifffile_slide(levels, compression="jpeg", photometric="rgb"))
    return path


def volume(path: Path) -> Path:
    tifffile.imwrite(
        path, np.stack([scene(600, 400)] * 2), volumetric=True, tile=(1, 128, 128), photometric="rgb"
    )
    return path


@pytest.mark.parametrize("name", SEVERAL)
def test_focal_planes_are_refused_with_the_reason(name: str, tmp_path: Path) -> None:
    assert "focal planes" in refusal(SEVERAL[name](tmp_path))


def test_pages_that_list_more_tiles_than_they_have_room_for_are_refused(tmp_path: Path) -> None:
    slide = slide_files.aperio_slide(tmp_path / "a.svs").path
    with tifffile.TiffFile(slide, mode="r+") as file:
        file.pages[0].tags["ImageLength"].overwrite(240)  # type: ignore[union-attr]

    assert "focal planes" in refusal(slide)


def test_two_areas_in_one_file_are_refused(tmp_path: Path) -> None:
    assert "areas" in refusal(written(tmp_path, [scene(600, 400), scene(300, 390)]))


def test_what_is_much_smaller_and_no_level_is_taken_for_a_thumbnail(tmp_path: Path) -> None:
    slide = written(tmp_path, [scene(900, 800), scene(450, 400), scene(200, 90)])

    assert convert(slide, tmp_path / "product.tif").route == Route.COPY


def test_levels_of_a_dicom_slide_are_found_under_any_name(tmp_path: Path) -> None:
    slide = slide_files.dicom_slide(tmp_path / "a")
    largest = slide.path.rename(slide.path.with_name("1.2.840.99.1"))
    smaller = (tmp_path / "a" / "level1.dcm").rename(slide.path.with_name("1.2.840.99.2"))

    convert(smaller, tmp_path / "product.tif")

    assert seen_by_openslide(tmp_path / "product.tif").levels == ((600, 400), (150, 100))
    assert largest.exists()


def test_a_single_plane_may_lie_at_any_height(tmp_path: Path) -> None:
    slide = slide_files.ndpi_slide(tmp_path / "a.ndpi", planes_nm=(1500,))

    assert convert(slide.path, tmp_path / "product.tif").route == Route.JOIN
