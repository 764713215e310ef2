"""Slides that are decoded come with all levels, made from the pixels that were decoded."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from simplejpeg import decode_jpeg

from tests.support import slide_files
from tests.support.converting import convert, fill
from tests.support.slide_files.scene import scene
from tests.support.slides import halved
from tiler.adapters.slides.block_tiles import EncodedTile, UpperLevels, block_tiles
from tiler.adapters.slides.halving import halve
from tiler.adapters.slides.openslide_pixels import OpenSlidePixels
from tiler.adapters.slides.tile_encoders import TILE_PX, InterleavedTiles, TileEncoder
from tiler.domain.region import Region
from tiler.domain.slide import SlideFacts, Vendor

GREENISH = (200, 240, 210)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_halving_is_the_mean_of_four_pixels_with_halves_rounded_up(channels: int) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (258, 70, channels), np.uint8)
    sums = pixels.reshape(129, 2, 35, 2, channels).sum(axis=(1, 3), dtype=np.uint16)

    assert np.array_equal(halve(pixels), (sums + 2) // 4)
    assert np.array_equal(halve(pixels[:, 2:40]), halve(pixels)[:, 1:20])


@pytest.mark.parametrize("size", [(1301, 701), (700, 513), (255, 256)])
@pytest.mark.parametrize("photometric", ["rgb", "minisblack"])
def test_every_level_is_the_mean_of_what_was_scanned(
    photometric: str, size: tuple[int, int], tmp_path: Path
) -> None:
    width, height = size
    pixels = scene(width, height) if photometric == "rgb" else scene(width, height)[..., :1]
    path, target = tmp_path / "a.tif", tmp_path / "slide.tif"
    tifffile.imwrite(
        path,
        np.squeeze(pixels),
        tile=(240, 240),
        compression="deflate",
        photometric=photometric,
        metadata=None,
    )

    converted = convert(path, target)

    with tifffile.TiffFile(target) as file:
        levels = [page.asarray().reshape(*page.shape[:2], -1) for page in file.pages]
    assert len(levels) == converted.levels
    assert max(levels[-1].shape[:2]) <= TILE_PX
    expected = pixels
    for level in levels:
        assert level.shape == expected.shape
        error = level.astype(np.int16) - expected
        assert np.abs(error.mean(axis=(0, 1))).max() < 1
        assert np.sqrt(np.mean(np.square(error, dtype=np.float64))) < 12
        expected = halved(expected)


def test_nothing_is_left_to_add_to_them(tmp_path: Path) -> None:
    target = tmp_path / "slide.tif"

    converted = convert(slide_files.mirax_slide(tmp_path / "a.mrxs", photos=6).path, target)
    filled = fill(target)

    assert converted.is_complete
    assert (converted.sha256, converted.levels) == (filled.sha256, filled.levels)


def test_blocks_where_nothing_was_scanned_are_background_on_all_levels() -> None:
    encoder = InterleavedTiles("BGRX", GREENISH)

    block = block_tiles(encoder, Region(1024, 2048, 1024, 300), 3, None)

    assert [(tile.scale, tile.column, tile.row) for tile in block.tiles] == [
        *((0, column, row) for row in (8, 9) for column in range(4, 8)),
        *((1, column, 4) for column in (2, 3)),
        (2, 1, 2),
    ]
    assert block.last is None
    assert all(_is_greenish(_decoded(encoder, tile)) for tile in block.tiles)


def test_upper_levels_show_scanned_blocks_beside_empty_ones_in_whatever_order_they_come() -> None:
    encoder = InterleavedTiles("BGRX", GREENISH)
    upper = UpperLevels(encoder, [(12, 4), (6, 2), (3, 1), (2, 1), (1, 1)])
    black = np.zeros((TILE_PX, TILE_PX, 4), np.uint8)
    tiles = [EncodedTile(2, column, 0, b"") for column in range(3)]

    assert list(upper.add(tiles[2], black)) != []
    assert list(upper.add(tiles[1], black)) == []
    left, smallest = upper.add(tiles[0], None)

    assert [(tile.scale, tile.column, tile.row) for tile in (left, smallest)] == [(3, 0, 0), (4, 0, 0)]
    pixels = _decoded(encoder, left)
    assert _is_greenish(pixels[:128, :120])
    assert _is_greenish(pixels[136:])
    assert pixels[:120, 136:].max() <= 2
    assert _decoded(encoder, smallest)[:56, 70:180].max() <= 2


def test_an_area_without_photographs_is_known_to_be_empty(tmp_path: Path) -> None:
    slide = slide_files.mirax_slide(tmp_path / "a.mrxs", with_margin=True)

    with OpenSlidePixels.open(slide.path, SlideFacts(Vendor.MIRAX)) as pixels:
        corner = Region(-pixels.region.x, -pixels.region.y, 64, 64)

        assert pixels.read(corner) is None
        assert pixels.read(Region(40, 40, 64, 64)) is not None


def _decoded(encoder: TileEncoder, tile: EncodedTile) -> NDArray[np.uint8]:
    pixels: NDArray[np.uint8] = decode_jpeg(encoder.tables[:-2] + tile.body[2:])
    return pixels


def _is_greenish(pixels: NDArray[np.uint8]) -> bool:
    return bool(np.abs(pixels.astype(np.int16) - GREENISH).max() <= 2)
