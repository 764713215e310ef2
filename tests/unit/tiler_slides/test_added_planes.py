"""Added levels are made of planes where the machine has libturbojpeg, and look like those that are made of pixels."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from simplejpeg import decode_jpeg

from tests.support import slide_files
from tests.support.converting import convert, fill
from tests.support.servers import installed
from tests.support.slide_files.scene import jpeg, scene
from tests.support.slides import halved
from tiler.adapters import turbo_jpeg
from tiler.adapters.file_source import FileSource
from tiler.adapters.slides.added_style import AddedStyle
from tiler.adapters.slides.halved_planes import HalvedPlanes, halved_tile
from tiler.adapters.slides.halved_tiles import Glass, HalvedTile
from tiler.adapters.tiff_directory import read_pages
from tiler.adapters.turbo_jpeg import TurboJpeg
from tiler.domain.pyramid import pyramid_pages

WIDTH, HEIGHT = 1230, 850


@pytest.fixture(autouse=True)
def library() -> None:
    installed("libturbojpeg")


@pytest.fixture
def planes_made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How often a tile was encoded from planes."""
    made: list[int] = []
    encoded = HalvedPlanes._encoded

    def noted(tile: HalvedPlanes) -> bytes:
        made.append(1)
        return encoded(tile)

    monkeypatch.setattr(HalvedPlanes, "_encoded", noted)
    return made


def without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turbo_jpeg, "is_there", lambda: False)


def levels_of(path: Path) -> list[NDArray[np.uint8]]:
    with tifffile.TiffFile(path) as file:
        return [page.asarray() for page in file.pages]


def product_of(folder: Path, subsampling: str, *, tile: int = 256) -> Path:
    """Return a product of one level, at whose edges scanners have put black."""
    slide, product = folder / "a.tif", folder / "product.tif"
    columns, rows = -(-WIDTH // tile), -(-HEIGHT // tile)
    pixels = np.zeros((rows * tile, columns * tile, 3), np.uint8)
    pixels[:HEIGHT, :WIDTH] = scene(WIDTH, HEIGHT)
    tiles = (
        jpeg(np.ascontiguousarray(part), subsampling=subsampling)
        for row in np.split(pixels, rows)
        for part in np.split(row, columns, axis=1)
    )
    across, down = {"4:4:4": (1, 1), "4:2:2": (2, 1), "4:2:0": (2, 2)}[subsampling]
    tifffile.imwrite(
        slide,
        tiles,
        shape=(HEIGHT, WIDTH, 3),
        dtype=np.uint8,
        tile=(tile, tile),
        photometric="ycbcr",
        compression="jpeg",
        subsampling=(across, down),
        metadata=None,
    )
    convert(slide, product)
    return product


@pytest.mark.parametrize("tile", [256, 240])
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_levels_are_made_of_planes_and_right_up_to_the_edge(
    subsampling: str, tile: int, tmp_path: Path, planes_made: list[int]
) -> None:
    product = product_of(tmp_path, subsampling, tile=tile)
    fill(product)

    pixels, *levels = levels_of(product)
    assert len(planes_made) == sum(-(-len(level) // tile) * -(-level.shape[1] // tile) for level in levels)
    for level in levels:
        pixels = halved(pixels)
        difference = level.astype(np.int16) - pixels
        assert np.abs(difference.mean(axis=(0, 1))).max() < 0.6
        assert np.abs(difference).mean() < 5
        assert np.abs(difference[-1]).mean() < 9
        assert np.abs(difference[:, -1]).mean() < 9


@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_they_are_as_near_to_the_full_resolution_as_levels_made_of_pixels(
    subsampling: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    product = product_of(tmp_path, subsampling)
    bare = product.read_bytes()
    fill(product)
    mine = levels_of(product)
    product.write_bytes(bare)
    without_the_library(monkeypatch)
    fill(product)
    others = levels_of(product)

    expected = halved(mine[0]).astype(np.int16)
    errors = [np.square(levels[1] - expected, dtype=np.float64).mean() for levels in (mine, others)]
    assert errors[0] < 1.02 * errors[1]


@pytest.mark.parametrize(("harm", "smaller_tiles"), [("no library", 0), ("tiles in RGB", 3)])
def test_otherwise_they_are_made_of_pixels(
    harm: str, smaller_tiles: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, planes_made: list[int]
) -> None:
    """From tiles in RGB that is the first level, which is YCbCr itself, so those after it are not."""
    if harm == "no library":
        product = product_of(tmp_path, "4:2:0")
        without_the_library(monkeypatch)
    else:
        product = tmp_path / "product.tif"
        convert(slide_files.plain_slide(tmp_path / "rgb.tif", colours="rgb", steps=()).path, product)

    fill(product)

    pixels, level, *_ = levels_of(product)
    assert len(planes_made) == smaller_tiles
    assert np.abs(level.astype(np.int16) - halved(pixels)).mean() < 5


@pytest.fixture
def tile(tmp_path: Path) -> Iterator[HalvedTile]:
    """What makes new tiles of a product in 4:2:2."""
    with FileSource(product_of(tmp_path, "4:2:2")) as source:
        level = pyramid_pages(read_pages(source))[0].as_level()
        with halved_tile(level, Glass(), AddedStyle.of(source, level)) as tile:
            yield tile


def shown(tile: HalvedTile) -> NDArray[np.int16]:
    tables = tile._style.encoding.jpeg_tables
    pixels: NDArray[np.int16] = decode_jpeg(tables[:-2] + tile.encoded(0, 0)[2:]).astype(np.int16)
    return pixels


def test_a_tile_of_another_kind_than_the_first_is_shown_as_well(tile: HalvedTile) -> None:
    pixels = scene(256, 256)

    for quarter, subsampling in enumerate(("4:2:2", "4:4:4", "4:2:0", "4:2:2")):
        tile.paint(quarter, jpeg(pixels, subsampling=subsampling), 0, 0)

    difference = shown(tile) - np.tile(halved(pixels), (2, 2, 1))
    assert tile.damaged == 0
    assert np.abs(difference).mean() < 5
    assert np.abs(difference.mean(axis=(0, 1))).max() < 1


@pytest.mark.parametrize("size", [(264, 256), (256, 264), (512, 512)])
def test_nothing_is_written_beside_a_quarter_by_pixels_that_do_not_fit(
    size: tuple[int, int], tile: HalvedTile
) -> None:
    pixels = np.zeros((size[0] // 2, size[1] // 2, 4), np.uint8)

    with pytest.raises(ValueError, match="larger"):
        tile._lay(3, pixels)


def test_bare_glass_is_decoded_once(tile: HalvedTile, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[int] = []
    decode = TurboJpeg.decode

    def noted(*given: Any, **more: Any) -> None:
        decoded.append(1)
        decode(*given, **more)

    monkeypatch.setattr(TurboJpeg, "decode", noted)
    glass = jpeg(np.full((256, 256, 3), (230, 220, 225), np.uint8))

    for quarter in range(4):
        tile.paint(quarter, glass, 0, 0)

    assert len(decoded) == 1
    assert np.abs(shown(tile) - (230, 220, 225)).max() <= 3


def test_what_was_never_written_or_is_damaged_is_white(tile: HalvedTile) -> None:
    body = jpeg(scene(256, 256))

    tile.paint(0, b"", 0, 0)
    tile.paint(1, body[: len(body) // 2], 0, 0)
    tile.paint(2, b"no JPEG", 0, 0)
    tile.paint(3, body, 0, 0)

    pixels = shown(tile)
    assert tile.damaged == 2
    assert pixels[:112].min() >= 250
    assert pixels[:, :112].min() >= 250
    assert pixels[136:, 136:].max() < 250
