"""Tiles as stored and as decoded, compared with what tifffile and Pillow make of the same file."""

import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from archive_shared.errors import Invalid
from tests.support.slides import MemorySource, as_pixels, halved, tifffile_slide, tissue, vips_slide
from tiler.adapters.jp2_boxes import code_stream
from tiler.adapters.preview import preview_and_index
from tiler.adapters.region_reader import read_region
from tiler.adapters.tiff_index import build_index
from tiler.adapters.tile_codec import decode_tile
from tiler.adapters.tile_reader import read_tile, read_zoom_tile
from tiler.domain.encoding import Compression, Encoding, Photometric
from tiler.domain.problems import NoSuchTile, UnreadableImage
from tiler.domain.region import Region
from tiler.domain.tile_index import TileIndex

REAL_SLIDE = Path(__file__).parents[4] / "shared" / "data" / "panimg" / "valid_tiff.tif"
SCENE = tissue(500, 380)
GRAY = SCENE[..., 0]


def _all_tiles(index: TileIndex) -> Iterator[tuple[int, int, int]]:
    for number, level in enumerate(index.levels):
        for row in range(level.rows):
            for column in range(level.columns):
                yield number, column, row


def _stitched(source: MemorySource, index: TileIndex, number: int) -> NDArray[np.uint8]:
    level = index.levels[number]
    rows = [
        np.concatenate(
            [
                as_pixels(read_tile(source, index, number, column, row).body)
                for column in range(level.columns)
            ],
            axis=1,
        )
        for row in range(level.rows)
    ]
    return np.concatenate(rows)[: level.height, : level.width]


@pytest.mark.parametrize(
    "options",
    [
        {"Q": 85},
        {"Q": 95, "rgbjpeg": True},
        {"Q": 60, "subifd": True, "bigtiff": True},
        {"tile_width": 240, "tile_height": 240},
        {"tile_width": 64, "tile_height": 128},
    ],
)
def test_jpeg_tiles_show_exactly_what_tifffile_decodes(tmp_path: Path, options: dict[str, Any]) -> None:
    path = vips_slide(tmp_path / "slide.tif", SCENE, **options)
    source = MemorySource(path.read_bytes())
    index = build_index(source)

    levels = [_stitched(source, index, number) for number in range(len(index.levels))]

    with tifffile.TiffFile(path) as reference:
        for level, other in zip(levels, reference.series[0].levels, strict=True):
            np.testing.assert_array_equal(level, other.asarray())


def test_jpeg_tiles_are_the_stored_bytes_behind_their_tables(tmp_path: Path) -> None:
    source = MemorySource(vips_slide(tmp_path / "slide.tif", SCENE).read_bytes())
    index = build_index(source)

    for number, column, row in _all_tiles(index):
        location = index.tile(number, column, row)
        stored = source.read(location.offset, location.end)
        body = read_tile(source, index, number, column, row).body
        assert body.endswith(stored[2:])
        assert body.startswith(index.levels[number].encoding.jpeg_tables[:-2])


def test_a_jpeg_tile_costs_one_ranged_read(tmp_path: Path) -> None:
    source = MemorySource(vips_slide(tmp_path / "slide.tif", SCENE).read_bytes())
    index = build_index(source)
    source.ranges.clear()

    read_tile(source, index, 0, 1, 1)

    location = index.tile(0, 1, 1)
    assert source.ranges == [(location.offset, location.end)]


def test_rgb_jpeg_without_a_marker_of_its_own_gets_the_right_colours() -> None:
    """Aperio writes RGB into JPEG without saying so; decoders then take it for YCbCr."""
    body, stored = _aperio_like_slide()
    source = MemorySource(body)
    index = build_index(source)

    picture = read_tile(source, index, 0, 0, 0)

    assert np.abs(as_pixels(stored).astype(int) - SCENE[:128, :128]).mean() > 20
    assert np.abs(as_pixels(picture.body).astype(int) - SCENE[:128, :128]).mean() < 1


def _aperio_like_slide() -> tuple[bytes, bytes]:
    """One RGB-JPEG tile whose components are numbered 0, 1, 2 and which has no Adobe marker."""
    tile = imagecodecs.jpeg8_encode(SCENE[:128, :128], level=95, colorspace="RGB", outcolorspace="RGB")
    start = tile.index(b"\xff\xee")
    bare = bytearray(tile[:start] + tile[start + 16 :])
    for number, letter in enumerate(b"RGB"):
        frame = bare.index(b"\xff\xc0") + 10 + 3 * number
        scan = bare.index(b"\xff\xda") + 5 + 2 * number
        assert bare[frame] == bare[scan] == letter
        bare[frame] = bare[scan] = number
    stored = bytes(bare)
    body = BytesIO()
    with tifffile.TiffWriter(body) as writer:
        writer.write(
            iter([stored]),
            shape=(128, 128, 3),
            dtype=np.uint8,
            tile=(128, 128),
            photometric="rgb",
            compression="jpeg",
            compressionargs={"outcolorspace": "rgb"},
        )
    return body.getvalue(), stored


@pytest.mark.parametrize(
    "options",
    [
        {"compression": None},
        {"compression": "deflate"},
        {"compression": "deflate", "predictor": True},
        {"compression": "lzw"},
        {"compression": "lzw", "predictor": True},
        {"compression": "packbits"},
        {"compression": "zstd"},
        {"compression": "lzma"},
        {"compression": "webp", "compressionargs": {"lossless": True}},
        {"compression": "deflate", "planarconfig": "separate"},
        {"compression": "deflate", "byteorder": ">", "bigtiff": True},
    ],
)
def test_other_compressions_show_the_original_colours(options: dict[str, Any]) -> None:
    pixels = np.ascontiguousarray(SCENE.transpose(2, 0, 1)) if "planarconfig" in options else SCENE
    source = MemorySource(tifffile_slide([pixels], photometric="rgb", **options))
    index = build_index(source)

    level = _stitched(source, index, 0)

    assert np.abs(level.astype(int) - SCENE).max() <= 8
    assert np.abs(level.astype(int) - SCENE).mean() < 1


@pytest.mark.parametrize(
    ("compression", "colours", "turns"),
    [
        ("jpeg2000", "rgb", False),
        (33005, "rgb", False),
        (33005, "rgb", True),
        (33003, "ycbcr", False),
        (33003, "rgb", True),
        (33004, "rgb", True),
    ],
    ids=["plain", "rgb", "rgb, turned", "ycbcr", "of Bio-Formats", "of Bio-Formats, with loss"],
)
@pytest.mark.parametrize("boxed", [False, True], ids=["bare", "boxed"])
def test_jpeg_2000_is_decoded_for_browsers(
    *, compression: int | str, colours: str, turns: bool, boxed: bool
) -> None:
    """Aperio's 33003 is YCbCr without saying so in the code stream; Bio-Formats' is RGB that the code stream turns."""
    source = MemorySource(_jpeg_2000_slide(compression, colours, turns=turns, boxed=boxed))
    index = build_index(source)

    picture = read_tile(source, index, 0, 0, 0)

    assert picture.content_type == "image/jpeg"
    assert np.abs(as_pixels(picture.body).astype(int) - SCENE[:128, :128]).mean() < 2


@pytest.mark.parametrize("said", [0, 1, 7, 8, 2**31, 2**32 - 1])
def test_boxes_of_jpeg_2000_that_lie_about_their_length_are_refused(said: int) -> None:
    stored = bytearray(imagecodecs.jpeg2k_encode(SCENE[:128, :128], level=0, codecformat="jp2"))
    at = stored.index(b"ftyp") - 4
    stored[at : at + 4] = said.to_bytes(4)

    with pytest.raises(UnreadableImage, match="boxes without pixels"):
        code_stream(bytes(stored))


def _jpeg_2000_slide(compression: int | str, colours: str, *, turns: bool, boxed: bool) -> bytes:
    from PIL import Image

    tile = (
        np.asarray(Image.fromarray(SCENE[:128, :128]).convert("YCbCr"))
        if colours == "ycbcr"
        else SCENE[:128, :128]
    )
    spaces = {"rgb": imagecodecs.JPEG2K.CLRSPC.SRGB, "ycbcr": imagecodecs.JPEG2K.CLRSPC.SYCC}
    stream = imagecodecs.jpeg2k_encode(
        np.ascontiguousarray(tile),
        level=0,
        codecformat="jp2" if boxed else "j2k",
        colorspace=spaces[colours] if boxed else None,
        mct=turns,
    )
    body = BytesIO()
    with tifffile.TiffWriter(body) as writer:
        writer.write(
            iter([bytes(stream)]), shape=(128, 128, 3), dtype=np.uint8, tile=(128, 128), photometric=colours, compression=compression,
            subsampling=(1, 1) if colours == "ycbcr" else None,
        )  # fmt: skip
    return body.getvalue()


@pytest.mark.parametrize("compression", [None, "lzw", "deflate"])
def test_values_of_label_maps_are_kept(compression: str | None) -> None:
    labels = (np.add.outer(np.arange(200), np.arange(300)) // 60 % 5).astype(np.uint8)
    source = MemorySource(tifffile_slide([labels], photometric="minisblack", compression=compression))
    index = build_index(source)

    level = _stitched(source, index, 0)

    assert read_tile(source, index, 0, 0, 0).content_type == "image/png"
    np.testing.assert_array_equal(level, labels)


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "i1", "i2", "i4", "f2", "f4", "f8"])
@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("predictor", [False, True])
def test_values_of_every_type_are_decoded_exactly(dtype: str, byteorder: str, predictor: bool) -> None:
    values = (np.random.default_rng(3).normal(0, 50, (70, 90)) + np.arange(90)).astype(dtype)
    source = MemorySource(
        tifffile_slide(
            [values],
            tile=32,
            byteorder=byteorder,
            photometric="minisblack",
            compression="deflate",
            predictor=predictor,
        )
    )
    index = build_index(source)

    decoded = read_region(source, index.levels[0], Region(0, 0, 90, 70))

    np.testing.assert_array_equal(decoded[..., 0], values)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_samples_smaller_than_a_byte_are_unpacked(bits: int) -> None:
    values = np.random.default_rng(4).integers(0, 1 << bits, (32, 48), dtype=np.uint8)
    source = MemorySource(_packed_slide(values, bits))
    index = build_index(source)

    decoded = read_region(source, index.levels[0], Region(0, 0, 48, 32))

    np.testing.assert_array_equal(decoded[..., 0], values)


def _packed_slide(values: NDArray[np.uint8], bits: int) -> bytes:
    from tests.support.slides import classic_tiff

    height, width = values.shape
    spread = np.unpackbits(values[..., np.newaxis], axis=2)[..., 8 - bits :]
    data = np.packbits(spread.reshape(height, -1), axis=1).tobytes()
    tags = {
        256: width,
        257: height,
        258: bits,
        259: 1,
        262: 1,
        277: 1,
        322: width,
        323: height,
        325: len(data),
    }
    directory = classic_tiff([tags | {324: 0}])
    return classic_tiff([tags | {324: len(directory)}], tail=data)


def test_sixteen_bit_values_are_shown_in_one_window_for_all_tiles() -> None:
    ramp = np.tile(np.linspace(0, 60_000, 400).astype(np.uint16), (100, 1))
    source = MemorySource(tifffile_slide([ramp], tile=64, photometric="minisblack"))
    index = build_index(source)

    level = _stitched(source, index, 0).astype(int)

    assert np.all(np.diff(level, axis=1) >= 0)
    assert (level.min(), level.max()) == (0, 255)


def test_white_is_zero_and_palettes_are_resolved() -> None:
    inverted = MemorySource(tifffile_slide([255 - GRAY], photometric="miniswhite"))
    colours = np.stack([np.arange(256), 255 - np.arange(256), np.full(256, 40)]).astype(np.uint16) * 257
    mapped = MemorySource(tifffile_slide([GRAY], photometric="palette", colormap=colours))

    gray = _stitched(inverted, build_index(inverted), 0)
    rgb = _stitched(mapped, build_index(mapped), 0)

    np.testing.assert_array_equal(gray, GRAY)
    np.testing.assert_array_equal(rgb, np.stack([GRAY, 255 - GRAY, np.full_like(GRAY, 40)], axis=-1))


def test_tiles_never_written_show_the_background() -> None:
    sparse = iter([bytes(imagecodecs.jpeg8_encode(SCENE[:128, :128])), b"", b"", b""])
    body = BytesIO()
    with tifffile.TiffWriter(body) as writer:
        writer.write(
            sparse,
            shape=(256, 256, 3),
            dtype=np.uint8,
            tile=(128, 128),
            photometric="ycbcr",
            compression="jpeg",
        )
    source = MemorySource(body.getvalue())
    index = build_index(source)

    picture = read_tile(source, index, 0, 1, 1)

    assert index.tile(0, 1, 1).length == 0
    np.testing.assert_array_equal(as_pixels(picture.body), np.full((128, 128, 3), 255))


def test_tiles_outside_do_not_exist(tmp_path: Path) -> None:
    source = MemorySource(vips_slide(tmp_path / "slide.tif", SCENE).read_bytes())
    index = build_index(source)

    for level, column, row in ((9, 0, 0), (-1, 0, 0), (0, 4, 0), (0, 0, 3), (0, -1, 0)):
        with pytest.raises(NoSuchTile):
            read_tile(source, index, level, column, row)


def test_another_object_than_the_indexed_one_is_refused(tmp_path: Path) -> None:
    body = vips_slide(tmp_path / "slide.tif", SCENE).read_bytes()
    index = build_index(MemorySource(body))

    with pytest.raises(UnreadableImage, match="not the one"):
        read_tile(MemorySource(body + b"more"), index, 0, 0, 0)


def test_a_part_of_a_slide_without_small_levels_is_seen_as_in_its_overview() -> None:
    scene = tissue(1024, 512)
    source = MemorySource(tifffile_slide([scene], tile=16, photometric="rgb", compression="jpeg"))
    _, index = preview_and_index(source)

    right_half = as_pixels(read_zoom_tile(source, index, 1, 1, 0).body).astype(int)

    expected = scene[:, 512:].reshape(16, 32, 16, 32, 3).mean(axis=(1, 3))
    assert np.abs(right_half - expected).mean() < 3


def test_a_jpeg_tile_that_claims_a_huge_picture_is_not_passed_on(tmp_path: Path) -> None:
    body = bytearray(vips_slide(tmp_path / "slide.tif", SCENE).read_bytes())
    index = build_index(MemorySource(bytes(body)))
    location = index.tile(0, 0, 0)
    frame = body.index(b"\xff\xc0", location.offset)
    body[frame + 5 : frame + 9] = b"\xff\xdc\xff\xdc"

    with pytest.raises(UnreadableImage, match="not of the size"):
        read_tile(MemorySource(bytes(body)), index, 0, 0, 0)


@pytest.mark.parametrize(
    ("mode", "lossless", "place", "sides"),
    [
        ("RGB", False, 26, b"\xff\x3f\xff\x3f"),
        ("RGB", True, 21, b"\xff\xff\xff\x0f"),
        ("RGBA", False, 24, b"\xff\x3f\x00\xff\x3f\x00"),
    ],
)
def test_a_webp_tile_that_claims_a_huge_picture_is_not_decoded(
    mode: str, lossless: bool, place: int, sides: bytes
) -> None:
    written = BytesIO()
    Image.new(mode, (48, 32)).save(written, "WEBP", lossless=lossless)
    stored, encoding = written.getvalue(), Encoding(Compression.WEBP, Photometric.RGB, 3)
    huge = stored[:place] + sides + stored[place + len(sides) :]

    assert decode_tile(encoding, stored, 48, 32).shape == (32, 48, 3)
    with pytest.raises(UnreadableImage, match="not of the size"):
        decode_tile(encoding, huge, 48, 32)


@pytest.mark.parametrize("compression", ["deflate", "lzw", "packbits", "zstd", "jpeg2000", "webp", None])
def test_a_tile_with_too_few_bytes_is_refused(compression: str | None) -> None:
    body = bytearray(tifffile_slide([SCENE], photometric="rgb", compression=compression))
    with tifffile.TiffFile(BytesIO(body)) as reference:
        tag = reference.pages.first.tags["TileByteCounts"]
    size = 2 if tag.dtype == 3 else 4
    body[tag.valueoffset : tag.valueoffset + size] = (20).to_bytes(size, "little")
    source = MemorySource(bytes(body))

    with pytest.raises(Invalid):
        read_tile(source, build_index(source), 0, 0, 0)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["jpeg", "lzw", "deflate", "zstd", "jpeg2000", "webp", "packbits"]), st.data())
def test_damaged_tiles_are_shown_or_refused_and_nothing_else(compression: str, data: st.DataObject) -> None:
    body = bytearray(tifffile_slide([tissue(64, 64)], tile=64, photometric="rgb", compression=compression))
    index = build_index(MemorySource(bytes(body)))
    location = index.tile(0, 0, 0)
    for _ in range(data.draw(st.integers(1, 8))):
        body[data.draw(st.integers(location.offset, location.end - 1))] = data.draw(st.integers(0, 255))

    try:
        read_tile(MemorySource(bytes(body)), index, 0, 0, 0)
    except UnreadableImage:
        return


def test_a_deflate_bomb_costs_no_more_than_its_tile() -> None:
    import tracemalloc
    import zlib

    bomb = zlib.compress(bytes(200 << 20), 9)
    body = BytesIO()
    with tifffile.TiffWriter(body) as writer:
        writer.write(
            iter([bomb]),
            shape=(64, 64),
            dtype=np.uint8,
            tile=(64, 64),
            photometric="minisblack",
            compression="deflate",
        )
    source = MemorySource(body.getvalue())
    index = build_index(source)

    tracemalloc.start()
    started = time.perf_counter()
    read_tile(source, index, 0, 0, 0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 8 << 20
    assert time.perf_counter() - started < 1


def test_a_pyramid_may_mix_rgb_and_ycbcr_levels() -> None:
    body = BytesIO()
    with tifffile.TiffWriter(body) as writer:
        options: dict[str, Any] = {
            "tile": (128, 128),
            "photometric": "rgb",
            "compression": "jpeg",
            "metadata": None,
        }
        writer.write(SCENE, compressionargs={"outcolorspace": "rgb"}, **options)
        writer.write(halved(SCENE), subfiletype=1, **options)
    source = MemorySource(body.getvalue())
    index = build_index(source)

    assert [level.encoding.photometric for level in index.levels] == [2, 6]
    assert np.abs(_stitched(source, index, 0).astype(int) - SCENE).mean() < 2
    assert np.abs(_stitched(source, index, 1).astype(int) - halved(SCENE)).mean() < 3


@pytest.mark.skipif(not REAL_SLIDE.exists(), reason="the real input files are not here")
def test_the_real_slide_shows_what_tifffile_decodes() -> None:
    source = MemorySource(REAL_SLIDE.read_bytes())
    index = build_index(source)

    with tifffile.TiffFile(REAL_SLIDE) as reference:
        for number, level in enumerate(index.levels):
            region = Region(0, 0, level.width, level.height)
            np.testing.assert_array_equal(
                read_region(source, level, region), reference.pages[number].asarray()
            )
