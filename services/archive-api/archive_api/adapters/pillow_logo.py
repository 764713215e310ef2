"""Decodes pictures with Pillow, and writes them anew so that nothing but the picture is passed on."""

import io
import struct
import zlib

from PIL import Image, ImageOps, UnidentifiedImageError

from archive_api.domain.logo import PictureRule

_FORMATS = ("PNG", "JPEG", "WEBP")
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error, zlib.error)
_BOMB = (Image.DecompressionBombError, Image.DecompressionBombWarning)


def render_picture(picture: bytes, rule: PictureRule) -> dict[int, bytes]:
    """Return the picture as PNGs without metadata, upright, by the width in pixels they are at the most.

    None is enlarged. The first picture of an animated one. Costs under a second and 200 MB for the largest allowed.

    Raises
    ------
    Invalid
        Field as in the rule: it is no PNG, JPEG or WebP, damaged, or breaks the rule.
    """
    rule.require_bytes(len(picture))
    try:
        with Image.open(io.BytesIO(picture), formats=_FORMATS) as opened:
            rule.require_size(opened.width, opened.height)  # before any pixel is decoded
            return _renditions(_upright(opened), rule.widths_px)
    except UnidentifiedImageError as error:
        raise rule.refused(f"The {rule.name} is not a PNG, JPEG or WebP picture.") from error
    except _BOMB as error:
        raise rule.refused(f"The {rule.name} may have 20 megapixels at the most.") from error
    except _BROKEN as error:
        raise rule.refused(
            f"The {rule.name} cannot be decoded: the file is damaged or incomplete."
        ) from error


def _upright(opened: Image.Image) -> Image.Image:
    turned = ImageOps.exif_transpose(opened)
    return turned.convert("RGBA" if turned.has_transparency_data else "RGB")


def _renditions(picture: Image.Image, widths_px: tuple[int, ...]) -> dict[int, bytes]:
    found = {}
    for width_px in widths_px:
        scale = min(1.0, width_px / picture.width)
        size = (round(picture.width * scale), max(1, round(picture.height * scale)))
        found[width_px] = _png(picture.resize(size, Image.Resampling.LANCZOS))
    return found


def _png(picture: Image.Image) -> bytes:
    bare = Image.new(picture.mode, picture.size)
    bare.paste(picture)
    out = io.BytesIO()
    bare.save(out, "PNG")
    return out.getvalue()
