"""Which pictures may be logos, by decoding real ones, and what is kept of them."""

import io
import random
import struct
import zlib
from contextlib import suppress

import pytest
from PIL import Image

from archive_api.adapters.pillow_logo import render_picture
from archive_api.domain.logo import LOGO, SOCIAL_IMAGE
from archive_shared.errors import Invalid
from tests.support.pictures import a_picture


def render_logo(picture: bytes) -> bytes:
    """Return the widest rendition."""
    renditions = render_picture(picture, LOGO)
    return renditions[max(renditions)]


def reason(picture: bytes) -> str:
    with pytest.raises(Invalid) as caught:
        render_logo(picture)
    assert list(caught.value.errors) == ["logo"]
    return caught.value.errors["logo"][0]


def opened(picture: bytes) -> Image.Image:
    return Image.open(io.BytesIO(picture))


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_a_square_picture_of_640_pixels_is_a_logo(format: str) -> None:
    logo = opened(render_logo(a_picture(640, 640, format=format)))

    assert logo.format == "PNG"
    assert logo.size == (640, 640)


@pytest.mark.parametrize(("width_px", "height_px"), [(600, 600), (639, 639), (640, 641), (1280, 640), (1, 1)])
def test_a_small_or_oblong_picture_is_refused_with_its_size(width_px: int, height_px: int) -> None:
    assert reason(a_picture(width_px, height_px)) == (
        f"The logo is {width_px} × {height_px} pixels; it must be square and at least 640 × 640 pixels."
    )


def test_a_picture_of_more_than_20_megapixels_is_refused_with_its_size() -> None:
    assert reason(a_picture(4473, 4473, mode="1")) == (
        "The logo is 4473 × 4473 pixels; it may have 20 megapixels at the most."
    )


@pytest.mark.parametrize("side_px", [10_000, 60_000])
def test_a_header_that_promises_a_huge_picture_is_refused_without_decoding(side_px: int) -> None:
    assert "20 megapixels" in reason(png_that_claims(side_px))


def test_a_file_of_more_than_10_megabytes_is_refused_with_its_size() -> None:
    picture = a_picture() + b"\0" * 11_000_000

    assert reason(picture) == "The logo has 10.5 MB; it may have 10 MB at the most."


@pytest.mark.parametrize(
    "picture", [b"", b"hello", a_picture(format="GIF", mode="P"), a_picture(format="TIFF"), b"%PDF-1.7"]
)
def test_other_formats_are_refused(picture: bytes) -> None:
    assert reason(picture) == "The logo is not a PNG, JPEG or WebP picture."


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_half_a_picture_is_refused(format: str) -> None:
    noise = Image.frombytes("RGB", (640, 640), random.Random(7).randbytes(640 * 640 * 3))
    whole = io.BytesIO()
    noise.save(whole, format)
    picture = whole.getvalue()

    assert "damaged or incomplete" in reason(picture[: len(picture) // 2])


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_damaged_bytes_are_refused_or_decoded_and_never_crash(format: str) -> None:
    chance = random.Random(f"damage {format}")
    whole = a_picture(format=format)
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(4):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)

        with suppress(Invalid):
            render_logo(bytes(damaged))


def test_metadata_is_not_passed_on() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Secret Camera"
    picture = a_picture(format="JPEG", exif=exif, comment=b"secret comment")
    assert b"Secret Camera" in picture

    logo = render_logo(picture)

    assert b"Secret Camera" not in logo
    assert b"secret comment" not in logo
    assert not opened(logo).info


def test_a_picture_taken_sideways_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise

    logo = opened(render_logo(a_picture(format="JPEG", exif=exif)))

    light, dark = logo.getpixel((600, 40)), logo.getpixel((40, 600))
    assert isinstance(light, tuple)
    assert isinstance(dark, tuple)
    assert light[0] > 150
    assert dark[0] < 50


@pytest.mark.parametrize(
    ("mode", "format", "kept"),
    [
        ("RGBA", "PNG", "RGBA"),
        ("LA", "PNG", "RGBA"),
        ("L", "PNG", "RGB"),
        ("P", "PNG", "RGB"),
        ("CMYK", "JPEG", "RGB"),
    ],
)
def test_every_colour_mode_becomes_one_that_browsers_show(mode: str, format: str, kept: str) -> None:
    assert opened(render_logo(a_picture(mode=mode, format=format))).mode == kept


def test_a_large_picture_is_made_smaller() -> None:
    assert opened(render_logo(a_picture(2000, 2000))).size == (1280, 1280)


def test_the_same_picture_gives_the_same_bytes() -> None:
    assert render_logo(a_picture()) == render_logo(a_picture())


def png_that_claims(side_px: int) -> bytes:
    """Return a PNG of a few bytes whose header names a huge size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side_px, side_px, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def test_a_logo_is_kept_in_the_widths_it_is_shown_in_and_never_enlarged() -> None:
    renditions = render_picture(a_picture(700, 700), LOGO)

    sizes = {width_px: opened(png).size for width_px, png in renditions.items()}
    assert sizes == {1280: (700, 700), 640: (640, 640), 320: (320, 320), 160: (160, 160)}


def test_a_social_image_need_not_be_square_but_large_enough() -> None:
    renditions = render_picture(a_picture(1280, 640), SOCIAL_IMAGE)

    assert {width_px: opened(png).size for width_px, png in renditions.items()} == {
        1280: (1280, 640),
        640: (640, 320),
    }
    with pytest.raises(Invalid) as caught:
        render_picture(a_picture(600, 400), SOCIAL_IMAGE)
    assert caught.value.errors == {
        "social_image": ["The social image is 600 × 400 pixels; it must be at least 640 × 320 pixels."]
    }
