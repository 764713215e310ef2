"""PNG and JPEG in, MetaImage out: upright, with all their bits, in colours people see."""

import io
import struct
import zlib
from collections.abc import Callable
from itertools import starmap
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import pyvips
from PIL import Image

from demo.imaging import cut_short, picture, write_picture
from ingest_worker.adapters.readers import jpeg_pictures
from ingest_worker.conversion import convert
from ingest_worker.domain.budget import GIB, MIB, Budget
from ingest_worker.domain.images import ColorSpace
from ingest_worker.domain.report import Rejection
from tests.support.conversions import convert_here, read_with_itk, the_image, the_reason
from tests.support.odd_files import flip_bit

GRAY = np.arange(256, dtype=np.uint8).reshape(8, 32)


def imported(path: Path, tmp_path: Path) -> tuple[np.ndarray, ColorSpace]:
    image = the_image(convert_here([path], tmp_path / "out"))
    return read_with_itk(tmp_path / "out" / image.file).pixels, image.metadata.color_space


@pytest.mark.parametrize(
    ("pixels", "color"),
    [
        (GRAY, ColorSpace.GRAY),
        (picture(), ColorSpace.RGB),
        (np.dstack([picture(), picture()[..., 0]]), ColorSpace.RGBA),
        (np.dstack([picture(), np.full((48, 64), 255, np.uint8)]), ColorSpace.RGBA),
        ((picture()[..., 0].astype(np.uint16) * 257 + 3), ColorSpace.GRAY),
    ],
)
def test_a_png_keeps_its_samples(tmp_path: Path, pixels: np.ndarray, color: ColorSpace) -> None:
    source = write_picture(tmp_path / "in.png", pixels)

    got, found = imported(source, tmp_path)

    assert got.dtype == pixels.dtype
    assert np.array_equal(got, pixels)
    assert found is color


@pytest.mark.parametrize("mode", ["RGB", "P", "1"])
def test_an_interlaced_png_keeps_its_samples(tmp_path: Path, mode: str) -> None:
    pixels = picture(33, 21) if mode == "RGB" else picture(33, 21)[..., 0] // 128 * 255
    (pyvips.Image.new_from_array(pixels)).pngsave(
        str(tmp_path / "in.png"), interlace=True, palette=mode == "P", bitdepth=1 if mode == "1" else 8
    )

    got, _ = imported(tmp_path / "in.png", tmp_path)

    assert np.array_equal(got if got.ndim == pixels.ndim else got[..., 0], pixels)


@pytest.mark.parametrize("bands", [3, 4])
def test_a_png_with_sixteen_bit_colour_keeps_all_bits(tmp_path: Path, bands: int) -> None:
    pixels = np.random.default_rng(1).integers(0, 65535, (20, 30, bands)).astype(np.uint16)
    pyvips.Image.new_from_array(pixels, interpretation="rgb16").pngsave(str(tmp_path / "in.png"), bitdepth=16)

    got, _ = imported(tmp_path / "in.png", tmp_path)

    assert got.dtype == np.uint16
    assert np.array_equal(got, pixels)


def test_a_palette_becomes_the_colours_it_stands_for(tmp_path: Path) -> None:
    indexed = Image.fromarray(picture()).quantize(16)
    indexed.save(tmp_path / "in.png")

    got, color = imported(tmp_path / "in.png", tmp_path)

    assert color is ColorSpace.RGB
    assert np.array_equal(got, np.asarray(indexed.convert("RGB")))


def test_a_palette_with_a_transparent_colour_becomes_rgba(tmp_path: Path) -> None:
    indexed = Image.fromarray(picture()).quantize(16)
    indexed.save(tmp_path / "in.png", transparency=2)

    got, color = imported(tmp_path / "in.png", tmp_path)

    assert color is ColorSpace.RGBA
    assert set(np.unique(got[..., 3])) == {0, 255}


@pytest.mark.parametrize("gray", [True, False])
def test_a_transparent_colour_without_palette_becomes_rgba_if_it_is_in_use(
    tmp_path: Path, gray: bool
) -> None:
    pixels = picture()[..., 0] if gray else picture()
    clear = pixels[3, 3]
    key = int(clear) if gray else tuple(map(int, clear))
    Image.fromarray(pixels).save(tmp_path / "in.png", transparency=key)
    Image.fromarray(np.full_like(pixels, 9)).save(
        tmp_path / "opaque.png", transparency=0 if gray else (0, 0, 0)
    )

    got, color = imported(tmp_path / "in.png", tmp_path)
    opaque, plain = imported(tmp_path / "opaque.png", tmp_path / "second")

    assert (color, plain) == (ColorSpace.RGBA, ColorSpace.GRAY if gray else ColorSpace.RGB)
    assert np.array_equal(got[..., 3] == 0, pixels == clear if gray else (pixels == clear).all(axis=-1))
    assert np.array_equal(got[..., :3], np.stack([pixels] * 3, axis=-1) if gray else pixels)
    assert (opaque == 9).all()


@pytest.mark.parametrize(("depth", "unseen"), [(1, 1), (2, 1), (4, 5), (8, 200), (16, 300)])
def test_a_gray_of_any_depth_that_is_not_to_be_seen_is_transparent(
    tmp_path: Path, depth: int, unseen: int
) -> None:
    stored = np.arange(64).reshape(8, 8) * 50 % (1 << depth) if depth > 8 else np.arange(64).reshape(8, 8)
    stored = np.where(np.eye(8) == 1, unseen, stored % (1 << depth))
    bits = stored[..., None] >> np.arange(depth)[::-1] & 1
    rows = np.packbits(bits.astype(np.uint8).reshape(8, -1), axis=1)
    source = png_of(
        tmp_path / "in.png",
        (b"IHDR", struct.pack(">IIBBBBB", 8, 8, depth, 0, 0, 0, 0)),
        (b"tRNS", struct.pack(">H", unseen)),
        (b"IDAT", zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))),
    )

    got, color = imported(source, tmp_path)

    most = np.iinfo(np.uint16 if depth == 16 else np.uint8).max
    assert color is ColorSpace.RGBA
    assert np.array_equal(got[..., 0], stored * (most // ((1 << depth) - 1)))
    assert np.array_equal(got[..., 3], np.where(stored == unseen, 0, most))


def test_of_an_animation_the_first_picture_is_taken_and_the_rest_mentioned(tmp_path: Path) -> None:
    source = tmp_path / "in.png"
    first, second = Image.fromarray(picture()), Image.fromarray(picture()[::-1])
    first.save(source, save_all=True, append_images=[second])

    image = the_image(convert_here([source], tmp_path / "out"))

    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, picture())
    assert image.notes == ("The file is an animation; all pictures but the first were left out.",)


def test_one_bit_becomes_black_and_white(tmp_path: Path) -> None:
    bits = picture()[..., 0] > 128
    Image.fromarray(bits).save(tmp_path / "in.png")

    got, color = imported(tmp_path / "in.png", tmp_path)

    assert color is ColorSpace.GRAY
    assert np.array_equal(got, bits * np.uint8(255))


@pytest.mark.parametrize(("opaque", "color"), [(True, ColorSpace.GRAY), (False, ColorSpace.RGBA)])
def test_gray_with_alpha_needs_alpha_only_if_something_shows_through(
    tmp_path: Path, opaque: bool, color: ColorSpace
) -> None:
    alpha = np.full_like(GRAY, 255) if opaque else GRAY[::-1]
    Image.merge("LA", [Image.fromarray(GRAY), Image.fromarray(alpha)]).save(tmp_path / "in.png")

    got, found = imported(tmp_path / "in.png", tmp_path)

    assert found is color
    assert np.array_equal(got if opaque else got[..., 0], GRAY)
    assert opaque or np.array_equal(got[..., 3], alpha)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}, {"subsampling": 1}])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_jpeg_is_decoded_as_others_do(tmp_path: Path, mode: str, options: dict[str, int]) -> None:
    Image.fromarray(picture(51, 77)).convert(mode).save(
        tmp_path / "in.JPG", format="JPEG", quality=92, **options
    )

    got, color = imported(tmp_path / "in.JPG", tmp_path)

    assert color == {"L": ColorSpace.GRAY, "RGB": ColorSpace.RGB}[mode]
    assert np.array_equal(got, np.asarray(Image.open(tmp_path / "in.JPG")))


def test_cmyk_becomes_the_colours_of_its_inks(tmp_path: Path) -> None:
    Image.fromarray(picture()).convert("CMYK").save(tmp_path / "in.jpg", quality=100, subsampling=0)

    got, color = imported(tmp_path / "in.jpg", tmp_path)

    assert color is ColorSpace.RGB
    assert np.abs(got.astype(int) - picture()).max() <= 8


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_the_orientation_in_exif_is_applied(tmp_path: Path, suffix: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = np.zeros((16, 24), np.uint8)
    upright[:8, :8] = 255
    stored = _as_held_by_camera(Image.fromarray(upright), orientation)
    stored.save(tmp_path / f"in{suffix}", exif=exif)

    got, _ = imported(tmp_path / f"in{suffix}", tmp_path)

    assert got.shape == (16, 24)
    assert np.array_equal(got > 128, upright > 128)


def _as_held_by_camera(upright: Image.Image, orientation: int) -> Image.Image:
    """Undo what a viewer does for this orientation (Exif 2.32, tag 0x0112)."""
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    return upright.transpose(turns[orientation]) if orientation in turns else upright


def test_a_picture_has_no_size_in_millimetres(tmp_path: Path) -> None:
    source = write_picture(tmp_path / "photo.png", dpi=(300, 300))

    image = the_image(convert_here([source], tmp_path / "out"))

    found = image.metadata
    assert (found.width, found.height, found.depth) == (64, 48, None)
    assert (found.voxel_width_mm, found.voxel_height_mm, found.voxel_depth_mm) == (None, None, None)
    assert image.name == "photo.png"


def test_content_decides_rather_than_the_name(tmp_path: Path) -> None:
    source = write_picture(tmp_path / "in.png").rename(tmp_path / "slice.dcm")

    got, _ = imported(source, tmp_path)

    assert np.array_equal(got, picture())


@pytest.mark.parametrize("keep", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_a_picture_cut_short_is_refused(tmp_path: Path, suffix: str, keep: float) -> None:
    source = cut_short(write_picture(tmp_path / f"in{suffix}"), keep=keep)

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert f"in{suffix} is damaged" in reason


@pytest.mark.parametrize("cut", [1, 2, 3, 20])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"exif": True}])
def test_a_jpeg_without_its_end_is_refused(tmp_path: Path, options: dict[str, Any], cut: int) -> None:
    """Also one with a smaller picture inside, which has an end of its own."""
    inner = io.BytesIO()
    Image.fromarray(picture(8, 8)).save(inner, format="JPEG")
    exif = b"Exif\0\0" + inner.getvalue()
    if options.pop("exif", False):
        options = {"exif": exif}
    source = write_picture(tmp_path / "in.jpg", **options)
    source.write_bytes(source.read_bytes()[:-cut])

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert reason == "The file in.jpg is damaged: it is cut off: its end is missing."


def test_what_follows_the_end_of_a_jpeg_does_not_matter(tmp_path: Path) -> None:
    source = write_picture(tmp_path / "in.jpg")
    expected = np.asarray(Image.open(source))
    source.write_bytes(source.read_bytes() + b"\xff\xda" + bytes(100))

    got, _ = imported(source, tmp_path)

    assert np.array_equal(got, expected)


@pytest.mark.parametrize("position", [20, 30, 0.3, 0.6, 0.95, -6])
def test_a_flipped_bit_in_a_png_is_noticed(tmp_path: Path, position: float) -> None:
    source = flip_bit(write_picture(tmp_path / "in.png"), position)

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert "in.png is damaged" in reason


@pytest.mark.parametrize("described", [False, True])
@pytest.mark.parametrize("damage", ["cut", "check value", "too few rows"])
def test_a_png_of_whole_chunks_whose_pixels_are_damaged_inside_is_refused(
    tmp_path: Path, damage: str, described: bool
) -> None:
    """A text beside the pixels makes it a picture that another decoder reads."""
    rows = [b"\0" + row.tobytes() for row in picture()]
    packed = zlib.compress(b"".join(rows))
    inside = {
        "cut": packed[: len(packed) // 2],
        "check value": packed[:-1] + bytes([packed[-1] ^ 1]),
        "too few rows": zlib.compress(b"".join(rows[:-3])),
    }
    header = struct.pack(">IIBBBBB", 64, 48, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", inside[damage]), (b"IEND", b"")]
    if described:
        chunks.insert(1, (b"tEXt", b"Comment\0hello"))
    (tmp_path / "in.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(starmap(_chunk, chunks)))

    reason = the_reason(convert_here([tmp_path / "in.png"], tmp_path / "out"))

    assert "in.png is damaged" in reason


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))


def png_of(path: Path, *chunks: tuple[bytes, bytes]) -> Path:
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(starmap(_chunk, [*chunks, (b"IEND", b"")])))
    return path


@pytest.mark.parametrize(
    ("depth", "color", "size"),
    [(8, 6, "16 GB"), (8, 2, "12 GB"), (8, 3, "16 GB"), (8, 4, "16 GB"), (16, 0, "8 GB"), (16, 6, "32 GB")],
)
def test_a_lying_size_is_compared_with_the_ordinary_budget_before_pixels_are_made(
    tmp_path: Path, depth: int, color: int, size: str
) -> None:
    """The file is long enough for such a picture of one colour, by a chunk that means nothing."""
    header = struct.pack(">IIBBBBB", 65535, 65535, depth, color, 0, 0, 0)
    palette = [(b"PLTE", bytes(3))] if color == 3 else []
    source = png_of(
        tmp_path / "bomb.png", (b"IHDR", header), *palette, (b"prVt", bytes(36_000_000)), (b"IDAT", b"")
    )

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert reason == (
        f"A single slice of bomb.png would take {size} uncompressed, but at most 4 GB is allowed here."
    )


@pytest.mark.parametrize("color", [0, 2, 3, 4, 6])
def test_a_size_that_no_compression_explains_is_damage(tmp_path: Path, color: int) -> None:
    source = png_of(
        tmp_path / "bomb.png", (b"IHDR", struct.pack(">IIBBBBB", 65535, 65535, 8, color, 0, 0, 0))
    )

    reason = the_reason(convert_here([source], tmp_path / "out"))

    assert reason == "The file bomb.png is damaged: it has fewer pixels than it announces."


def test_a_chunk_longer_than_its_file_is_not_allocated(tmp_path: Path) -> None:
    content = write_picture(tmp_path / "in.png").read_bytes()
    at = content.index(b"IDAT") - 4
    source = tmp_path / "long.png"
    source.write_bytes(content[:at] + struct.pack(">I", 2**31 - 1) + content[at + 4 :])
    budget = Budget(memory_bytes=512 * MIB)

    report = convert([source], tmp_path / "out", budget=budget)

    assert the_reason(report) == "The file long.png is damaged: it announces an impossible length."


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_the_size_of_a_jpeg_is_compared_with_the_ordinary_budget(tmp_path: Path, mode: str) -> None:
    channels = len(Image.new(mode, (1, 1)).getbands())
    Image.new(mode, (8, 8)).save(tmp_path / "in.jpg")
    content = bytearray((tmp_path / "in.jpg").read_bytes())
    at = content.index(b"\xff\xc0") + 5
    struct.pack_into(">HH", content, at, 65500, 65500)
    (tmp_path / "bomb.jpg").write_bytes(content)

    reason = the_reason(
        convert_here([tmp_path / "bomb.jpg"], tmp_path / "out", budget=Budget(memory_bytes=3 * GIB))
    )

    assert reason == (
        f"A single slice of bomb.jpg would take {4 * channels} GB uncompressed, but at most 3 GB is allowed here."
    )


def several_pictures(path: Path, *pictures: np.ndarray, **options: Any) -> list[np.ndarray]:
    """Write a JPEG of several pictures; return what Pillow makes of each of them when it is alone."""
    first, *others = [Image.fromarray(pixels) for pixels in pictures]
    first.save(path, "MPO", save_all=True, append_images=others, quality=90, **options)
    with Image.open(path) as opened:
        return [_frame(opened, number) for number in range(len(pictures))]


def _frame(opened: Image.Image, number: int) -> np.ndarray:
    opened.seek(number)
    return np.asarray(opened.convert("RGB"))


def test_each_picture_of_a_stereo_photograph_becomes_an_image(tmp_path: Path) -> None:
    expected = several_pictures(tmp_path / "fundus.jpg", picture(), picture()[:, ::-1])

    images = convert_here([tmp_path / "fundus.jpg"], tmp_path / "out").images

    assert [image.name for image in images] == ["fundus.jpg", "fundus.jpg (2)"]
    assert [image.notes for image in images] == [
        (f"This is picture {number} of 2 in the file.",) for number in (1, 2)
    ]
    for image, pixels in zip(images, expected, strict=True):
        assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, pixels)


def test_pictures_of_a_stereo_photograph_are_upright_each_by_its_own_word(tmp_path: Path) -> None:
    on_its_side = Image.Exif()
    on_its_side[0x0112] = 6
    stored = several_pictures(tmp_path / "in.jpg", picture(), picture()[::-1], exif=on_its_side)

    images = convert_here([tmp_path / "in.jpg"], tmp_path / "out").images

    got = [read_with_itk(tmp_path / "out" / image.file).pixels for image in images]
    assert np.array_equal(got[0], np.rot90(stored[0], -1))
    assert np.array_equal(got[1], stored[1])


def test_smaller_pictures_behind_a_photograph_are_left_out_with_a_note(tmp_path: Path) -> None:
    several_pictures(tmp_path / "in.jpg", picture(), picture(32, 24), picture(16, 12))

    image = the_image(convert_here([tmp_path / "in.jpg"], tmp_path / "out"))

    assert image.notes == ("2 more pictures of the file, of other sizes, were left out.",)


def test_a_photograph_of_more_pictures_than_any_panorama_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pillow writes fewer than are allowed, so that is made less here."""
    monkeypatch.setattr(jpeg_pictures, "MOST_PICTURES", 2)
    several_pictures(tmp_path / "2.jpg", picture(), picture())
    several_pictures(tmp_path / "3.jpg", picture(), picture(), picture())

    report = convert_here(sorted(tmp_path.glob("*.jpg")), tmp_path / "out")

    assert [image.name for image in report.images] == ["2.jpg", "2.jpg (2)"]
    assert report.rejected == (Rejection("3.jpg", ("The file 3.jpg announces more than 2 pictures.",)),)


def test_a_second_picture_that_an_editor_dropped_is_noted(tmp_path: Path) -> None:
    expected = several_pictures(tmp_path / "in.jpg", picture(), picture()[::-1])
    content = (tmp_path / "in.jpg").read_bytes()
    (tmp_path / "in.jpg").write_bytes(content[: content.index(b"\xff\xd9\xff\xd8") + 2])

    image = the_image(convert_here([tmp_path / "in.jpg"], tmp_path / "out"))

    assert image.notes == ("The file announces 1 more pictures, which it does not hold.",)
    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, expected[0])


@pytest.mark.parametrize("marker", [b"\xff\xda", b"\xff\xc0\x00"], ids=["scan", "length of its frame"])
def test_a_second_picture_that_lost_its_beginning_is_noted(tmp_path: Path, marker: bytes) -> None:
    expected = several_pictures(tmp_path / "in.jpg", picture(), picture()[::-1])
    content = bytearray((tmp_path / "in.jpg").read_bytes())
    at = content.rindex(marker)
    content[at : at + len(marker)] = {2: b"\0\0", 3: b"\xff\xc0\xff"}[len(marker)]
    (tmp_path / "in.jpg").write_bytes(content)

    image = the_image(convert_here([tmp_path / "in.jpg"], tmp_path / "out"))

    assert image.notes == ("The file announces 1 more pictures, which it does not hold.",)
    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, expected[0])


def test_a_picture_whose_second_was_dropped_is_upright_as_it_says(tmp_path: Path) -> None:
    on_its_side = Image.Exif()
    on_its_side[0x0112] = 6
    pictures = (picture(), picture()[::-1])
    stored, _ = several_pictures(tmp_path / "in.jpg", *pictures, exif=on_its_side, dpi=(72, 72))
    content = (tmp_path / "in.jpg").read_bytes()
    (tmp_path / "in.jpg").write_bytes(content[: content.index(b"\xff\xd9\xff\xd8") + 2])

    image = the_image(convert_here([tmp_path / "in.jpg"], tmp_path / "out"))

    assert np.array_equal(read_with_itk(tmp_path / "out" / image.file).pixels, np.rot90(stored, -1))


def test_a_second_picture_that_is_cut_off_is_reported_beside_the_first(tmp_path: Path) -> None:
    several_pictures(tmp_path / "in.jpg", picture(), picture()[::-1])
    (tmp_path / "in.jpg").write_bytes((tmp_path / "in.jpg").read_bytes()[:-2])

    report = convert_here([tmp_path / "in.jpg"], tmp_path / "out")

    assert [image.notes for image in report.images] == [("This is picture 1 of 2 in the file.",)]
    [rejection] = report.rejected
    assert rejection.reasons == ("The file in.jpg is damaged: it is cut off: its end is missing.",)


@pytest.mark.parametrize(
    ("encode", "kind"),
    [
        (lambda gray: imagecodecs.jpeg8_encode(gray.astype(np.uint16) << 4, bitspersample=12), "of 12 bits"),
        (
            lambda gray: imagecodecs.ljpeg_encode(gray.astype(np.uint16), bitspersample=16),
            "lossless, of 16 bits",
        ),
    ],
    ids=["12 bits", "lossless"],
)
def test_a_jpeg_of_a_kind_that_pictures_are_not_is_refused_as_such(
    tmp_path: Path, encode: Callable[[np.ndarray], bytes], kind: str
) -> None:
    (tmp_path / "in.jpg").write_bytes(encode(picture()[..., 0]))

    reason = the_reason(convert_here([tmp_path / "in.jpg"], tmp_path / "out"))

    assert reason == (
        f"The picture in.jpg is a JPEG {kind} a sample; outside DICOM only those of 8 bits with loss are read."
    )
