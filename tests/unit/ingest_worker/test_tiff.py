"""TIFF in: pyramids stay as they are, pictures become pyramids without loss, stacks never pass for pyramids."""

import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms, ImageOps

from archive_shared.colour_profile import without_origin
from demo.imaging import anatomy, cut_short, picture, write_pyramid
from ingest_worker.adapters.readers import tiff
from ingest_worker.adapters.readers.conversion_input import ConversionInput
from ingest_worker.adapters.readers.tiff import AS_STORED, IN_THEIR_ORDER, ROUNDED
from ingest_worker.adapters.volumes import PyramidReading
from ingest_worker.conversion import convert
from ingest_worker.domain.budget import MIB, Budget
from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.images import ColorSpace, ConvertedImage, ImageType
from tests.support.conversions import convert_here, read_with_itk, the_image, the_reason
from tests.support.huge_pyramid import huge_pyramid
from tests.support.stored_tiles import stored_tiles

RESOLUTION: dict[str, Any] = {"resolution": (100, 50), "resolutionunit": "CENTIMETER", "metadata": None}


VIOLET_OF_LITTLE_CMS = (167, 83, 206)
"""What L* 50, a* 50, b* -50 is to it, on the way from its own profile to that of sRGB."""


def imported(source: Path, tmp_path: Path) -> tuple[ConvertedImage, Path]:
    image = the_image(convert_here([source], tmp_path / "out"))
    return image, tmp_path / "out" / image.file


def write(path: Path, pixels: np.ndarray, **options: Any) -> Path:
    tifffile.imwrite(path, pixels, **RESOLUTION | options)
    return path


@pytest.mark.parametrize("bigtiff", [False, True])
@pytest.mark.parametrize(
    "pixels", [picture(200, 300), picture(200, 300)[..., 0], picture(200, 300)[..., 0] * np.uint16(250)]
)
def test_the_tiles_of_a_pyramid_are_kept_byte_by_byte(
    tmp_path: Path, pixels: np.ndarray, bigtiff: bool
) -> None:
    source = tmp_path / "slide.tif"
    with tifffile.TiffWriter(source, bigtiff=bigtiff) as writer:
        for level in range(3):
            kind = "rgb" if pixels.ndim == 3 else "minisblack"
            writer.write(
                pixels[:: 2**level, :: 2**level],
                tile=(64, 64),
                photometric=kind,
                compression="zlib",
                **RESOLUTION,
            )

    image, path = imported(source, tmp_path)

    assert stored_tiles(path) == stored_tiles(source)
    assert (image.type, image.name) == (ImageType.TIFF, "slide.tif")
    assert image.metadata.resolution_levels == 3


def test_what_is_known_of_a_pyramid(tmp_path: Path) -> None:
    image, _ = imported(write_pyramid(tmp_path / "slide.tif", pixel_size_mm=0.0005), tmp_path)

    found = image.metadata
    assert (found.width, found.height, found.depth) == (300, 200, 1)
    assert found.voxel_width_mm == pytest.approx(0.0005, rel=1e-6)
    assert found.voxel_depth_mm is None
    assert found.color_space is ColorSpace.RGB


def test_a_pyramid_of_jpeg_tiles_is_kept_and_digested_as_decoded(tmp_path: Path) -> None:
    import hashlib

    source = tmp_path / "slide.tif"
    with tifffile.TiffWriter(source) as writer:
        for level in range(2):
            pixels = picture(200, 300)[:: 2**level, :: 2**level]
            writer.write(pixels, tile=(64, 64), photometric="ycbcr", compression="jpeg", **RESOLUTION)

    image, path = imported(source, tmp_path)

    with Image.open(source) as decoded:
        expected = hashlib.sha256(np.asarray(decoded.convert("RGB")).tobytes()).hexdigest()
    assert stored_tiles(path) == stored_tiles(source)
    assert image.metadata.color_space is ColorSpace.YCBCR
    assert image.pixels_sha256 == expected


def test_a_pyramid_of_more_bytes_than_memory_is_within_the_ordinary_budget(tmp_path: Path) -> None:
    side, budget = 120_000, Budget()
    source = huge_pyramid(tmp_path / "slide.tif", side)
    given = ConversionInput((SourceFile("slide.tif", source),), budget, tmp_path)

    (reading,) = tiff.read(given)

    assert side * side * 3 > 8 * budget.memory_bytes
    assert isinstance(reading, PyramidReading)
    assert (reading.ready, reading.metadata.width, reading.metadata.resolution_levels) == (True, side, 9)


def test_a_pyramid_is_verified_in_less_memory_than_it_would_fill(tmp_path: Path) -> None:
    side, budget = 16_384, Budget(memory_bytes=512 * MIB)
    source = huge_pyramid(tmp_path / "slide.tif", side)

    image = the_image(convert([source], tmp_path / "out", budget=budget))

    assert side * side * 3 > budget.memory_bytes
    assert stored_tiles(tmp_path / "out" / image.file) == stored_tiles(source)


@pytest.mark.parametrize(
    ("limit", "reason"), [("image_bytes", "would take 768 kB"), ("side_pixels", "512 pixels")]
)
def test_a_pyramid_beyond_the_budget_is_refused_by_its_header(
    tmp_path: Path, limit: str, reason: str
) -> None:
    source = huge_pyramid(tmp_path / "slide.tif", 512)

    report = convert_here([source], tmp_path / "out", budget=replace(Budget(), **{limit: 511}))

    assert reason in the_reason(report)


def test_odd_sizes_rounded_up_or_down_are_still_levels(tmp_path: Path) -> None:
    source = tmp_path / "slide.tif"
    with tifffile.TiffWriter(source) as writer:
        for width, height in ((301, 203), (151, 101), (75, 51), (38, 25)):
            writer.write(picture(height, width), tile=(64, 64), photometric="rgb", **RESOLUTION)

    image, path = imported(source, tmp_path)

    assert image.metadata.resolution_levels == 4
    assert stored_tiles(path) == stored_tiles(source)


@pytest.mark.parametrize("sample_type", ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32"])
@pytest.mark.parametrize("compression", [None, "zlib", "lzw"])
def test_a_plain_picture_becomes_a_pyramid_with_the_same_pixels(
    tmp_path: Path, compression: str | None, sample_type: str
) -> None:
    pixels = anatomy(1, 600, 700)[0].astype(sample_type)
    source = write(tmp_path / "in.TIFF", pixels, compression=compression)

    image, path = imported(source, tmp_path)

    with tifffile.TiffFile(path) as tiff:
        assert [page.shape for page in tiff.pages] == [(600, 700), (300, 350), (150, 175)]
        assert all(page.keyframe and page.keyframe.is_tiled for page in tiff.pages)
    assert np.array_equal(tifffile.imread(path, key=0), pixels)
    assert image.metadata.resolution_levels == 3
    assert (image.metadata.voxel_width_mm, image.metadata.voxel_height_mm) == (0.1, 0.2)


def test_a_plain_colour_picture_becomes_a_pyramid_with_the_same_pixels(tmp_path: Path) -> None:
    source = write(
        tmp_path / "in.tif", np.moveaxis(picture(400, 500), 2, 0), planarconfig="separate", photometric="rgb"
    )

    image, path = imported(source, tmp_path)

    assert np.array_equal(tifffile.imread(path, key=0), picture(400, 500))
    assert image.metadata.color_space is ColorSpace.RGB


def test_pixels_of_a_pyramid_have_a_digest_of_their_own(tmp_path: Path) -> None:
    import hashlib

    image, _ = imported(write_pyramid(tmp_path / "slide.tif"), tmp_path)

    assert image.pixels_sha256 == hashlib.sha256(picture(200, 300).tobytes()).hexdigest()
    assert image.sources[0].sha256 == hashlib.sha256((tmp_path / "slide.tif").read_bytes()).hexdigest()


def test_levels_inside_the_first_page_are_made_anew_as_pages(tmp_path: Path) -> None:
    source = tmp_path / "slide.tif"
    with tifffile.TiffWriter(source) as writer:
        writer.write(picture(600, 800), tile=(64, 64), photometric="rgb", subifds=1, **RESOLUTION)
        writer.write(picture(300, 400), tile=(64, 64), photometric="rgb", subfiletype=1, **RESOLUTION)

    image, path = imported(source, tmp_path)

    assert image.metadata.resolution_levels == 3
    assert np.array_equal(tifffile.imread(path, key=0), picture(600, 800))


def test_pictures_of_labels_beside_a_pyramid_are_left_out(tmp_path: Path) -> None:
    source = tmp_path / "slide.tif"
    with tifffile.TiffWriter(source) as writer:
        for pixels in (picture(600, 800), picture(300, 400), picture(90, 40)):
            writer.write(pixels, tile=(64, 64), photometric="rgb", **RESOLUTION)

    image, path = imported(source, tmp_path)

    assert image.notes == ("1 more pages of the file, such as labels, were left out.",)
    assert np.array_equal(tifffile.imread(path, key=0), picture(600, 800))
    with tifffile.TiffFile(path) as tiff:
        assert [page.shape[:2] for page in tiff.pages] == [(600, 800), (300, 400), (150, 200)]


@pytest.mark.parametrize("colored", [False, True])
def test_a_stack_of_pages_becomes_a_volume(tmp_path: Path, colored: bool) -> None:
    pixels = np.stack(
        [
            picture() if colored else picture()[..., 0],
            *([picture()[::-1] if colored else picture()[::-1, :, 1]] * 4),
        ]
    )
    source = write(
        tmp_path / "stack.tif", pixels, tile=(32, 32), photometric="rgb" if colored else "minisblack"
    )

    image, path = imported(source, tmp_path)

    assert image.type is ImageType.MHA
    assert (image.metadata.depth, image.metadata.resolution_levels, image.metadata.voxel_depth_mm) == (
        5,
        None,
        None,
    )
    assert np.array_equal(read_with_itk(path).pixels, pixels)


STORED: dict[
    int, Callable[[Any], Any]
] = {  # what a picture is stored as, for each orientation (TIFF 6.0, section 8)
    1: lambda seen: seen,
    2: lambda seen: seen[:, ::-1],
    3: lambda seen: seen[::-1, ::-1],
    4: lambda seen: seen[::-1],
    5: lambda seen: seen.swapaxes(0, 1),
    6: np.rot90,
    7: lambda seen: seen[::-1, ::-1].swapaxes(0, 1),
    8: lambda seen: np.rot90(seen, -1),
}


def write_turned(path: Path, seen: np.ndarray, orientation: int, **options: Any) -> Path:
    """Write a picture, or pages of them, of pixels that are seen 0.1 mm wide and 0.2 mm high."""
    pages = [STORED[orientation](page) for page in (seen if seen.ndim == 4 else [seen])]
    resolution = (100, 50) if orientation < 5 else (50, 100)
    tags = [(274, "H", 1, orientation, False)]
    return write(path, np.stack(pages), photometric="rgb", resolution=resolution, extratags=tags, **options)


@pytest.mark.parametrize("tile", [None, (64, 64)])
@pytest.mark.parametrize("orientation", STORED)
def test_a_picture_is_turned_as_it_is_seen(
    tmp_path: Path, orientation: int, tile: tuple[int, int] | None
) -> None:
    seen = picture(400, 300)
    source = write_turned(tmp_path / "in.tif", seen, orientation, tile=tile)

    image, path = imported(source, tmp_path)

    with Image.open(source) as opened:
        assert np.array_equal(np.asarray(ImageOps.exif_transpose(opened)), seen)
    with Image.open(path) as made:
        assert made.getexif().get(0x0112, 1) == 1
    assert np.array_equal(tifffile.imread(path, key=0), seen)
    found = image.metadata
    assert (found.width, found.height) == (300, 400)
    assert (found.voxel_width_mm, found.voxel_height_mm) == (0.1, 0.2)
    assert [path.name for path in (tmp_path / "out").rglob("*") if path.is_file()] == [image.file]


@pytest.mark.parametrize("orientation", STORED)
def test_pages_of_a_stack_are_turned_as_they_are_seen(tmp_path: Path, orientation: int) -> None:
    seen = np.stack([picture(40, 30), picture(40, 30)[::-1]])

    image, path = imported(write_turned(tmp_path / "in.tif", seen, orientation), tmp_path)

    found = read_with_itk(path)
    assert np.array_equal(found.pixels, seen)
    assert found.spacing[:2] == (0.1, 0.2)
    assert (image.metadata.voxel_width_mm, image.metadata.voxel_height_mm) == (0.1, 0.2)


def test_a_pyramid_that_lies_is_made_anew_upright(tmp_path: Path) -> None:
    source = write_pyramid(tmp_path / "in.tif", extratags=[(274, "H", 1, 6, False)])

    image, path = imported(source, tmp_path)

    assert np.array_equal(tifffile.imread(path, key=0), np.rot90(picture(200, 300), -1))
    assert (image.metadata.width, image.metadata.height) == (200, 300)


def test_an_orientation_that_is_none_means_upright(tmp_path: Path) -> None:
    source = write_pyramid(tmp_path / "in.tif", extratags=[(274, "H", 1, 9, False)])

    _, path = imported(source, tmp_path)

    assert stored_tiles(path) == stored_tiles(source)


def test_unrelated_pages_are_refused(tmp_path: Path) -> None:
    source = tmp_path / "mix.tif"
    with tifffile.TiffWriter(source) as writer:
        for size in ((100, 120), (130, 90), (100, 120)):
            writer.write(picture(*size), photometric="rgb", **RESOLUTION)

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert "neither levels of a pyramid nor slices of a stack" in reason


def test_white_is_zero_palette_and_one_bit_become_what_people_see(tmp_path: Path) -> None:
    gray = picture()[..., 0]
    write(tmp_path / "white.tif", 255 - gray, photometric="miniswhite")
    Image.fromarray(picture()).quantize(16).save(tmp_path / "palette.tif", dpi=(254, 254))
    Image.fromarray(gray > 128).save(tmp_path / "bits.tif", dpi=(254, 254))

    report = convert_here(list(tmp_path.glob("*.tif")), tmp_path / "out")

    got = {image.name: tifffile.imread(tmp_path / "out" / image.file, key=0) for image in report.images}
    assert np.array_equal(got["white.tif"], gray)
    assert np.array_equal(got["palette.tif"], np.asarray(Image.open(tmp_path / "palette.tif").convert("RGB")))
    assert np.array_equal(got["bits.tif"], (gray > 128) * np.uint8(255))


@pytest.mark.parametrize("pages", [1, 2])
@pytest.mark.parametrize("sample_type", ["int8", "uint16", "int16", "uint32", "int32"])
def test_white_is_zero_is_mirrored_within_what_samples_can_hold(
    tmp_path: Path, sample_type: str, pages: int
) -> None:
    stored = np.random.default_rng(2).integers(0, 100, (pages, 40, 50)).astype(sample_type)
    source = write(tmp_path / "in.tif", stored, photometric="miniswhite")

    image, path = imported(source, tmp_path)

    got = tifffile.imread(path, key=0)[None] if pages == 1 else read_with_itk(path).pixels
    limits = np.iinfo(sample_type)
    assert got.dtype == stored.dtype
    assert np.array_equal(got, (limits.max + limits.min - stored.astype(np.int64)).astype(sample_type))
    assert image.notes == () if pages == 1 else (IN_THEIR_ORDER,)


@pytest.mark.parametrize("pages", [1, 2])
def test_white_is_zero_is_only_noted_where_nobody_knows_the_other_end(tmp_path: Path, pages: int) -> None:
    stored = np.random.default_rng(2).normal(size=(pages, 40, 50)).astype(np.float32)
    source = write(tmp_path / "in.tif", stored, photometric="miniswhite")

    image, path = imported(source, tmp_path)

    got = tifffile.imread(path, key=0)[None] if pages == 1 else read_with_itk(path).pixels
    assert np.array_equal(got, stored)
    assert AS_STORED in image.notes


def test_pages_of_white_is_zero_palette_and_one_bit_become_what_people_see(tmp_path: Path) -> None:
    color = [picture(), picture()[::-1]]
    gray = np.stack(color)[..., 0]
    write(tmp_path / "white.tif", 255 - gray, photometric="miniswhite")
    indexed = [Image.fromarray(page).quantize(16) for page in color]
    indexed[0].save(tmp_path / "palette.tif", save_all=True, append_images=indexed[1:], dpi=(254, 254))
    bits = [Image.fromarray(page > 128) for page in gray]
    bits[0].save(
        tmp_path / "bits.tif", save_all=True, append_images=bits[1:], dpi=(254, 254), compression="group4"
    )

    report = convert_here(list(tmp_path.glob("*.tif")), tmp_path / "out")

    got = {image.name: read_with_itk(tmp_path / "out" / image.file).pixels for image in report.images}
    assert np.array_equal(got["white.tif"], gray)
    assert np.array_equal(got["palette.tif"], [np.asarray(page.convert("RGB")) for page in indexed])
    assert np.array_equal(got["bits.tif"], (gray > 128) * np.uint8(255))


@pytest.mark.parametrize("compression", ["lzw", "zstd"])
def test_the_colour_profile_stays_whoever_decodes(tmp_path: Path, compression: str) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    source = write(
        tmp_path / "in.tif", picture(), photometric="rgb", compression=compression, iccprofile=profile
    )

    _, path = imported(source, tmp_path)

    with tifffile.TiffFile(path) as made:
        assert made.pages.first.iccprofile == without_origin(profile)


@pytest.mark.parametrize("gray", [False, True])
@pytest.mark.parametrize("indices", [np.uint8, np.uint16])
def test_colours_of_pages_are_those_of_their_palette(tmp_path: Path, indices: type, gray: bool) -> None:
    count = np.iinfo(indices).max + 1
    palette = np.stack([np.arange(count)] * 3)
    palette[1] = palette[1] if gray else palette[1, ::-1]
    pages: np.ndarray = np.array([[[0, 1, 7]], [[count // 3, 200, count - 1]]], indices)
    stored = palette if indices is np.uint16 else palette * 257
    source = write(tmp_path / "in.tif", pages, photometric="palette", colormap=stored.astype(np.uint16))

    _, path = imported(source, tmp_path)

    assert np.array_equal(read_with_itk(path).pixels, np.moveaxis(palette[:, pages], 0, -1))


COMPRESSIONS = ("packbits", "webp", "zstd", "lzma", "lerc", "png", "jpeg2000", "jpegxl")


@pytest.mark.parametrize("stacked", [False, True])
@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_every_lossless_compression_gives_the_pixels_that_went_in(
    tmp_path: Path, compression: str, stacked: bool
) -> None:
    """For what it has no decoder libvips makes black pictures, without a word."""
    pixels = np.stack([picture(), picture()[::-1]]) if stacked else picture()
    options = {"compressionargs": {"lossless": True}} if compression == "webp" else {}
    source = write(
        tmp_path / "in.tif", pixels, photometric="rgb", tile=(32, 32), compression=compression, **options
    )

    image, path = imported(source, tmp_path)

    assert np.array_equal(read_with_itk(path).pixels if stacked else tifffile.imread(path, key=0), pixels)
    assert [path.name for path in (tmp_path / "out").rglob("*") if path.is_file()] == [image.file]


def test_a_stack_beyond_the_budget_is_refused_before_a_plain_copy_fills_the_disk(tmp_path: Path) -> None:
    pixels = np.stack([picture()] * 3)
    source = write(tmp_path / "in.tif", pixels, photometric="rgb", compression="zstd")
    with tifffile.TiffFile(source) as written:
        start = written.pages[2].dataoffsets[0]
    damaged = bytearray(source.read_bytes())
    damaged[start : start + 8] = bytes(8)  # which would be noticed on the way
    source.write_bytes(damaged)

    report = convert_here([source], tmp_path / "out", budget=Budget(image_bytes=pixels.nbytes - 1))

    assert "would take" in the_reason(report)


@pytest.mark.parametrize("compression", [None, "lzw"])
def test_tiles_of_one_colour_each_become_one_picture(tmp_path: Path, compression: str | None) -> None:
    planes = np.moveaxis(picture(), 2, 0)
    options = {"photometric": "rgb", "planarconfig": "separate", "tile": (32, 32), "compression": compression}
    source = write(tmp_path / "in.tif", planes, **options)

    _, path = imported(source, tmp_path)

    assert np.array_equal(tifffile.imread(path, key=0), picture())


@pytest.mark.parametrize("pages", [1, 2])
@pytest.mark.parametrize("options", [{}, {"tile": (32, 32)}, {"compression": "zstd"}], ids=str)
def test_planes_of_half_floats_keep_all_their_values(
    tmp_path: Path, options: dict[str, Any], pages: int
) -> None:
    colors = np.stack([picture() / np.float16(3 + page) for page in range(pages)]).astype(np.float16)
    planes = np.squeeze(np.moveaxis(colors, -1, 1))
    source = write(tmp_path / "in.tif", planes, photometric="rgb", planarconfig="separate", **options)

    _, path = imported(source, tmp_path)

    got = tifffile.imread(path, key=0) if pages == 1 else read_with_itk(path).pixels
    assert np.array_equal(got, np.squeeze(colors.astype(np.float32)))


@pytest.mark.parametrize(("kind", "is_mirrored"), [("minisblack", False), ("miniswhite", True)])
def test_twelve_bits_of_a_sample_keep_their_values(tmp_path: Path, kind: str, is_mirrored: bool) -> None:
    pixels = np.arange(48 * 64, dtype=np.uint16).reshape(48, 64) % 4096
    packed = bytes(imagecodecs.packints_encode(pixels, 12, runlen=64))
    shape: dict[str, Any] = {
        "shape": pixels.shape,
        "dtype": pixels.dtype,
        "bitspersample": 12,
        "rowsperstrip": 48,
    }
    source = tmp_path / "in.tif"
    tifffile.imwrite(source, iter([packed]), photometric=kind, **shape, **RESOLUTION)

    image, path = imported(source, tmp_path)

    assert image.sample_type == "uint16"
    assert np.array_equal(tifffile.imread(path, key=0), 4095 - pixels if is_mirrored else pixels)


@pytest.mark.parametrize(
    "options", [{"photometric": "ycbcr", "subsampling": (1, 1)}, {"photometric": "icclab"}]
)
def test_colours_that_libvips_takes_for_others_are_refused(tmp_path: Path, options: dict[str, Any]) -> None:
    source = write(tmp_path / "in.tif", picture(), **options)

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert reason == "The colours of in.tif are told in a way that cannot be imported."


@pytest.mark.parametrize("pages", [1, 3])
@pytest.mark.parametrize("sample_type", ["float16", "float64"])
def test_floats_of_any_width_become_floats_of_single_precision(
    tmp_path: Path, sample_type: str, pages: int
) -> None:
    pixels = (np.linspace(-3, 1e4, pages * 48 * 64) / 7).reshape(pages, 48, 64).astype(sample_type)
    source = write(tmp_path / "in.tif", pixels, photometric="minisblack")

    image, path = imported(source, tmp_path)

    got = tifffile.imread(path, key=0) if pages == 1 else read_with_itk(path).pixels
    assert image.sample_type == "float32"
    assert np.array_equal(got, np.squeeze(pixels.astype(np.float32)))
    assert (ROUNDED in image.notes) == (sample_type == "float64")


def test_doubles_beyond_single_precision_are_refused(tmp_path: Path) -> None:
    source = write(tmp_path / "in.tif", np.full((48, 64), 1e300), photometric="minisblack")

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert reason == "The values of in.tif are too large for single precision, which images have."


@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("sample_type", [np.uint8, np.uint16])
def test_lightness_and_its_two_colours_become_red_green_and_blue(
    tmp_path: Path, sample_type: type, planar: bool
) -> None:
    whole, one = (255, 1) if sample_type is np.uint8 else (65535, 256)
    lab = np.zeros((48, 64, 3), np.int64)
    lab[..., 0] = whole
    lab[:24, :, 0] = whole / 2
    lab[:24, 32:, 1:] = 50 * one, -50 * one  # signed in unsigned samples
    kept = np.moveaxis(lab, -1, 0) if planar else lab
    options = {"photometric": "cielab", "planarconfig": "separate" if planar else "contig"}
    source = write(tmp_path / "in.tif", kept.astype(sample_type), **options)

    image, path = imported(source, tmp_path)

    got = tifffile.imread(path, key=0) * (255 / whole)
    assert (image.sample_type, image.metadata.color_space) == (np.dtype(sample_type).name, ColorSpace.RGB)
    assert np.allclose(got[0, 0], 119, atol=1)
    assert np.allclose(got[-1, 0], 255, atol=1)
    assert np.allclose(got[0, -1], VIOLET_OF_LITTLE_CMS, atol=1.5)


@pytest.mark.parametrize("sample_type", [np.uint8, np.uint16])
@pytest.mark.parametrize("hidden", [False, True])
def test_gray_with_alpha_becomes_gray_unless_it_hides_something(
    tmp_path: Path, sample_type: type, hidden: bool
) -> None:
    gray: np.ndarray = picture()[..., 0].astype(sample_type)
    alpha = np.full_like(gray, np.iinfo(sample_type).max)
    alpha[3, 5] -= hidden
    options = {"photometric": "minisblack", "extrasamples": ["unassalpha"], "planarconfig": "contig"}
    source = write(tmp_path / "in.tif", np.stack([gray, alpha], axis=-1), **options)

    image, path = imported(source, tmp_path)

    expected = np.stack([gray, gray, gray, alpha], axis=-1) if hidden else gray
    assert image.metadata.color_space is (ColorSpace.RGBA if hidden else ColorSpace.GRAY)
    assert image.sample_type == np.dtype(sample_type).name
    assert np.array_equal(tifffile.imread(path, key=0), expected)


@pytest.mark.parametrize("sample_type", [np.uint8, np.uint16])
def test_printed_colours_keep_the_width_of_their_samples(tmp_path: Path, sample_type: type) -> None:
    ink: np.ndarray = np.zeros((48, 64, 4), sample_type)
    ink[..., 3] = np.iinfo(sample_type).max // 2
    source = write(tmp_path / "in.tif", ink, photometric="separated")

    image, path = imported(source, tmp_path)

    got = tifffile.imread(path, key=0)
    assert image.sample_type == got.dtype.name == np.dtype(sample_type).name
    assert np.allclose(got / (np.iinfo(sample_type).max / 255), 137, atol=1)


def test_a_turned_pyramid_of_labels_in_zstandard_stays_itself(tmp_path: Path) -> None:
    labels = np.zeros((600, 400), np.uint8)
    labels[:, 201:] = 4
    tags = [(274, "H", 1, 3, False), (280, "H", 1, 0, True), (281, "H", 1, 4, True)]
    source = write_pyramid(tmp_path / "in.tif", labels, compression="zstd", extratags=tags)

    image, path = imported(source, tmp_path)

    assert np.array_equal(tifffile.imread(path, key=0), labels[::-1, ::-1])
    assert (image.metadata.segments, image.metadata.voxel_width_mm) == ((0, 1, 2, 3, 4), 0.0005)
    assert set(np.unique(tifffile.imread(path, key=1))) == {0, 4}


def test_a_compression_nobody_knows_is_refused(tmp_path: Path) -> None:
    source = write(tmp_path / "in.tif", picture()[..., 0], compression="zstd")
    compression, short = 259, 3
    content = source.read_bytes()
    known, unknown = (struct.pack("<HHIH", compression, short, 1, code) for code in (50000, 32809))
    assert known in content
    source.write_bytes(content.replace(known, unknown))

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert "in.tif is compressed in a way that is not supported" in reason


def test_labels_come_from_the_announced_range_and_are_never_averaged(tmp_path: Path) -> None:
    labels = np.zeros((600, 600), np.uint8)
    labels[:, 301:] = 4
    extra = [(280, "H", 1, 0, True), (281, "H", 1, 4, True)]
    source = write(tmp_path / "mask.tif", labels, extratags=extra)

    image, path = imported(source, tmp_path)

    assert image.metadata.segments == (0, 1, 2, 3, 4)
    assert set(np.unique(tifffile.imread(path, key=1))) == {0, 4}


@pytest.mark.parametrize("options", [{"resolutionunit": "NONE"}, {"resolution": (0, 50)}])
def test_a_tiff_that_hides_the_size_of_a_pixel_is_refused(tmp_path: Path, options: dict[str, Any]) -> None:
    source = write(tmp_path / "in.tif", picture(), **options)

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert reason == "The TIFF file in.tif does not say how large a pixel is (resolution and its unit)."


@pytest.mark.parametrize("keep", [0.3, 0.7, 0.98])
def test_a_tiff_cut_short_is_refused(tmp_path: Path, keep: float) -> None:
    source = cut_short(write_pyramid(tmp_path / "slide.tif"), keep=keep)

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert "slide.tif is damaged" in reason


def test_a_tile_that_cannot_be_decoded_is_noticed(tmp_path: Path) -> None:
    source = write_pyramid(tmp_path / "slide.tif", compression="zlib")
    with tifffile.TiffFile(source) as tiff:
        offset = tiff.pages[0].dataoffsets[4]
    content = bytearray(source.read_bytes())
    content[offset + 20 : offset + 60] = bytes(40)
    source.write_bytes(content)

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert reason == "The file slide.tif is damaged: a checksum in it is wrong."


def test_tiles_of_two_lengths_are_damage(tmp_path: Path) -> None:
    content = write_pyramid(tmp_path / "in.tif").read_bytes()
    tile_length, short, long = 323, 3, 4
    one, two = struct.pack("<HHI", tile_length, long, 1), struct.pack("<HHI", tile_length, short, 2)
    assert one in content
    (tmp_path / "in.tif").write_bytes(content.replace(one, two))

    reason = the_reason(convert_here([tmp_path / "in.tif"], tmp_path / "out"))

    assert "its TIFF directories cannot be read" in reason


@pytest.mark.parametrize("pages", [1, 3, 150])
def test_directories_in_a_circle_are_damage(tmp_path: Path, pages: int) -> None:
    source = tmp_path / "in.tif"
    with tifffile.TiffWriter(source) as writer:
        for _ in range(pages):
            writer.write(picture(16, 16), tile=(16, 16), compression="jpeg", contiguous=False, **RESOLUTION)
    with tifffile.TiffFile(source) as tiff:
        first, last = tiff.pages.first.offset, tiff.pages[pages - 1]
        next_at = last.offset + 2 + 12 * len(last.tags)  # type: ignore[union-attr]
    content = bytearray(source.read_bytes())
    assert content[next_at : next_at + 4] == bytes(4)
    content[next_at : next_at + 4] = struct.pack("<I", first)
    source.write_bytes(content)

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert "its TIFF directories cannot be read" in reason


@pytest.mark.parametrize("number_type", ["SLONG", "FLOAT"])
def test_strips_that_are_nowhere_in_a_file_are_damage(tmp_path: Path, number_type: str) -> None:
    source = write(tmp_path / "in.tif", picture(16, 16), compression="zlib", rowsperstrip=8)
    with tifffile.TiffFile(source) as tiff:
        entry = tiff.pages[0].tags["StripOffsets"]  # type: ignore[union-attr]
        entry_at, values_at = entry.offset, entry.valueoffset
    content = bytearray(source.read_bytes())
    content[entry_at + 2 : entry_at + 4] = struct.pack("<H", tifffile.DATATYPE[number_type])
    content[values_at : values_at + 4] = struct.pack("<i" if number_type == "SLONG" else "<f", -42)
    source.write_bytes(content)

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert "its TIFF directories cannot be read" in reason


@pytest.mark.parametrize(("tag", "value"), [("ExtraSamples", 9), ("PhotometricInterpretation", 3)])
def test_a_page_decoded_here_that_says_what_cannot_be_is_refused(
    tmp_path: Path, tag: str, value: int
) -> None:
    source = tmp_path / "in.tif"
    options: Any = {"tile": (16, 16), "resolution": (10_000, 10_000), "resolutionunit": "CENTIMETER"}
    tifffile.imwrite(
        source, np.zeros((16, 16, 4), np.uint8), photometric="rgb", compression="zstd", **options
    )
    with tifffile.TiffFile(source, mode="r+") as file:
        file.pages[0].tags[tag].overwrite(value)  # type: ignore[union-attr]

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert reason == "The file in.tif is damaged: page 1 says of its pixels what cannot be."
