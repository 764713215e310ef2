"""Decodes logos with Pillow, and writes them anew so that nothing but the picture is passed on."""

import io
import struct
import zlib

from PIL import Image, ImageOps, UnidentifiedImageError

from archive_api.domain.logo import logo_refused, require_logo_bytes, require_logo_size

LARGEST_SHOWN_PX = 1280  # twice the smallest, for dense screens; a larger one only costs those who load it
_FORMATS = ("PNG", "JPEG", "WEBP")
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error, zlib.error)
_BOMB = (Image.DecompressionBombError, Image.DecompressionBombWarning)


def render_logo(picture: bytes) -> bytes:
    """Return the picture as a PNG without metadata, upright, at most 1280 pixels wide.

    The first picture of an animated one. Costs under a second and 200 MB for the largest allowed.

    Raises
    ------
    Invalid
        Field `logo`: it is no PNG, JPEG or WebP, damaged, or breaks the rules of `archive_api.domain.logo`.
    """
    require_logo_bytes(len(picture))
    try:
        with Image.open(io.BytesIO(picture), formats=_FORMATS) as opened:
            require_logo_size(opened.width, opened.height)  # before any pixel is decoded
            return _png(_upright(opened))
    except UnidentifiedImageError as error:
        raise logo_refused("The logo is not a PNG, JPEG or WebP picture.") from error
    except _BOMB as error:
        raise logo_refused("The logo may have 20 megapixels at the most.") from error
    except _BROKEN as error:
        raise logo_refused("The logo cannot be decoded: the file is damaged or incomplete.") from error


def _upright(opened: Image.Image) -> Image.Image:
    turned = ImageOps.exif_transpose(opened)
    converted = turned.convert("RGBA" if turned.has_transparency_data else "RGB")
    converted.thumbnail((LARGEST_SHOWN_PX, LARGEST_SHOWN_PX))
    return converted


def _png(picture: Image.Image) -> bytes:
    bare = Image.new(picture.mode, picture.size)
    bare.paste(picture)
    out = io.BytesIO()
    bare.save(out, "PNG")
    return out.getvalue()
