"""Encoding of pixels as PNG or JPEG, of values for programs, and the size of pixels on a screen."""

from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tiler.adapters.colours import in_srgb
from tiler.adapters.rendering import Rendered
from tiler.domain.picture import JPEG, NPY, PNG, Picture

_QUALITY = 90
_FULL_COLOUR = 0  # no chroma subsampling: thin coloured outlines stay what they are
_LONGEST_PIXEL = 1e4


def encode(pixels: NDArray[np.uint8], content_type: str) -> Picture:
    """Encode 8-bit pixels of shape (rows, columns) or (rows, columns, 1, 3 or 4); JPEG shows them before white."""
    return _encoded(as_image(pixels), content_type)


def encode_values(values: NDArray[Any]) -> Picture:
    """Encode values of shape (rows, columns, channels) as they are, little-endian and row by row, as NumPy does (NEP 1)."""
    body = BytesIO()
    ordered = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
    np.lib.format.write_array(body, ordered, version=(1, 0), allow_pickle=False)
    return Picture(NPY, body.getvalue())


def preview_of(rendered: Rendered, size: tuple[int, int], *, profile: bytes = b"") -> Picture:
    """Encode in the given width and height, in sRGB if there is a profile; labels keep their colours."""
    image = in_srgb(as_image(rendered.pixels), profile)
    if image.size != size:
        how = Image.Resampling.NEAREST if rendered.is_labels else Image.Resampling.LANCZOS
        image = image.resize(size, how)
    return _encoded(image, PNG if rendered.is_labels or image.mode == "RGBA" else JPEG)


def size_on_screen(
    size: tuple[int, int], pixel_size: tuple[float, float], *, longest_px: int
) -> tuple[int, int]:
    """Return the size that shows square millimetres as squares and fits, never finer than the finer axis.

    Parameters
    ----------
    pixel_size
        Width and height of a pixel, in any unit.
    """
    finest = min(pixel_size)
    across, down = (
        count * min(side / finest, _LONGEST_PIXEL) for count, side in zip(size, pixel_size, strict=True)
    )
    scale = min(1.0, longest_px / max(across, down))
    return max(1, round(across * scale)), max(1, round(down * scale))


def as_image(pixels: NDArray[np.uint8]) -> Image.Image:
    """Return pixels of shape (rows, columns) or (rows, columns, 1, 3 or 4) as a Pillow image."""
    flat = pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels
    return Image.fromarray(np.ascontiguousarray(flat))


def _encoded(image: Image.Image, content_type: str) -> Picture:
    body = BytesIO()
    if content_type == JPEG:
        image = _before_white(image) if image.mode == "RGBA" else image
        image.save(body, "JPEG", quality=_QUALITY, subsampling=_FULL_COLOUR)
    else:
        image.save(body, "PNG")
    return Picture(content_type, body.getvalue())


def _before_white(image: Image.Image) -> Image.Image:
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image).convert("RGB")
