"""Canonical slides: level 0 is the source's, bit by bit where it can be copied, and nothing private comes along."""

import hashlib
import json
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvips
import tifffile
from numpy.typing import NDArray

from archive_shared.colour_profile import without_origin
from tests.support import slide_files
from tests.support.colour_profiles import srgb
from tests.support.converting import convert, fill, seen_by_openslide, stored_tiles
from tests.support.slide_files import PATIENT, VendorSlide
from tiler.adapters.slides.conversion import convert_slide
from tiler.adapters.slides.local_files import LocalFiles
from tiler.domain.slide import Route

Writer = Callable[[Path], VendorSlide]


def _aperio(**options: object) -> Writer:
    return lambda folder: slide_files.aperio_slide(folder / "a.svs", **options)  # type: ignore[arg-type]


COPIED: dict[str, Writer] = {
    "svs 4:2:0": _aperio(),
    "svs 4:2:2, BigTIFF, ICC": _aperio(colours="ycbcr422", bigtiff=True, icc=True),
    "svs 4:4:4, tiles of 256": _aperio(colours="ycbcr444", tile=256),
    "svs RGB": _aperio(colours="rgb"),
    "tiff": lambda folder: slide_files.plain_slide(folder / "a.tif"),
    "tiff, big endian BigTIFF, ICC": lambda folder: slide_files.plain_slide(
        folder / "a.tif", order=">", bigtiff=True, icc=srgb()
    ),
    "tiff, one level, RGB": lambda folder: slide_files.plain_slide(folder / "a.tif", steps=(), colours="rgb"),
    "scn": lambda folder: slide_files.leica_slide(folder / "a.scn"),
    "bif": lambda folder: slide_files.ventana_slide(folder / "a.bif"),
    "philips": lambda folder: slide_files.philips_slide(folder / "a.tiff"),
    "philips with gaps": lambda folder: slide_files.philips_slide(folder / "a.tiff", empty=(0, 3, 9)),
    "dicom": lambda folder: slide_files.dicom_slide(folder / "a"),
}
JOINED: dict[str, Writer] = {
    "ndpi": lambda folder: slide_files.ndpi_slide(folder / "a.ndpi"),
    "ndpi, wide intervals": lambda folder: slide_files.ndpi_slide(
        folder / "a.ndpi", interval=1040, size=(2080, 300)
    ),
    "ndpi, ICC": lambda folder: slide_files.ndpi_slide(folder / "a.ndpi", icc=srgb()),
    "vms": lambda folder: slide_files.vms_slide(folder / "a.vms"),
}
DECODED: dict[str, Writer] = {
    "svs JPEG 2000": _aperio(colours="jpeg2000"),
    "bif with overlap": lambda folder: slide_files.ventana_slide(folder / "a.bif", overlap=8),
    "dicom JPEG 2000": lambda folder: slide_files.dicom_slide(folder / "a", codec="jpeg2000"),
    "trestle": lambda folder: slide_files.trestle_slide(folder / "a.tif"),
    "vmu": lambda folder: slide_files.vmu_slide(folder / "a.vmu"),
    "mrxs": lambda folder: slide_files.mirax_slide(folder / "a.mrxs"),
    "ndpi without restart markers": lambda folder: slide_files.ndpi_slide(folder / "a.ndpi", interval=4096),
}
EVERY = {**COPIED, **JOINED, **DECODED}


@pytest.mark.parametrize("name", [*COPIED, *JOINED])
def test_the_full_resolution_is_that_of_the_source_bit_by_bit(name: str, tmp_path: Path) -> None:
    slide, target = EVERY[name](tmp_path), tmp_path / "slide.tif"

    converted = convert(slide.path, target)

    assert converted.route == (Route.COPY if name in COPIED else Route.JOIN)
    source, product = seen_by_openslide(slide.path), seen_by_openslide(target)
    shown = (
        source.pixels.shape[0] // 8 * 8 if name in JOINED else None
    )  # OpenSlide leaves out a last row of half blocks
    assert np.array_equal(product.pixels[:shown], source.pixels[:shown])
    height, width = source.pixels.shape[:2]
    assert np.array_equal(tifffile.imread(target)[:height, :width], product.pixels)


def test_narrow_intervals_are_joined_side_by_side_too(tmp_path: Path) -> None:
    slide, target = (
        slide_files.ndpi_slide(tmp_path / "a.ndpi", interval=64, size=(832, 296)),
        tmp_path / "slide.tif",
    )

    convert(slide.path, target)

    source, product = seen_by_openslide(slide.path).pixels, seen_by_openslide(target).pixels
    # OpenSlide decodes each interval alone, and cannot spread colours across their borders as we do.
    inside = [x for x in range(832) if x % 64 not in (0, 63)]
    assert np.array_equal(product[:, inside], source[:, inside])
    assert stored_tiles(target)[0].count(b"\xff\xd3") >= 1
    with tifffile.TiffFile(target) as file:
        assert (file.pages.first.tilewidth, file.pages.first.tilelength) == (256, 256)


@pytest.mark.parametrize("name", DECODED)
def test_decoded_slides_keep_their_colours_within_two_levels(name: str, tmp_path: Path) -> None:
    slide, target = DECODED[name](tmp_path), tmp_path / "slide.tif"

    converted = convert(slide.path, target)

    assert converted.route == Route.DECODE
    source, product = seen_by_openslide(slide.path), seen_by_openslide(target)
    assert product.pixels.shape == source.pixels.shape
    difference = np.abs(_colours(product.pixels) - _colours(source.pixels))
    whole = _blocks(source.is_scanned).all(axis=(1, 3))
    assert difference[whole].max() < 2
    assert np.percentile(difference, 99) < 1


def _colours(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The mean of every 16 by 16 pixels: the smallest blocks that have a colour of their own in JPEG 4:2:0."""
    means: NDArray[np.float64] = _blocks(pixels).mean(axis=(1, 3))
    return means


def _blocks(values: NDArray[Any]) -> NDArray[Any]:
    """Shape (rows, 16, columns, 16, …); what is left at the edges falls away."""
    rows, columns = values.shape[0] // 16, values.shape[1] // 16
    return values[: rows * 16, : columns * 16].reshape(rows, 16, columns, 16, *values.shape[2:])


@pytest.mark.parametrize("name", EVERY)
def test_products_open_everywhere_as_plain_pyramids(name: str, tmp_path: Path) -> None:
    slide, target = EVERY[name](tmp_path), tmp_path / "slide.tif"

    converted = convert(slide.path, target)
    filled = fill(target)

    source, product = seen_by_openslide(slide.path), seen_by_openslide(target)
    assert product.vendor == "generic-tiff"
    assert len(product.levels) == filled.levels
    assert all(
        np.divide(*sizes) == pytest.approx(2, abs=0.03)
        for sizes in zip(product.levels[:-1], product.levels[1:], strict=True)
    )
    for axis in ("x", "y"):
        expected = float(source.properties[f"openslide.mpp-{axis}"])
        assert float(product.properties[f"openslide.mpp-{axis}"]) == pytest.approx(expected, rel=1e-4)
    with tifffile.TiffFile(target) as file:
        assert file.is_bigtiff
        assert len(file.pages) == filled.levels
    for number, (width, height) in enumerate(product.levels):
        page: Any = pyvips.Image.new_from_file(str(target), page=number)
        assert (page.width, page.height) == (width, height)
        assert page.avg() == pytest.approx(float(product.pixels.mean()), abs=6)
    assert filled.size_bytes == target.stat().st_size
    assert converted.is_complete == (converted.size_bytes == filled.size_bytes) == (name in DECODED)


@pytest.mark.parametrize("name", EVERY)
def test_no_byte_of_label_or_macro_and_no_patient_gets_into_the_product(name: str, tmp_path: Path) -> None:
    slide, target = EVERY[name](tmp_path), tmp_path / "slide.tif"

    convert(slide.path, target)
    fill(target)

    product = target.read_bytes()
    assert PATIENT.encode() not in product
    for private in slide.private:
        pieces = [private[at : at + 24] for at in range(0, max(1, len(private) - 24), 24)]
        telling = [piece for piece in pieces if len(set(piece)) > 6]
        assert not [piece for piece in telling if piece in product]


@pytest.mark.parametrize("name", ["svs 4:2:0", "svs RGB", "tiff", "tiff, one level, RGB", "scn", "bif"])
def test_copied_tiles_are_the_same_bytes(name: str, tmp_path: Path) -> None:
    slide, target = COPIED[name](tmp_path), tmp_path / "slide.tif"

    convert(slide.path, target)

    page = {"scn": 1, "bif": 2}.get(name, 0)
    assert stored_tiles(target) == stored_tiles(slide.path, page)


@pytest.mark.parametrize("name", ["svs 4:2:0", "svs RGB", "ndpi", "mrxs"])
def test_added_levels_are_the_mean_of_four_pixels(name: str, tmp_path: Path) -> None:
    slide, target = EVERY[name](tmp_path), tmp_path / "slide.tif"

    convert(slide.path, target)
    fill(target)

    full, half = tifffile.imread(target, key=0), tifffile.imread(target, key=1)
    rows, columns = full.shape[0] // 2, full.shape[1] // 2
    means = full[: 2 * rows, : 2 * columns].reshape(rows, 2, columns, 2, 3).mean(axis=(1, 3))
    error = half[:rows, :columns] - means
    assert np.sqrt(np.mean(error**2)) < 8
    assert np.abs(error.mean(axis=(0, 1))).max() < 1


def test_a_slide_there_is_no_room_for_is_given_up_before_a_tile_is_copied(tmp_path: Path) -> None:
    slide, progress = slide_files.aperio_slide(tmp_path / "a.svs"), list[int]()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (slide.path.stat().st_size // 2, limits[1]))
    try:
        with LocalFiles(slide.path) as files, pytest.raises(OSError, match="File too large"):
            convert_slide(files, tmp_path / "slide.tif", name="slide", threads=2, on_progress=progress.append)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert not progress
    assert not (tmp_path / "slide.tif").exists()


def test_directories_stand_first_and_one_read_opens_the_slide(tmp_path: Path) -> None:
    target = tmp_path / "slide.tif"

    convert(slide_files.aperio_slide(tmp_path / "a.svs").path, target)
    fill(target)

    with tifffile.TiffFile(target) as file:
        first_tile = min(min(page.dataoffsets) for page in file.pages)
        assert max(page.offset for page in file.pages) < first_tile <= 1 << 18


def test_a_product_says_what_is_known_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "slide.tif"

    convert(slide_files.aperio_slide(tmp_path / "a.svs", icc=True).path, target, name="case 7 – α.svs")

    with tifffile.TiffFile(target) as file:
        page: Any = file.pages[0]
        described = json.loads(page.description.removeprefix("Canonical slide "))
        assert described == {
            "name": "case 7 – α.svs",
            "vendor": "aperio",
            "magnification": 20.0,
            "background": "FFFFFF",
            "route": "copy",
            "origin_px": None,
        }
        assert page.iccprofile is not None
        assert {tag.code for tag in page.tags} <= {
            254,
            256,
            257,
            258,
            259,
            262,
            270,
            277,
            282,
            283,
            284,
            296,
            305,
            322,
            323,
            324,
            325,
            347,
            530,
            34675,
        }


@pytest.mark.parametrize(
    "write",
    [COPIED["scn"], lambda folder: slide_files.mirax_slide(folder / "a.mrxs", with_margin=True)],
    ids=["scn", "mrxs"],
)
def test_a_product_says_where_on_the_glass_its_first_pixel_was(write: Writer, tmp_path: Path) -> None:
    slide, target = write(tmp_path), tmp_path / "slide.tif"

    convert(slide.path, target)

    source, product = seen_by_openslide(slide.path), seen_by_openslide(target)
    described = json.loads(product.properties["tiff.ImageDescription"].removeprefix("Canonical slide "))
    assert described["origin_px"] == [int(source.properties[f"openslide.bounds-{axis}"]) for axis in "xy"]
    assert product.levels[0] == tuple(
        int(source.properties[f"openslide.bounds-{side}"]) for side in ("width", "height")
    )


@pytest.mark.parametrize("name", ["svs 4:2:2, BigTIFF, ICC", "tiff, big endian BigTIFF, ICC", "ndpi, ICC"])
def test_the_colour_profile_is_kept(name: str, tmp_path: Path) -> None:
    convert(EVERY[name](tmp_path).path, tmp_path / "slide.tif")

    with tifffile.TiffFile(tmp_path / "slide.tif") as file:
        kept = file.pages.first.iccprofile
    assert kept == without_origin(srgb())


@pytest.mark.parametrize("name", ["svs 4:2:2, BigTIFF, ICC", "scn", "ndpi", "mrxs"])
def test_a_product_that_is_converted_once_more_stays_what_it_is(name: str, tmp_path: Path) -> None:
    once, again = tmp_path / "once.tif", tmp_path / "again.tif"
    convert(EVERY[name](tmp_path).path, once)

    convert(once, again)

    with tifffile.TiffFile(once) as first, tifffile.TiffFile(again) as second:
        assert second.pages.first.description == first.pages.first.description
        assert second.pages.first.iccprofile == first.pages.first.iccprofile
    assert stored_tiles(again) == stored_tiles(once)


def test_tiles_that_were_never_scanned_are_white(tmp_path: Path) -> None:
    for colours in ("ycbcr420", "rgb"):
        target = tmp_path / f"{colours}.tif"

        convert(
            slide_files.aperio_slide(tmp_path / f"{colours}.svs", colours=colours, empty_tiles=True).path,
            target,
        )

        opened: Any = pyvips.Image.new_from_file(str(target))
        assert seen_by_openslide(target).pixels[:240, 240:480].min() >= 254
        assert opened.crop(240, 0, 240, 240).min() >= 254


def test_a_damaged_tile_stays_what_it_is_and_is_white_in_smaller_levels(tmp_path: Path) -> None:
    target = tmp_path / "slide.tif"
    convert(slide_files.aperio_slide(tmp_path / "a.svs", tile=256, steps=()).path, target)
    with tifffile.TiffFile(target) as file:
        page: Any = file.pages[0]
        start, length = page.dataoffsets[0], page.databytecounts[0]
    body = bytearray(target.read_bytes())
    body[start + 40 : start + length] = bytes(length - 40)  # behind the heads of frame and scan
    target.write_bytes(body)

    filled = fill(target)

    assert filled.damaged_tiles == 1
    assert tifffile.imread(target, key=1)[:120, :120].min() >= 250


def test_filling_twice_changes_nothing(tmp_path: Path) -> None:
    target = tmp_path / "slide.tif"
    convert(slide_files.ndpi_slide(tmp_path / "a.ndpi").path, target)

    first, again = fill(target), fill(target)

    assert first == again


@pytest.mark.parametrize("name", ["svs 4:2:0", "ndpi", "mrxs"])
def test_the_checksum_is_that_of_the_file_and_spared_where_levels_will_change_it(
    name: str, tmp_path: Path
) -> None:
    slide, target, unchecked = EVERY[name](tmp_path), tmp_path / "slide.tif", tmp_path / "unchecked.tif"

    converted = convert(slide.path, target)
    with LocalFiles(slide.path) as files:
        spared = convert_slide(
            files, unchecked, name="slide", threads=2, on_progress=lambda _: None, checksum=False
        )

    assert target.read_bytes() == unchecked.read_bytes()
    assert converted.sha256 == hashlib.sha256(target.read_bytes()).hexdigest()
    assert spared.sha256 == (converted.sha256 if name in DECODED else "")
    assert fill(unchecked).sha256 == hashlib.sha256(unchecked.read_bytes()).hexdigest()
