"""Reads PNG and JPEG pictures: upright, in gray, RGB or RGBA, with all the bits they have.

What becomes of what: palettes become RGB, or RGBA if a colour in use is transparent, as do pictures without palette; 1-bit
gray becomes 0 and 255, 2 and 4 bits are spread over 0 to 255; gray with alpha becomes gray if it is opaque everywhere,
RGBA otherwise; CMYK becomes RGB; 16-bit samples stay. The orientation in EXIF is applied, so that rows and columns are as
people see them.
"""

import struct
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageOps, JpegImagePlugin, PngImagePlugin, UnidentifiedImageError

from ingest_worker.adapters.readers.conversion_input import ConversionInput
from ingest_worker.adapters.readers.jpeg_end import check_end, rare_kind
from ingest_worker.adapters.readers.jpeg_pictures import pictures_in
from ingest_worker.adapters.readers.png_chunks import Png, check_rows, checked_png, is_png
from ingest_worker.adapters.readers.raster_quick import quick_jpeg, quick_png
from ingest_worker.adapters.volumes import ArrayVolume, Pixels, Reading, VolumeReading
from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.geometry import Geometry
from ingest_worker.domain.layouts import VolumeLayout
from ingest_worker.domain.refusals import Damaged, Refused

# Named, so that they are loaded with this module and not again and again in every child.
KNOWN = [plugin.format for plugin in (PngImagePlugin.PngImageFile, JpegImagePlugin.JpegImageFile)]
ANIMATED = "The file is an animation; all pictures but the first were left out."
OPAQUE = {"uint8": 255, "uint16": 65535}
GRAY = ("1", "L", "I;16")
DECODED_AS = {
    "1": (1, "uint8"), "L": (1, "uint8"), "I;16": (1, "uint16"), "RGB": (3, "uint8"), "YCbCr": (3, "uint8"),
    "LAB": (3, "uint8"),
}  # fmt: skip
MOST = (4, "uint8")
"""Channels and type of a sample on the way to the image, by Pillow's modes, and of any other mode."""

DECODER_ERRORS = (OSError, SyntaxError, ValueError, zlib.error, struct.error)

# The budget is compared with the header's size before pixels are decoded; Pillow's own limit is lower.
Image.MAX_IMAGE_PIXELS = None


def read(given: ConversionInput) -> Iterator[Reading]:
    """Yield the pictures of a candidate of one file."""
    file = given.files[0]
    png = checked_png(file, most_bytes=given.budget.image_bytes) if is_png(file) else None
    if png and png.has_16_bit_color:
        yield _reading(given, _sixteen_bit(file, given, png))
        return
    for pixels, notes in _decoded(file, given, png):
        yield _reading(given, pixels, *notes)


def _reading(given: ConversionInput, pixels: Pixels, *notes: str) -> VolumeReading:
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    layout = VolumeLayout(
        (pixels.shape[1], pixels.shape[0]), channels, pixels.dtype.name, Geometry.unknown(2)
    )
    return VolumeReading(
        files=given.names,
        name=given.files[0].base_name,
        volume=ArrayVolume(layout, pixels),
        metadata=layout.metadata(pixel_size_known=False),
        notes=notes,
    )


def _check_size(
    file: SourceFile, size: tuple[int, int], channels: int, sample_type: str, given: ConversionInput
) -> None:
    VolumeLayout(size, channels, sample_type, Geometry.unknown(2)).check(file.base_name, given.budget)


def _decoded(
    file: SourceFile, given: ConversionInput, png: Png | None
) -> Iterator[tuple[Pixels, tuple[str, ...]]]:
    """Yield the pictures of a file, mostly one, with remarks."""
    try:
        with Image.open(file.path, formats=KNOWN) as opened:
            if png:
                yield _of_png(opened, file, given, png), (ANIMATED,) if png.is_animated else ()
                return
            found = pictures_in(opened, file)
            for frame, start in found.offsets.items():
                opened.seek(frame)
                yield _of_jpeg(opened, file, given, start), (*found.number_of(frame), *found.notes)
    except UnidentifiedImageError as error:
        raise Refused(_why_unknown(file)) from error
    except DECODER_ERRORS as error:
        raise Damaged(file.base_name, "its pixels cannot be decoded to the end") from error


def _why_unknown(file: SourceFile) -> str:
    if kind := rare_kind(file):
        return f"The picture {file.base_name} is a JPEG {kind}; outside DICOM only those of 8 bits with loss are read."
    return f"The picture {file.base_name} cannot be read; its header is damaged or of a rare kind."


def _of_png(opened: Image.Image, file: SourceFile, given: ConversionInput, png: Png) -> Pixels:
    channels, sample_type = DECODED_AS.get(opened.mode, MOST)
    _check_size(file, opened.size, 4 if png.has_unseen_color else channels, sample_type, given)
    quick = quick_png(opened, file, png)
    if quick is None:
        check_rows(file, png, most_bytes=given.budget.image_bytes)
    return _upright(opened, png.depth) if quick is None else quick


def _of_jpeg(opened: Image.Image, file: SourceFile, given: ConversionInput, start: int) -> Pixels:
    _check_size(file, opened.size, *DECODED_AS.get(opened.mode, MOST), given)
    check_end(file, start)
    quick = quick_jpeg(opened, file)
    return _upright(opened) if quick is None else quick


def _upright(opened: Image.Image, depth: int = 8) -> Pixels:
    """Decode a picture, whose file has `depth` bits a sample, and turn it as people see it."""
    opened.load()
    ImageOps.exif_transpose(opened, in_place=True)
    return _in_known_mode(opened, depth)


def _in_known_mode(picture: Image.Image, depth: int) -> Pixels:
    if picture.mode == "P":
        return _opaque_if_it_can(
            picture.convert("RGBA" if "transparency" in picture.info else "RGB"), channels=3
        )
    if picture.mode in GRAY and "transparency" in picture.info:
        return _gray_but_for_unseen(picture, depth)
    if picture.mode == "RGB" and "transparency" in picture.info:
        return _opaque_if_it_can(picture.convert("RGBA"), channels=3)
    if picture.mode == "LA":
        return _opaque_if_it_can(picture.convert("RGBA"), channels=1)
    if picture.mode == "1":
        return np.asarray(picture.convert("L"))
    if picture.mode in ("CMYK", "YCbCr", "LAB"):
        return np.asarray(picture.convert("RGB"))
    if picture.mode not in ("L", "I;16", "RGB", "RGBA"):
        raise Refused(f"Pictures of mode {picture.mode} cannot be imported.")
    return np.asarray(picture)


def _opaque_if_it_can(picture: Image.Image, *, channels: int) -> Pixels:
    """Return RGBA pixels without an alpha channel that hides nothing, and without the colours gray never had."""
    return _without_needless_alpha(np.asarray(picture), channels)


def _gray_but_for_unseen(picture: Image.Image, depth: int) -> Pixels:
    """Return RGBA pixels if the gray that is not to be seen (tRNS, PNG 11.3.1.1) is in use, else gray ones.

    Pillow compares it with samples it has spread over 0 to 255 before, and leaves it out of those of 1 and 16 bits.
    """
    gray: Pixels = np.asarray(picture.convert("L") if picture.mode == "1" else picture)
    most = (1 << depth) - 1
    unseen = (picture.info["transparency"] & most) * (OPAQUE[gray.dtype.name] // most)
    alpha = np.where(gray == unseen, 0, OPAQUE[gray.dtype.name]).astype(gray.dtype)
    return _without_needless_alpha(np.dstack([gray, gray, gray, alpha]), channels=1)


def _without_needless_alpha(pixels: Pixels, channels: int) -> Pixels:
    if pixels.shape[2] == 4 and not (pixels[..., 3] == OPAQUE[pixels.dtype.name]).all():
        return pixels
    return pixels[..., 0] if channels == 1 else pixels[..., :channels]


def _sixteen_bit(file: SourceFile, given: ConversionInput, png: Png) -> Pixels:
    """Decode a PNG with 16-bit colour or alpha through libvips, which keeps all bits."""
    import pyvips  # noqa: PLC0415  # costs 0.1 s and is needed for this rare kind only

    _check_size(file, (png.width, png.height), 4 if png.has_alpha else 3, "uint16", given)
    try:
        pixels: Pixels = pyvips.Image.pngload(str(file.path), fail_on="error").autorot().numpy()
    except pyvips.Error as error:
        raise Damaged(file.base_name, "its pixels cannot be decoded to the end") from error
    if pixels.shape[2] == 2:
        return _without_needless_alpha(pixels[..., [0, 0, 0, 1]], channels=1)
    return pixels
