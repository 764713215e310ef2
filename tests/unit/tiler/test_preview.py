"""Previews of volumes, pictures and slides: proportions, windows, colours, memory and hostile files."""

import tracemalloc
import zlib
from collections.abc import Mapping
from contextlib import nullcontext
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.support.canonical_images import indexed_mha
from tests.support.slides import MemorySource, as_pixels, tifffile_slide, tissue, vips_slide
from tiler.adapters import overview
from tiler.adapters.file_source import FileSource
from tiler.adapters.metaimage_header import read_header
from tiler.adapters.metaimage_voxels import read_slice
from tiler.adapters.preview import preview, preview_and_index
from tiler.adapters.tiff_index import build_index
from tiler.domain.problems import UnreadableImage
from tiler.domain.tile_index import DisplayWindow

REAL_FILES = Path(__file__).parents[4] / "shared" / "data" / "panimg"
RANDOM = np.random.default_rng(5)


def _mha(
    path: Path,
    voxels: NDArray[Any],
    *,
    compress: bool = True,
    spacing: tuple[float, ...] = (),
    direction: tuple[float, ...] = (),
    is_vector: bool = False,
    metadata: Mapping[str, str] | None = None,
) -> MemorySource:
    image = sitk.GetImageFromArray(voxels, isVector=is_vector)
    if spacing:
        image.SetSpacing(spacing)
    if direction:
        image.SetDirection(direction)
    for key, value in (metadata or {}).items():
        image.SetMetaData(key, value)
    sitk.WriteImage(image, str(path), compress)
    return MemorySource(path.read_bytes())


def _plain_mha(*, voxels: bytes = b"\0" * 64, **keys: str | int) -> bytes:
    defaults: dict[str, str | int] = {
        "ObjectType": "Image",
        "NDims": 2,
        "DimSize": "8 8",
        "ElementType": "MET_UCHAR",
    }
    lines = [f"{key} = {value}" for key, value in (defaults | keys).items()]
    return "\n".join([*lines, "ElementDataFile = LOCAL", ""]).encode() + voxels


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("dtype", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"])
def test_slices_of_every_type_are_read_as_simpleitk_reads_them(
    tmp_path: Path, dtype: str, compress: bool
) -> None:
    voxels = RANDOM.normal(0, 60, (5, 7, 9)).astype(dtype)
    source = _mha(tmp_path / "v.mha", voxels, compress=compress)
    header = read_header(source)

    slices = [read_slice(source, header, z=z)[..., 0] for z in range(5)]

    np.testing.assert_array_equal(np.stack(slices), voxels)
    assert slices[0].dtype == voxels.dtype


@pytest.mark.parametrize("compress", [False, True])
def test_slices_of_a_time_series_are_found(tmp_path: Path, compress: bool) -> None:
    voxels = np.arange(3 * 4 * 5 * 6, dtype=np.int16).reshape(3, 4, 5, 6)
    image = sitk.JoinSeries([sitk.GetImageFromArray(volume) for volume in voxels])
    sitk.WriteImage(image, str(tmp_path / "v.mha"), compress)
    source = MemorySource((tmp_path / "v.mha").read_bytes())

    found = read_slice(source, read_header(source), z=2, time=1)[..., 0]

    np.testing.assert_array_equal(found, voxels[1, 2])


def test_high_byte_first_voxels_are_understood() -> None:
    values = np.arange(64, dtype=">i2").reshape(8, 8)
    source = MemorySource(
        _plain_mha(ElementType="MET_SHORT", BinaryDataByteOrderMSB="True", voxels=values.tobytes())
    )

    found = read_slice(source, read_header(source))

    np.testing.assert_array_equal(found[..., 0], values)


def test_anisotropic_pixels_are_shown_with_the_proportions_of_the_body(tmp_path: Path) -> None:
    source = _mha(tmp_path / "v.mha", np.zeros((3, 100, 200), np.int16), spacing=(0.5, 1.5, 3.0))

    assert as_pixels(preview(source).body).shape == (300, 200)


def test_previews_are_at_most_512_pixels_long(tmp_path: Path) -> None:
    wide = _mha(
        tmp_path / "w.mha", RANDOM.integers(0, 2000, (1, 300, 1800)).astype(np.int16), spacing=(1, 2, 1)
    )
    high = _mha(tmp_path / "h.mha", RANDOM.integers(0, 2000, (1, 5000, 20)).astype(np.int16))

    assert as_pixels(preview(wide).body).shape == (171, 512)
    assert as_pixels(preview(high).body).shape == (512, 2)


def test_small_images_are_not_blown_up(tmp_path: Path) -> None:
    one = _mha(tmp_path / "one.mha", np.full((1, 1), 7, np.uint8))

    assert as_pixels(preview(one).body).tolist() == [[7]]


def test_the_middle_slice_is_shown(tmp_path: Path) -> None:
    voxels = np.zeros((7, 40, 40), np.int16)
    voxels[3, 10:20, 5:15] = 900

    shown = as_pixels(preview(_mha(tmp_path / "v.mha", voxels)).body)

    assert shown[12:18, 7:13].min() > 240
    assert shown[25:, 25:].max() < 15


@pytest.mark.parametrize(
    ("times", "columns", "rows"), [(1, 1, 1), (2, 2, 1), (3, 2, 2), (5, 3, 2), (9, 3, 3), (40, 3, 3)]
)
def test_a_time_series_is_shown_as_a_mosaic_of_its_moments(
    tmp_path: Path, times: int, columns: int, rows: int
) -> None:
    voxels = np.zeros((times, 4, 32, 32), np.int16)
    voxels[:, 2] = np.linspace(100, 1000, times, dtype=np.int16)[:, np.newaxis, np.newaxis]
    image = sitk.JoinSeries([sitk.GetImageFromArray(volume) for volume in voxels])
    for key, value in {"WindowCenter": "500", "WindowWidth": "1000"}.items():
        image.SetMetaData(key, value)
    sitk.WriteImage(image, str(tmp_path / "v.mha"), True)

    shown = as_pixels(preview(FileSource(tmp_path / "v.mha")).body)

    assert shown.shape == (32 * rows, 32 * columns)
    middles = shown[16::32, 16::32].ravel()[: min(times, 9)].astype(int)
    assert (abs(middles[0] - 25.5), abs(middles[-1] - 255)) < (3, 3) or times == 1
    assert (np.diff(middles) > 5).all()


def test_a_long_series_without_an_index_is_shown_at_its_middle_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tiler.adapters.volume_preview.MAX_CROSSED_BYTES", 1000)
    voxels = np.zeros((5, 4, 32, 32), np.int16)
    voxels[2, 2, 8:24, 8:24] = 100
    image = sitk.JoinSeries([sitk.GetImageFromArray(volume) for volume in voxels])
    sitk.WriteImage(image, str(tmp_path / "v.mha"), True)

    shown = as_pixels(preview(FileSource(tmp_path / "v.mha")).body)

    assert shown[12:20, 12:20].min() > 240


def test_a_volume_with_an_index_is_shown_without_reading_what_is_not_shown(tmp_path: Path) -> None:
    voxels = RANDOM.integers(0, 4000, (60, 256, 256), dtype=np.int16)
    source = MemorySource(indexed_mha(tmp_path, voxels))

    shown = as_pixels(preview(source).body)

    assert shown.shape == (256, 256)
    assert source.read_bytes < source.size_bytes / 10


def test_the_window_of_the_image_is_used(tmp_path: Path) -> None:
    ramp = np.tile(np.arange(-1000, 1000, 8, dtype=np.int16), (1, 50, 1))
    plain = _mha(tmp_path / "v.mha", ramp, metadata={"WindowCenter": "100", "WindowWidth": "400"})
    listed = _mha(tmp_path / "l.mha", ramp, metadata={"WindowCenter": "[100, 3]", "WindowWidth": "[400, 5]"})

    for source in (plain, listed):
        shown = as_pixels(preview(source).body)[25].astype(int)
        assert read_header(source).window == DisplayWindow(-100.0, 300.0)
        assert shown[:100].max() <= 8  # -1000 to -208
        assert shown[175:].min() >= 247  # from 400
        assert abs(shown[137] - 125) < 12  # 96


def test_outliers_do_not_decide_the_window(tmp_path: Path) -> None:
    values = RANDOM.normal(100, 20, (1, 200, 200)).astype(np.float32)
    values[0, 0, 0], values[0, 0, 1], values[0, 0, 2], values[0, 0, 3] = 1e30, -1e30, np.nan, np.inf

    shown = as_pixels(preview(_mha(tmp_path / "v.mha", values)).body)

    assert 90 < np.median(shown) < 165
    assert shown.std() > 40


@pytest.mark.parametrize(
    ("values", "shade"),
    [
        (np.zeros((1, 20, 20), np.float32), 0),
        (np.full((1, 20, 20), 5.0, np.float64), 128),
        (np.full((1, 20, 20), np.nan, np.float32), 0),
        (np.full((1, 20, 20), np.inf, np.float32), 128),
        (np.full((1, 20, 20), -np.inf, np.float32), 0),
        (np.full((1, 20, 20), 2**64 - 1, np.uint64), 128),
        (np.full((20, 20), 200, np.uint8), 200),
    ],
)
def test_constant_images_are_one_shade(tmp_path: Path, values: NDArray[Any], shade: int) -> None:
    shown = as_pixels(preview(_mha(tmp_path / "v.mha", values)).body)

    assert np.abs(shown.astype(int) - shade).max() <= 1


def test_values_at_the_limits_of_their_type_are_shown(tmp_path: Path) -> None:
    values = np.tile(np.array([-1.7e308, 1.7e308, 0.0, 1.0]), (1, 20, 5))

    assert as_pixels(preview(_mha(tmp_path / "v.mha", values)).body).shape == (20, 20)


def test_signalling_nans_are_black(tmp_path: Path) -> None:
    values = np.full((1, 20, 20), 0x7F800001, np.uint32)
    values[0, :, 10:] = np.tile(np.linspace(1, 2, 10, dtype=np.float32), (20, 1)).view(np.uint32)
    image = _mha(tmp_path / "v.mha", values.view(np.float32), compress=False)

    shown = as_pixels(preview(image).body)

    assert shown[10, :8].max() < 10
    assert shown[10, 19] > 245


def test_masks_are_black_and_white(tmp_path: Path) -> None:
    mask = np.zeros((3, 40, 40), np.uint8)
    mask[:, 10:30, 10:30] = 1

    shown = as_pixels(preview(_mha(tmp_path / "v.mha", mask)).body)

    assert shown[20, 20] > 250
    assert shown[2, 2] < 5


def test_labels_have_colours_of_their_own(tmp_path: Path) -> None:
    labels = np.repeat(np.arange(8, dtype=np.uint8), 10)[np.newaxis, np.newaxis].repeat(60, axis=1)
    picture = preview(_mha(tmp_path / "v.mha", labels))

    shown = as_pixels(picture.body)

    assert picture.content_type == "image/png"
    colours = [tuple(shown[30, 10 * label + 5].tolist()) for label in range(8)]
    assert colours[0] == (0, 0, 0)
    assert len(set(colours)) == 8
    assert {tuple(colour) for colour in shown.reshape(-1, 3).tolist()} == set(colours)


def test_a_label_has_the_same_colour_in_every_image(tmp_path: Path) -> None:
    many = np.repeat(np.arange(6, dtype=np.uint8), 20)[np.newaxis, np.newaxis].repeat(30, axis=1)
    few = np.repeat(np.array([0, 3, 5], np.int32), 20)[np.newaxis, np.newaxis].repeat(30, axis=1)

    first = as_pixels(preview(_mha(tmp_path / "a.mha", many)).body)
    second = as_pixels(preview(_mha(tmp_path / "b.mha", few)).body)

    assert first[10, 70].tolist() == second[10, 30].tolist()


def test_noise_of_few_values_is_not_taken_for_labels(tmp_path: Path) -> None:
    picture = preview(_mha(tmp_path / "v.mha", RANDOM.integers(0, 30, (1, 100, 100)).astype(np.int16)))

    assert picture.content_type == "image/jpeg"


def test_colours_are_kept(tmp_path: Path) -> None:
    scene = tissue(120, 90)

    shown = as_pixels(preview(_mha(tmp_path / "v.mha", scene, is_vector=True)).body)

    assert np.abs(shown.astype(int) - scene).max() <= 8


def test_opacity_is_kept(tmp_path: Path) -> None:
    scene = np.dstack([tissue(50, 40), np.tile(np.linspace(0, 255, 50), (40, 1)).astype(np.uint8)])

    picture = preview(_mha(tmp_path / "v.mha", scene, is_vector=True))

    assert picture.content_type == "image/png"
    np.testing.assert_array_equal(as_pixels(picture.body), scene)


def test_deep_colours_are_brought_to_a_screen(tmp_path: Path) -> None:
    scene = tissue(120, 90).astype(np.uint16) * 16

    shown = as_pixels(preview(_mha(tmp_path / "v.mha", scene, is_vector=True)).body)

    assert shown.shape == (90, 120, 3)
    assert np.corrcoef(shown.ravel(), scene.ravel())[0, 1] > 0.99


def test_gray_photographs_keep_their_shades(tmp_path: Path) -> None:
    gray = tissue(120, 90)[..., 1]

    shown = as_pixels(preview(_mha(tmp_path / "v.mha", gray)).body)

    assert np.abs(shown.astype(int) - gray).mean() < 1


def test_patients_lie_as_radiologists_expect(tmp_path: Path) -> None:
    voxels = np.zeros((1, 60, 60), np.int16)
    voxels[0, 5:15, 45:55] = 100
    reversed_axes = _mha(tmp_path / "n.mha", voxels, direction=(-1, 0, 0, 0, -1, 0, 0, 0, 1))
    straight = _mha(tmp_path / "s.mha", voxels)

    turned, kept = (as_pixels(preview(source).body) for source in (reversed_axes, straight))

    assert kept[10, 50] > 200
    assert turned[50, 10] > 200
    assert turned[10, 50] < 50


def test_the_head_is_up_in_coronal_slices(tmp_path: Path) -> None:
    voxels = np.zeros((1, 60, 60), np.int16)
    voxels[0, 45:55, 5:15] = 100
    towards_head = (1, 0, 0, 0, 0, -1, 0, 1, 0)  # columns of the matrix: left, superior, anterior

    shown = as_pixels(preview(_mha(tmp_path / "v.mha", voxels, direction=towards_head)).body)

    assert shown[10, 10] > 200


@pytest.mark.parametrize("compress", [False, True])
def test_only_what_is_needed_of_a_volume_is_read_and_held(tmp_path: Path, compress: bool) -> None:
    voxels = RANDOM.integers(0, 4000, (120, 256, 256), dtype=np.int16)
    path = tmp_path / "v.mha"
    _mha(path, voxels, compress=compress)
    preview(FileSource(path))  # the first picture also loads Pillow's codecs

    tracemalloc.start()
    with FileSource(path) as source:
        preview(source)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert voxels.nbytes > 15_000_000
    assert peak < 8_000_000


def test_an_uncompressed_slice_is_read_by_itself(tmp_path: Path) -> None:
    source = _mha(
        tmp_path / "v.mha", RANDOM.integers(0, 4000, (50, 128, 128), dtype=np.int16), compress=False
    )

    preview(source)

    assert source.read_bytes < 128 * 128 * 2 + 64_000


def test_large_pictures_are_thinned_while_they_are_read(tmp_path: Path) -> None:
    picture = np.tile(tissue(5000, 1)[0], (4000, 1, 1))
    path = tmp_path / "v.mha"
    _mha(path, picture, is_vector=True)

    tracemalloc.start()
    with FileSource(path) as source:
        shown = as_pixels(preview(source).body)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert shown.shape == (410, 512, 3)
    assert peak < picture.nbytes / 2
    assert np.abs(shown[200].astype(int) - tissue(512, 1)[0]).mean() < 3


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "neither"),
        (b"GIF89a" + bytes(300), "neither"),
        (b"NDims = 3\nDimSize = 4 4 4\n", "does not end"),
        (_plain_mha().replace(b"LOCAL", b"/etc/passwd"), "another file"),
        (_plain_mha().replace(b"LOCAL", b"LIST"), "another file"),
        (_plain_mha(DimSize="9 9"), "fewer voxels"),
        (_plain_mha(DimSize="100000000 100000000"), "too large"),
        (_plain_mha(DimSize="0 8"), "no pixels"),
        (_plain_mha(DimSize="-8 -8"), "no pixels"),
        (_plain_mha(DimSize="8"), "dimensions"),
        (_plain_mha(DimSize="8 8 1 1 1", NDims=5), "dimensions"),
        (_plain_mha(DimSize="nan inf"), "dimensions"),
        (_plain_mha(NDims=3), "dimensions"),
        (_plain_mha(ElementType="MET_STRING"), "type"),
        (_plain_mha(ElementNumberOfChannels=17), "channels"),
        (_plain_mha(ElementNumberOfChannels="x"), "whole number"),
        (_plain_mha(BinaryData="False"), "text"),
        (_plain_mha(CompressedData="True"), "damaged"),
        (_plain_mha(CompressedData="True", voxels=zlib.compress(bytes(63))), "fewer voxels"),
        (
            _plain_mha(CompressedData="True", CompressedDataSize=5, voxels=zlib.compress(bytes(64))),
            "fewer voxels",
        ),
        (
            _plain_mha(CompressedData="True", DimSize="900000000 2", voxels=zlib.compress(bytes(64))),
            "rows are too long",
        ),
        (
            _plain_mha(
                CompressedData="True", NDims=3, DimSize="8192 8192 60000", voxels=zlib.compress(bytes(64))
            ),
            "index",
        ),
    ],
)
def test_hostile_and_damaged_volumes_are_refused_with_the_reason(body: bytes, reason: str) -> None:
    with pytest.raises(UnreadableImage, match=reason):
        preview(MemorySource(body))


@pytest.mark.parametrize("spacing", ["0 0", "nan 1", "1e308 1e-308", "-1 1", "1", "x y", ""])
def test_spacings_that_make_no_sense_do_not_stop_a_preview(spacing: str) -> None:
    source = MemorySource(_plain_mha(ElementSpacing=spacing))

    assert max(as_pixels(preview(source).body).shape) <= 512


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damaged_volumes_are_shown_or_refused_and_nothing_else(data: st.DataObject) -> None:
    volume = _plain_mha(
        NDims=3, DimSize="8 8 3", ElementType="MET_SHORT", ElementSpacing="1 2 3", CompressedData="True",
        TransformMatrix="1 0 0 0 1 0 0 0 1", WindowCenter="3", WindowWidth="5",
        voxels=zlib.compress(np.arange(192, dtype=np.int16).tobytes()),
    )  # fmt: skip
    body = bytearray(volume)
    for _ in range(data.draw(st.integers(1, 6))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))

    try:
        picture = preview(MemorySource(bytes(body)))
    except UnreadableImage:
        return

    assert max(as_pixels(picture.body).shape) <= 512


@pytest.mark.parametrize(
    "options", [{}, {"Q": 90, "rgbjpeg": True}, {"compression": "deflate"}, {"subifd": True}]
)
def test_slides_are_shown_as_a_whole(tmp_path: Path, options: dict[str, Any]) -> None:
    scene = tissue(3000, 2000)
    source = MemorySource(vips_slide(tmp_path / "slide.tif", scene, **options).read_bytes())

    shown = as_pixels(preview(source).body)

    assert shown.shape == (341, 512, 3)
    assert np.abs(shown.astype(int) - tissue(512, 341)).mean() < 4


def test_a_slide_preview_reads_the_smallest_level_that_is_large_enough(tmp_path: Path) -> None:
    noise = RANDOM.integers(0, 256, (2100, 3000, 3), dtype=np.uint8)
    source = MemorySource(vips_slide(tmp_path / "slide.tif", noise).read_bytes())

    preview(source)

    assert source.read_bytes < source.size_bytes / 8


def test_a_slide_without_smaller_levels_is_shown() -> None:
    source = MemorySource(tifffile_slide([tissue(2100, 1500)], photometric="rgb", compression="jpeg"))

    shown = as_pixels(preview(source).body)

    assert shown.shape == (366, 512, 3)
    assert np.abs(shown.astype(int) - tissue(512, 366)).mean() < 4


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"rowsperstrip": 7},
        {"rowsperstrip": 1500},
        {"compression": "lzw"},
        {"compression": "deflate", "planarconfig": "separate"},
    ],
)
def test_pictures_in_strips_are_shown(options: dict[str, Any]) -> None:
    scene = tissue(1400, 1500)
    body = BytesIO()
    pixels = scene.transpose(2, 0, 1) if "planarconfig" in options else scene
    tifffile.imwrite(body, pixels, photometric="rgb", **options)

    shown = as_pixels(preview(MemorySource(body.getvalue())).body)

    assert shown.shape == (512, 478, 3)
    assert np.abs(shown.astype(int) - tissue(478, 512)).mean() < 4


def test_thin_strips_that_show_nothing_are_not_read() -> None:
    labels = np.zeros((16_000, 64), np.uint8)
    body = BytesIO()
    tifffile.imwrite(body, labels, photometric="minisblack", rowsperstrip=1, compression="deflate")
    source = MemorySource(body.getvalue())
    preview(source)

    assert len(source.ranges) < 1500


def test_label_maps_in_tiff_have_colours(tmp_path: Path) -> None:
    labels = (np.add.outer(np.arange(700), np.arange(900)) // 200 % 5).astype(np.uint8)
    source = MemorySource(tifffile_slide([labels], photometric="minisblack", compression="lzw"))

    picture = preview(source)

    assert picture.content_type == "image/png"
    assert len(np.unique(as_pixels(picture.body).reshape(-1, 3), axis=0)) == 5


def test_pixel_sizes_of_a_slide_give_its_proportions(tmp_path: Path) -> None:
    path = vips_slide(tmp_path / "slide.tif", tissue(400, 400), xres=4000.0, yres=2000.0, resunit="cm")

    assert as_pixels(preview(FileSource(path)).body).shape == (512, 256, 3)


def test_of_a_slide_too_large_to_be_decoded_tiles_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview, "MAX_PREVIEW_TILES", 64)
    scene = tissue(512, 512)
    source = MemorySource(tifffile_slide([scene], tile=16, photometric="rgb", compression="deflate"))

    reduced = overview.read_overview(source, build_index(source).levels[0])

    assert reduced.shape == (8, 8, 3)
    assert np.abs(reduced.astype(int) - scene[8::64, 8::64]).max() < 12
    assert as_pixels(preview(source).body).shape == (512, 512, 3)


def test_a_level_too_small_for_a_screen_is_not_what_a_slide_is_seen_whole_from() -> None:
    scene, small = tissue(1024, 1024), np.zeros((150, 150, 3), np.uint8)
    source = MemorySource(tifffile_slide([scene, small], tile=16, photometric="rgb", compression="deflate"))

    shown, index = preview_and_index(source)

    assert as_pixels(shown.body).min() > 0
    assert as_pixels(index.overview).shape == (512, 512, 3)


@pytest.mark.parametrize(("damaged", "is_shown"), [(1, True), (9, False)])
def test_a_slide_is_shown_as_long_as_some_of_its_tiles_are_sound(damaged: int, is_shown: bool) -> None:
    body = bytearray(tifffile_slide([tissue(384, 384)], photometric="rgb", compression="jpeg"))
    index = build_index(MemorySource(bytes(body)))
    for place in range(damaged):
        tile = index.tile(0, place % 3, place // 3)
        body[tile.offset + tile.length // 2 : tile.end] = bytes(tile.end - tile.offset - tile.length // 2)

    with nullcontext() if is_shown else pytest.raises(UnreadableImage):
        shown = as_pixels(preview(MemorySource(bytes(body))).body)
        assert (shown[8:120, 8:120] > 250).all()
        assert np.abs(shown[136:].astype(int) - tissue(384, 384)[136:]).mean() < 4


def test_a_slide_that_claims_gigapixels_without_levels_is_refused() -> None:
    from tests.support.slides import classic_tiff

    tags = {256: 1 << 17, 257: 1 << 17, 258: 8, 259: 1, 262: 1, 277: 1, 273: 0, 278: 1 << 17, 279: 0}

    with pytest.raises(UnreadableImage):
        preview(MemorySource(classic_tiff([tags])))


@pytest.mark.skipif(not REAL_FILES.exists(), reason="the real input files are not here")
@pytest.mark.parametrize(
    "name", ["valid_tiff.tif", "invalid_resolutions_tiff.tif", "image10x10x10.mha", "image10x11x12x13.mha"]
)
def test_real_files_have_previews(name: str) -> None:
    with FileSource(REAL_FILES / name) as source:
        picture = preview(source)

    assert max(as_pixels(picture.body).shape) <= 512


@pytest.mark.skipif(not REAL_FILES.exists(), reason="the real input files are not here")
@pytest.mark.parametrize(
    "name", ["corrupt.png", "no_image", "image4x4x4x4x4.mha", "image5x6x7.mhd", "test.zip"]
)
def test_real_files_of_other_kinds_are_refused(name: str) -> None:
    with FileSource(REAL_FILES / name) as source, pytest.raises(UnreadableImage):
        preview(source)
