"""MRXS slides whose photographs are decoded to planes, on machines that have libturbojpeg."""

from collections.abc import Callable
from functools import partial
from itertools import product, repeat
from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from simplejpeg import decode_jpeg

from tests.support import slide_files
from tests.support.converting import convert, refusal
from tests.support.servers import installed
from tests.support.slide_files.scene import jpeg
from tiler.adapters import turbo_jpeg
from tiler.adapters.slides import planar
from tiler.adapters.slides.block_tiles import EncodedTile, UpperLevels, block_tiles
from tiler.adapters.slides.mirax_photos import images
from tiler.adapters.slides.mirax_photos.pixels import MiraxPixels
from tiler.adapters.slides.mirax_photos.planes import MiraxPlanes
from tiler.adapters.slides.mirax_photos.proof import quickest_pixels
from tiler.adapters.slides.openslide_pixels import OpenSlidePixels
from tiler.adapters.slides.tile_encoders import TILE_PX, PlanarTiles
from tiler.adapters.turbo_jpeg import Planes, TurboJpeg
from tiler.domain.region import Region
from tiler.domain.slide import SlideFacts, Vendor

GREENISH = (200, 240, 210)
SUBSAMPLINGS = ("4:4:4", "4:2:2", "4:2:0")
SLIDES: dict[str, Callable[[Path], slide_files.VendorSlide]] = {
    **{kind: partial(slide_files.mirax_slide, subsampling=kind) for kind in SUBSAMPLINGS},
    "a margin that was never taken": partial(slide_files.mirax_slide, with_margin=True),
    "whole photographs": partial(slide_files.mirax_slide, divisions=1),
    "photographs cut in sixteen": partial(slide_files.mirax_slide, divisions=4, subsampling="4:2:0"),
}
Samples = NDArray[np.uint8]


@pytest.fixture(autouse=True)
def library() -> None:
    installed("libturbojpeg")


def opened(slide: Path) -> OpenSlidePixels:
    return OpenSlidePixels.open(slide, SlideFacts(Vendor.MIRAX))


def all_of(slide: OpenSlidePixels) -> Region:
    return Region(0, 0, slide.region.width, slide.region.height)


def split(pixels: Samples) -> Samples:
    """Return pixels as luma and, for each square of four, chroma: in the order of `planar`."""
    rows, columns = (side - side % 4 for side in pixels.shape[:2])
    packed = planar.room(rows, columns)
    with TurboJpeg() as turbo:
        turbo.split(
            np.ascontiguousarray(pixels[:rows, :columns]),
            Planes.of(planar.luma(packed), *planar.chroma(packed)),
        )
    return packed


@pytest.mark.parametrize("name", SLIDES)
def test_planes_show_what_pixels_show(name: str, tmp_path: Path) -> None:
    slide = SLIDES[name](tmp_path / "a.mrxs").path

    with opened(slide) as openslide, quickest_pixels(openslide, slide) as ours:
        assert isinstance(ours, MiraxPlanes)
        pixels = MiraxPixels(ours.images, openslide, interpolates_colours=False).read(all_of(openslide))
        assert pixels is not None
        expected = split(pixels)
        rows, columns = planar.size(expected)
        found = ours.read(all_of(openslide))

    assert found is not None
    luma = planar.luma(found)[:rows, :columns].astype(np.int16) - planar.luma(expected)
    chroma = planar.chroma(found)[:, : rows // 2, : columns // 2].astype(np.int16) - planar.chroma(expected)
    assert np.abs(luma).mean() < 0.5
    assert np.abs(chroma).mean() < 0.6
    assert np.abs(chroma.mean(axis=(1, 2))).max() < 0.1
    assert np.quantile(np.abs(luma), 0.999) <= 3
    assert np.quantile(np.abs(chroma), 0.99) <= 3


@pytest.mark.parametrize("name", SLIDES)
def test_parts_of_a_slide_are_the_same_to_the_last_bit_however_it_is_parted(
    name: str, tmp_path: Path
) -> None:
    slide = SLIDES[name](tmp_path / "a.mrxs").path

    with opened(slide) as openslide, quickest_pixels(openslide, slide) as ours:
        assert isinstance(ours, MiraxPlanes)
        width, height = openslide.region.width, openslide.region.height
        whole = ours.read(all_of(openslide))
        assert whole is not None
        for x, y in product(range(0, width, TILE_PX), range(0, height, TILE_PX)):
            part = ours.read(Region(x, y, min(TILE_PX, width - x), min(TILE_PX, height - y)))
            luma = planar.luma(whole)[y:, x:][:TILE_PX, :TILE_PX]
            chroma = planar.chroma(whole)[:, y // 2 :, x // 2 :][:, :128, :128]
            if part is None:
                assert len(np.unique(luma)) == 1
                continue
            assert np.array_equal(planar.luma(part), luma)
            assert np.array_equal(planar.chroma(part), chroma)


def test_beyond_the_edge_the_last_pixels_are_repeated(tmp_path: Path) -> None:
    slide = slide_files.mirax_slide(tmp_path / "a.mrxs").path

    with opened(slide) as openslide, quickest_pixels(openslide, slide) as ours:
        found = ours.read(Region(256, 256, 301, 203))

    assert found is not None
    assert planar.size(found) == (256, 512)
    luma, chroma = planar.luma(found), planar.chroma(found)
    assert (luma[:, 301:] == luma[:, 300:301]).all()
    assert (luma[203:] == luma[202]).all()
    assert (chroma[..., 151:] == chroma[..., 150:151]).all()
    assert (chroma[:, 102:] == chroma[:, 101:102]).all()


def test_a_part_without_photographs_is_known_to_be_empty(tmp_path: Path) -> None:
    slide = slide_files.mirax_slide(tmp_path / "a.mrxs", photos=6).path

    with opened(slide) as openslide, quickest_pixels(openslide, slide) as ours:
        assert isinstance(ours, MiraxPlanes)
        gap = Region(openslide.region.width - 64, 0, 64, 64)
        assert ours.images.within(gap) == []
        assert ours.read(gap) is None


def test_products_are_as_near_to_the_scan_as_those_of_pixels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slide = slide_files.mirax_slide(tmp_path / "a.mrxs", photos=8)
    convert(slide.path, tmp_path / "planes.tif")
    with monkeypatch.context() as machine:
        machine.setattr(turbo_jpeg, "is_there", lambda: False)
        convert(slide.path, tmp_path / "pixels.tif")

    for number in range(3):
        mine, others = (
            tifffile.imread(tmp_path / f"{name}.tif", key=number) for name in ("planes", "pixels")
        )
        assert mine.shape == others.shape
        assert np.abs((mine.astype(np.int16) - others).mean(axis=(0, 1))).max() < 0.3
        if number == 0:
            scan = slide.scene[:900, :900].astype(np.int16)
            errors = [np.abs(level[:900, :900] - scan).mean() for level in (mine, others)]
            assert errors[0] < 1.01 * errors[1]


@pytest.mark.parametrize("harm", ["no library", "gray images", "images of another size"])
def test_without_the_library_or_proper_images_pixels_are_read(
    harm: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slide = slide_files.mirax_slide(tmp_path / "a.mrxs").path

    with opened(slide) as openslide, quickest_pixels(openslide, slide) as ours:
        assert isinstance(ours, MiraxPlanes)
        if harm == "no library":
            monkeypatch.setattr(turbo_jpeg, "is_there", lambda: False)
        else:
            shape = (128, 128) if harm == "gray images" else (130, 128, 3)
            stream = jpeg(np.zeros(shape, np.uint8))
            monkeypatch.setattr(images.MiraxImages, "streams", lambda *_: repeat(stream))
        assert MiraxPlanes.of(ours.images, openslide) is None


def test_what_only_openslide_can_decode_is_left_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slide = slide_files.mirax_slide(tmp_path / "a.mrxs").path
    part = Region(100, 100, 200, 200)

    with opened(slide) as openslide, quickest_pixels(openslide, slide) as ours:
        assert isinstance(ours, MiraxPlanes)
        monkeypatch.setattr(images.MiraxImages, "streams", lambda *_: repeat(b"no JPEG"))
        mine, theirs = ours.read(part), openslide.read(part)

    assert mine is not None
    assert theirs is not None
    expected = split(theirs)
    assert np.array_equal(planar.luma(mine)[:200, :200], planar.luma(expected))
    assert np.array_equal(planar.chroma(mine)[:, :100, :100], planar.chroma(expected))


def test_a_slide_with_a_damaged_photograph_is_refused(tmp_path: Path) -> None:
    slide = slide_files.mirax_slide(tmp_path / "a.mrxs", photos=6).path
    slide_files.damage_image(slide, 40)

    assert "damaged" in refusal(slide)


def test_upper_levels_show_scanned_blocks_beside_empty_ones() -> None:
    encoder = PlanarTiles(GREENISH)
    upper = UpperLevels(encoder, [(4, 2), (2, 1), (1, 1)])
    black = np.zeros_like(encoder.empty)
    planar.paint(planar.luma(black), planar.chroma(black), (0, 0, 0))
    tiles = [EncodedTile(0, column, row, b"") for column, row in ((2, 0), (3, 0), (2, 1), (3, 1))]

    shown = [None, black, None, black]
    made = [tile for pair in zip(tiles, shown, strict=True) for tile in upper.add(*pair)]

    assert [(tile.scale, tile.column, tile.row) for tile in made] == [(1, 1, 0)]
    pixels = _decoded(encoder, made[0])
    assert np.abs(pixels[:, :120] - np.array(GREENISH, np.int16)).max() <= 2
    assert pixels[:, 136:].max() <= 2


@pytest.mark.parametrize("size", [(300, 700), (513, 512), (256, 255)])
def test_every_tile_of_a_block_shows_its_part_of_it(size: tuple[int, int]) -> None:
    rows, columns = size
    encoder = PlanarTiles(GREENISH)
    pixels = planar.room(rows + -rows % TILE_PX, columns + -columns % TILE_PX)
    planar.luma(pixels)[:] = np.linspace(0, 255, planar.size(pixels)[1], dtype=np.uint8)
    planar.chroma(pixels)[:] = 128
    planar.repeat_edges(pixels, rows, columns)

    block = block_tiles(encoder, Region(0, 0, columns, rows), 2, pixels)

    expected = planar.luma(pixels)
    for scale in range(2):
        for tile in (tile for tile in block.tiles if tile.scale == scale):
            x, y = tile.column * TILE_PX, tile.row * TILE_PX
            part = expected[y : y + TILE_PX, x : x + TILE_PX].astype(np.int16)
            found = _decoded(encoder, tile)[: len(part), : part.shape[1], 1]
            assert np.abs(found - part).max() <= 4
        expected = expected[::2, ::2]


def _decoded(encoder: PlanarTiles, tile: EncodedTile) -> NDArray[np.int16]:
    pixels: NDArray[np.int16] = decode_jpeg(encoder.tables[:-2] + tile.body[2:]).astype(np.int16)
    return pixels
