"""The Deep Zoom view: its geometry, and its tiles compared with the pixels of whole levels."""

from math import ceil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from tests.support.slides import MemorySource, as_pixels, halved, tifffile_slide, tissue, vips_slide
from tiler.adapters.region_reader import read_region
from tiler.adapters.tiff_index import build_index
from tiler.adapters.tile_reader import read_deep_zoom_tile, read_tile, read_zoom_tile
from tiler.domain.deep_zoom import DeepZoom, stored_region
from tiler.domain.jpeg_stream import frame_of
from tiler.domain.problems import NoSuchTile, UnreadableImage
from tiler.domain.region import Region
from tiler.domain.tile_index import TileIndex

SCENE = tissue(500, 380)


def _level(source: MemorySource, index: TileIndex, level: int) -> NDArray[np.uint8]:
    columns, rows = DeepZoom.of(index).grid(level)
    return np.concatenate(
        [
            np.concatenate(
                [
                    as_pixels(read_deep_zoom_tile(source, index, level, column, row).body)
                    for column in range(columns)
                ],
                axis=1,
            )
            for row in range(rows)
        ]
    )


def _reduced(pixels: NDArray[np.uint8], times: int) -> NDArray[np.uint8]:
    for _ in range(times):
        pixels = halved(pixels)
    return pixels


@given(st.integers(1, 100_000), st.integers(1, 100_000), st.sampled_from([16, 240, 256, 1024]))
def test_levels_halve_from_the_full_size_to_one_pixel(width: int, height: int, tile_size: int) -> None:
    zoom = DeepZoom(width, height, tile_size, "jpeg")

    assert zoom.size(zoom.last_level) == (width, height)
    assert zoom.size(0) == (1, 1)
    for level in range(zoom.last_level):
        finer = zoom.size(level + 1)
        assert zoom.size(level) == (ceil(finer[0] / 2), ceil(finer[1] / 2))


@given(st.integers(1, 5000), st.integers(1, 5000), st.sampled_from([16, 240, 256]), st.integers(0, 12))
def test_tiles_cover_a_level_without_gap_or_overlap(
    width: int, height: int, tile_size: int, below: int
) -> None:
    zoom = DeepZoom(width, height, tile_size, "jpeg")
    level = max(0, zoom.last_level - below)
    columns, rows = zoom.grid(level)

    across = [zoom.region(level, column, 0) for column in range(columns)]
    down = [zoom.region(level, 0, row) for row in range(rows)]

    assert [region.x for region in across] == [column * tile_size for column in range(columns)]
    assert (sum(region.width for region in across), sum(region.height for region in down)) == zoom.size(level)


@given(st.integers(1, 200_000), st.integers(1, 200_000), st.sampled_from([240, 256, 512]))
def test_zoom_levels_go_from_one_tile_to_full_resolution(width: int, height: int, tile_size: int) -> None:
    zoom = DeepZoom(width, height, tile_size, "jpeg")

    assert zoom.grid(zoom.level_of_zoom(0)) == (1, 1)
    assert zoom.level_of_zoom(zoom.zoom_levels - 1) == zoom.last_level
    if zoom.zoom_levels > 1:
        assert zoom.grid(zoom.level_of_zoom(1)) != (1, 1)


def test_the_descriptor_names_size_tiles_and_format(tmp_path: Path) -> None:
    index = build_index(MemorySource(vips_slide(tmp_path / "slide.tif", SCENE).read_bytes()))

    image = ET.fromstring(DeepZoom.of(index).descriptor())

    assert image.tag == "{http://schemas.microsoft.com/deepzoom/2008}Image"
    assert image.attrib == {"TileSize": "128", "Overlap": "0", "Format": "jpeg"}
    assert [child.attrib for child in image] == [{"Width": "500", "Height": "380"}]


@pytest.mark.parametrize(
    "options",
    [
        {"Q": 90},
        {"Q": 90, "rgbjpeg": True},
        {"Q": 90, "tile_width": 64},
        {"compression": "deflate"},
        {"tile_width": 48, "tile_height": 48},
    ],
)
def test_stitched_levels_equal_what_tifffile_reads(tmp_path: Path, options: dict[str, Any]) -> None:
    path = vips_slide(tmp_path / "slide.tif", SCENE, **options)
    source = MemorySource(path.read_bytes())
    index = build_index(source)
    zoom = DeepZoom.of(index)
    with tifffile.TiffFile(path) as reference:
        stored = [page.asarray() for page in reference.pages]

    expected = stored[0]
    for below in range(zoom.last_level + 1):
        width, height = zoom.size(zoom.last_level - below)
        if below > 0:
            expected = _fitted(stored[below], width, height) if below < len(stored) else halved(expected)
        pixels = _level(source, index, zoom.last_level - below)
        assert pixels.shape == (height, width, 3)
        tolerance = (
            2.5 if min(width, height) >= 16 else 12
        )  # a few pixels of a steep ramp suffer most from JPEG
        assert np.abs(pixels.astype(int) - expected).mean() < tolerance


def _fitted(level: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """A level that was rounded down, with its last pixels repeated."""
    missing = (height - level.shape[0], width - level.shape[1])
    return np.pad(level, ((0, missing[0]), (0, missing[1]), (0, 0)), mode="edge")


def test_stored_tiles_are_passed_on_untouched(tmp_path: Path) -> None:
    source = MemorySource(vips_slide(tmp_path / "slide.tif", SCENE).read_bytes())
    index = build_index(source)
    zoom = DeepZoom.of(index)

    assert read_deep_zoom_tile(source, index, zoom.last_level, 1, 1) == read_tile(source, index, 0, 1, 1)
    assert read_deep_zoom_tile(source, index, zoom.last_level - 1, 0, 0) == read_tile(source, index, 1, 0, 0)


@pytest.mark.parametrize("options", [{"Q": 85}, {"Q": 90, "rgbjpeg": True}, {"Q": 95}])
def test_edge_tiles_are_cut_with_hardly_any_loss(tmp_path: Path, options: dict[str, Any]) -> None:
    source = MemorySource(vips_slide(tmp_path / "slide.tif", SCENE, **options).read_bytes())
    index = build_index(source)
    zoom = DeepZoom.of(index)

    for column, row in ((3, 0), (0, 2), (3, 2)):
        region = zoom.region(zoom.last_level, column, row)
        padded = as_pixels(read_tile(source, index, 0, column, row).body)
        cut = as_pixels(read_deep_zoom_tile(source, index, zoom.last_level, column, row).body)
        assert cut.shape == (region.height, region.width, 3)
        assert np.abs(cut.astype(int) - padded[: region.height, : region.width]).mean() < 0.5


@pytest.mark.parametrize("colours", [{"rgbjpeg": True}, {}])
def test_edge_tiles_with_coarse_colours_are_cut_too(tmp_path: Path, colours: dict[str, Any]) -> None:
    """libvips thins out the second and third component of RGB, too, as libjpeg does by itself."""
    source = MemorySource(vips_slide(tmp_path / "slide.tif", SCENE, Q=85, **colours).read_bytes())
    index = build_index(source)
    whole = read_region(source, index.levels[0], Region(0, 0, 500, 380))

    tiles = _level(source, index, DeepZoom.of(index).last_level)

    assert frame_of(read_tile(source, index, 0, 3, 2).body).subsampling == (2, 2)
    assert np.abs(tiles.astype(int) - whole).mean() < 1


def test_missing_levels_are_made_from_the_next_finer_one() -> None:
    quarter = halved(halved(SCENE))
    source = MemorySource(
        tifffile_slide([SCENE, quarter], photometric="rgb", compression="jpeg", compressionargs={"level": 95})
    )
    index = build_index(source)
    zoom = DeepZoom.of(index)

    used = [stored_region(index, zoom, zoom.last_level - below, 0, 0) for below in range(4)]

    assert [(part.level, part.reduction) for part in used] == [(0, 1), (0, 2), (1, 1), (1, 2)]
    for below in range(4):
        pixels = _level(source, index, zoom.last_level - below)
        assert np.abs(pixels.astype(int) - _reduced(SCENE, below)).mean() < 3


def test_a_missing_level_reads_the_four_tiles_below_its_tile_at_once() -> None:
    source = MemorySource(tifffile_slide([tissue(2048, 2048)], photometric="rgb", compression="jpeg"))
    index = build_index(source)
    zoom = DeepZoom.of(index)
    source.ranges.clear()

    read_deep_zoom_tile(source, index, zoom.last_level - 1, 2, 3)

    level = index.levels[0]
    pairs = [(level.locate(4, row), level.locate(5, row)) for row in (6, 7)]
    assert source.ranges == [(left.offset, right.end) for left, right in pairs]


def test_levels_that_are_no_power_of_two_are_not_used() -> None:
    third = np.asarray(Image.fromarray(SCENE).resize((167, 127)))
    source = MemorySource(tifffile_slide([SCENE, third], photometric="rgb"))
    index = build_index(source)
    zoom = DeepZoom.of(index)

    assert len(index.levels) == 2
    assert stored_region(index, zoom, zoom.last_level - 2, 0, 0).level == 0


def test_levels_rounded_down_are_filled_up_with_their_last_pixels() -> None:
    full, half = tissue(257, 129), tissue(257, 129)[::2, ::2][:64, :128]
    source = MemorySource(tifffile_slide([full, half], tile=64, photometric="rgb"))
    index = build_index(source)
    zoom = DeepZoom.of(index)

    corner = as_pixels(read_deep_zoom_tile(source, index, zoom.last_level - 1, 2, 1).body)

    assert zoom.size(zoom.last_level - 1) == (129, 65)
    assert corner.shape == (1, 1, 3)
    assert np.abs(corner[0, 0].astype(int) - half[63, 127]).max() <= 3


def test_labels_are_picked_and_never_mixed() -> None:
    labels = (np.add.outer(np.arange(300), np.arange(400)) // 7 % 3 * 100).astype(np.uint8)
    source = MemorySource(tifffile_slide([labels], tile=64, photometric="minisblack", compression="lzw"))
    index = build_index(source)
    zoom = DeepZoom.of(index)

    assert zoom.format == "png"
    for below in range(zoom.last_level + 1):
        np.testing.assert_array_equal(
            _level(source, index, zoom.last_level - below), labels[:: 1 << below, :: 1 << below]
        )


def test_zoom_tiles_are_deep_zoom_tiles(tmp_path: Path) -> None:
    source = MemorySource(vips_slide(tmp_path / "slide.tif", SCENE).read_bytes())
    index = build_index(source)
    zoom = DeepZoom.of(index)

    assert zoom.zoom_levels == 3
    assert read_zoom_tile(source, index, 2, 3, 2) == read_deep_zoom_tile(source, index, zoom.last_level, 3, 2)
    assert as_pixels(read_zoom_tile(source, index, 0, 0, 0).body).shape == (95, 125, 3)
    for z in (-1, 3):
        with pytest.raises(NoSuchTile):
            read_zoom_tile(source, index, z, 0, 0)


def test_tiles_outside_do_not_exist(tmp_path: Path) -> None:
    source = MemorySource(vips_slide(tmp_path / "slide.tif", SCENE).read_bytes())
    index = build_index(source)

    for level, column, row in ((10, 0, 0), (-1, 0, 0), (9, 4, 0), (9, 0, 3), (9, -1, 0), (8, 2, 0)):
        with pytest.raises(NoSuchTile):
            read_deep_zoom_tile(source, index, level, column, row)


def test_a_picture_that_would_need_too_many_tiles_is_refused_before_any_is_read() -> None:
    source = MemorySource(
        tifffile_slide([np.zeros((16 * 40, 16 * 40), np.uint8)], tile=16, photometric="minisblack")
    )
    index = build_index(source)
    source.ranges.clear()

    with pytest.raises(UnreadableImage, match="No level"):
        read_deep_zoom_tile(source, index, 0, 0, 0)
    assert source.ranges == []


@given(st.data())
def test_any_region_is_put_together_from_its_tiles(data: st.DataObject) -> None:
    pixels = np.arange(70 * 110, dtype=np.uint16).reshape(70, 110)
    source = MemorySource(REGION_SLIDE)
    index = REGION_INDEX
    step = data.draw(st.sampled_from([1, 2, 3, 4, 8, 16, 32]))
    x = data.draw(st.integers(0, 109 // step)) * step
    y = data.draw(st.integers(0, 69 // step)) * step
    width, height = data.draw(st.integers(1, 120)), data.draw(st.integers(1, 80))

    found = read_region(source, index.levels[0], Region(x, y, width, height), reduction=step)[..., 0]

    expected = pixels[y : y + height : step, x : x + width : step]
    missing = (-(-height // step) - expected.shape[0], -(-width // step) - expected.shape[1])
    np.testing.assert_array_equal(found, np.pad(expected, ((0, missing[0]), (0, missing[1])), mode="edge"))


REGION_SLIDE = tifffile_slide(
    [np.arange(70 * 110, dtype=np.uint16).reshape(70, 110)], tile=16, photometric="minisblack"
)
REGION_INDEX = build_index(MemorySource(REGION_SLIDE))
