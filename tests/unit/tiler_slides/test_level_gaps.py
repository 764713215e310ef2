"""Smaller levels that lack tiles where the slide was scanned, as some of Aperio do, are made anew instead of shown with holes."""

from array import array
from pathlib import Path

import numpy as np
import openslide
import pytest

from tests.support import slide_files
from tests.support.converting import convert, fill, slide_levels
from tests.support.slide_files.scene import reduced
from tiler.domain.encoding import Compression, Encoding, Photometric
from tiler.domain.level import Level
from tiler.domain.level_gaps import lacks_what_is_in
from tiler.domain.slide import Route


def test_a_level_with_a_hole_is_made_of_the_one_above(tmp_path: Path) -> None:
    slide = slide_files.aperio_slide(
        tmp_path / "a.svs", size=(2200, 1400), steps=(4, 8), empty_tiles=True, empty_in=1
    )
    target = tmp_path / "slide.tif"

    converted = convert(slide.path, target)

    assert (converted.route, slide_levels(target)) == (Route.COPY, ((2200, 1400), (275, 175)))
    fill(target)
    with openslide.OpenSlide(target) as product:
        at = product.level_dimensions.index((550, 350))
        shown = np.asarray(product.read_region((0, 0), at, (550, 350)).convert("RGB"))
    assert np.abs(shown.astype(int) - reduced(slide.scene, 4)).mean() < 6


def level(size: tuple[int, int], tile: int, *, missing: tuple[int, ...] = ()) -> Level:
    count = -(-size[0] // tile) * -(-size[1] // tile)
    lengths = array("Q", (0 if at in missing else 9 for at in range(count)))
    encoding = Encoding(Compression.JPEG, Photometric.YCBCR, 3)
    return Level(*size, tile, tile, padded=True, encoding=encoding, offsets=lengths, lengths=lengths)


def all_but(level: Level, *there: int) -> tuple[int, ...]:
    return tuple(at for at in range(level.columns * level.rows) if at not in there)


@pytest.mark.parametrize("size", [(1024, 1024), (1023, 1021), (1000, 999), (800, 780)])
@pytest.mark.parametrize("tile", [128, 256])
def test_what_both_levels_lack_is_bare_glass(size: tuple[int, int], tile: int) -> None:
    """Where the smaller level lacks a tile, the larger one lacks all of those that show the same, but none beside them."""
    half = ((size[0] + 1) // 2, (size[1] + 1) // 2)
    grid = level(half, tile)
    for at in range(len(grid.lengths)):
        row, column = divmod(at, grid.columns)
        whole = level(size, tile)
        same = [
            y * whole.columns + x
            for y in range(whole.rows)
            for x in range(whole.columns)
            if (y // 2, x // 2) == (row, column)
        ]
        smaller = level(half, tile, missing=(at,))
        assert not lacks_what_is_in(smaller, level(size, tile, missing=tuple(same)))
        for there in same:
            missing = tuple(one for one in same if one != there)
            assert lacks_what_is_in(smaller, level(size, tile, missing=missing or all_but(whole, there)))


def test_tiles_of_levels_may_differ_in_size() -> None:
    smaller, whole = level((500, 300), 240, missing=(1,)), level((2000, 1200), 256)

    assert lacks_what_is_in(smaller, whole)
    assert not lacks_what_is_in(smaller, level((2000, 1200), 256, missing=all_but(whole, 0, 1, 2, 8)))
    assert lacks_what_is_in(smaller, level((2000, 1200), 256, missing=all_but(whole, 4)))


def test_a_level_lacks_nothing_of_itself() -> None:
    for size in ((257, 255), (1024, 512)):
        whole = level(size, 256, missing=(0,))
        assert not lacks_what_is_in(whole, whole)


def test_a_level_without_any_tile_is_none() -> None:
    whole = level((1024, 512), 256, missing=(0,))
    smaller = level((512, 256), 256)

    assert lacks_what_is_in(level((512, 256), 256, missing=all_but(smaller)), whole)
