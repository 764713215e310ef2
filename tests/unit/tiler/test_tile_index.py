"""Which pages become levels, and the index as a blob."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from tests.support.slides import MemorySource, halved, tifffile_slide, tissue, vips_slide
from tiler.adapters.tiff_index import build_index
from tiler.domain.problems import NoSuchTile, UnreadableImage, UnreadableIndex
from tiler.domain.tile_index import TileIndex

REAL_SLIDE = Path(__file__).parents[4] / "shared" / "data" / "panimg" / "valid_tiff.tif"
SCENE = tissue(500, 380)
HALF = halved(SCENE)
QUARTER = halved(HALF)


def _index(body: bytes) -> TileIndex:
    return build_index(MemorySource(body))


def _sizes(index: TileIndex) -> list[tuple[int, int]]:
    return [(level.width, level.height) for level in index.levels]


@pytest.mark.parametrize("subifd", [False, True])
def test_levels_are_found_in_both_places_writers_put_them(tmp_path: Path, subifd: bool) -> None:
    path = vips_slide(tmp_path / "slide.tif", SCENE, subifd=subifd)

    index = _index(path.read_bytes())

    assert _sizes(index) == [(500, 380), (250, 190), (125, 95)]
    assert [(level.columns, level.rows) for level in index.levels] == [(4, 3), (2, 2), (1, 1)]
    assert [index.downsample(number) for number in range(3)] == pytest.approx([1, 2, 4])


def test_an_odd_pyramid_rounded_down_is_recognised() -> None:
    levels = [tissue(1001, 777), tissue(500, 388), tissue(250, 194), tissue(125, 97)]

    assert len(_index(tifffile_slide(levels, photometric="rgb")).levels) == 4


@pytest.mark.parametrize("size", [(1, 4000), (3, 4000), (4000, 1)])
def test_a_pyramid_of_a_line_has_all_its_levels(size: tuple[int, int]) -> None:
    """Levels were told apart by their width, so that a long thin slide was never small enough to be seen whole."""
    levels = [tissue(*(-(-side // step) for side in size)) for step in (1, 2, 4, 8, 16)]

    assert len(_index(tifffile_slide(levels, photometric="rgb")).levels) == 5


def test_levels_come_in_order_however_they_are_stored() -> None:
    body = tifffile_slide([SCENE, QUARTER, HALF], photometric="rgb")

    assert _sizes(_index(body)) == [(500, 380), (250, 190), (125, 95)]


def test_pictures_of_the_glass_are_no_levels(tmp_path: Path) -> None:
    path = tmp_path / "slide.tif"
    with tifffile.TiffWriter(path) as writer:
        options: dict[str, Any] = {"photometric": "rgb", "tile": (128, 128), "metadata": None}
        writer.write(SCENE, description="Aperio Image Library", **options)
        writer.write(HALF, photometric="rgb", metadata=None)  # a thumbnail in strips
        writer.write(HALF, subfiletype=1, description="Aperio\nlabel 250x190", **options)
        writer.write(HALF, subfiletype=9, description="Aperio", **options)
        writer.write(tissue(300, 100), subfiletype=1, **options)
        writer.write(tissue(490, 372), **options)
        writer.write(QUARTER[..., 0], photometric="minisblack", tile=(128, 128), metadata=None)
        writer.write(QUARTER, subfiletype=1, **options)

    assert _sizes(_index(path.read_bytes())) == [(500, 380), (125, 95)]


@pytest.mark.parametrize(
    "description",
    [
        "Label Image",
        "Label_Image",
        "Aperio\nmacro 500x380",
        '<scn xmlns="http://www.leica-microsystems.com/scn/2010/10/01">',
    ],
)
def test_a_file_that_begins_with_the_label_is_refused(description: str) -> None:
    body = tifffile_slide([SCENE, HALF], photometric="rgb", description=description)

    with pytest.raises(UnreadableImage, match="not the slide"):
        _index(body)


def test_a_label_map_may_be_described_as_one() -> None:
    body = tifffile_slide(
        [SCENE[..., 0]], photometric="minisblack", description="Label map of tumour and stroma"
    )

    assert len(_index(body).levels) == 1


def test_pages_without_tiles_cannot_be_served_in_tiles() -> None:
    strips = BytesIO()
    tifffile.imwrite(strips, SCENE, photometric="rgb")

    with pytest.raises(UnreadableImage, match="no tiles"):
        _index(strips.getvalue())


@pytest.mark.parametrize(
    ("pixels", "options"),
    [
        (np.zeros((64, 64, 4), np.uint8), {"photometric": "separated"}),
        (np.zeros((64, 64, 5), np.uint8), {"photometric": "minisblack", "planarconfig": "contig"}),
        (np.zeros((64, 64), np.complex64), {"photometric": "minisblack"}),
        (np.zeros((64, 64, 3), np.uint8), {"photometric": "rgb", "compression": "png"}),
    ],
)
def test_kinds_of_pixels_that_cannot_be_shown_are_refused(
    pixels: np.ndarray, options: dict[str, str]
) -> None:
    with pytest.raises(UnreadableImage, match="not supported"):
        _index(tifffile_slide([pixels], tile=32, **options))


def test_tiles_of_two_gigabytes_are_refused() -> None:
    body = tifffile_slide([np.zeros((16, 16), np.uint8)], tile=16, photometric="minisblack")
    with tifffile.TiffFile(BytesIO(body)) as reference:
        places = [reference.pages.first.tags[name].valueoffset for name in ("TileWidth", "TileLength")]
    lying = bytearray(body)
    for at in places:
        lying[at : at + 2] = (0xFFF0).to_bytes(2, "little")

    with pytest.raises(UnreadableImage, match="too large"):
        _index(bytes(lying))


@pytest.mark.parametrize(
    "options", [{}, {"rgbjpeg": True}, {"compression": "deflate", "predictor": "horizontal"}]
)
def test_the_blob_gives_the_same_index_back(tmp_path: Path, options: dict[str, object]) -> None:
    path = vips_slide(tmp_path / "slide.tif", SCENE, xres=4000.0, yres=4000.0, resunit="cm", **options)
    index = _index(path.read_bytes())

    assert TileIndex.from_bytes(index.to_bytes()) == index


def test_the_blob_keeps_windows_and_palettes() -> None:
    deep = _index(
        tifffile_slide([tissue(300, 200)[..., 0].astype(np.uint16) * 100], photometric="minisblack")
    )
    colours = np.random.default_rng(2).integers(0, 65536, (3, 256), dtype=np.uint16)
    palette = _index(tifffile_slide([SCENE[..., 0]], photometric="palette", colormap=colours))

    assert deep.window is not None
    assert palette.levels[0].encoding.palette
    for index in (deep, palette):
        assert TileIndex.from_bytes(index.to_bytes()) == index


def test_the_blob_is_small_even_for_tiles_out_of_order() -> None:
    index = _index(
        tifffile_slide([np.tile(SCENE, (8, 8, 1))], tile=16, photometric="rgb", compression="deflate")
    )

    tiles = len(index.levels[0].offsets)
    assert tiles > 40_000
    assert len(index.to_bytes()) < 4 * tiles
    assert index.memory_bytes == 16 * tiles


def test_a_tile_is_located_and_others_do_not_exist(tmp_path: Path) -> None:
    path = vips_slide(tmp_path / "slide.tif", SCENE)
    index = _index(path.read_bytes())

    with tifffile.TiffFile(path) as reference:
        page = reference.pages[1]
        assert isinstance(page, tifffile.TiffPage)
        expected = (page.dataoffsets[3], page.databytecounts[3])
    location = index.tile(1, column=1, row=1)
    assert (location.offset, location.length) == expected
    for level, column, row in ((3, 0, 0), (-1, 0, 0), (0, 4, 0), (0, 0, 3), (0, -1, 0), (0, 0, -1)):
        with pytest.raises(NoSuchTile):
            index.tile(level, column, row)


@pytest.mark.parametrize("damage", ["empty", "cut", "magic", "version", "json", "arrays"])
def test_damaged_blobs_are_refused(tmp_path: Path, damage: str) -> None:
    blob = _index(vips_slide(tmp_path / "slide.tif", SCENE).read_bytes()).to_bytes()
    damaged = {
        "empty": b"",
        "cut": blob[:-10],
        "magic": b"X" + blob[1:],
        "version": blob[:9] + b"\x63" + blob[10:],
        "json": blob[:20] + b"\xff" + blob[21:],
        "arrays": blob[:-30] + bytes(30),
    }[damage]

    with pytest.raises(UnreadableIndex):
        TileIndex.from_bytes(damaged)


@pytest.mark.skipif(not REAL_SLIDE.exists(), reason="the real input files are not here")
def test_the_real_slide_has_its_two_levels() -> None:
    index = _index(REAL_SLIDE.read_bytes())

    assert _sizes(index) == [(205, 205), (102, 102)]
    assert index.pixel_width_um == pytest.approx(1000.0, rel=1e-3)
