"""Pixels as planes, the chroma of four pixels stored once, as JPEG has them: three eighths of the memory of four bytes a pixel.

All three lie in one array of shape (3 / 2 of the rows, columns): luma, and under it blue (Cb) and red (Cr) side by side. So a single call
halves them all. Rows and columns are multiples of 4.
"""

import numpy as np
from numpy.typing import NDArray

from tiler.adapters.slides.halving import alternating, halve_plane

Planar = NDArray[np.uint8]


def room(rows: int, columns: int) -> Planar:
    """Return memory for so many pixels, not initialised."""
    return np.empty((rows + rows // 2, columns), np.uint8)


def size(pixels: Planar) -> tuple[int, int]:
    """Return rows and columns."""
    return 2 * pixels.shape[0] // 3, pixels.shape[1]


def luma(pixels: Planar) -> NDArray[np.uint8]:
    """Return a view of shape (rows, columns)."""
    return pixels[: size(pixels)[0]]


def chroma(pixels: Planar) -> NDArray[np.uint8]:
    """Return a view of blue and red, shape (2, rows / 2, columns / 2)."""
    rows, columns = size(pixels)
    return pixels[rows:].reshape(rows // 2, 2, columns // 2).swapaxes(0, 1)


def paint(shades: NDArray[np.uint8], colours: NDArray[np.uint8], colour: tuple[int, int, int]) -> None:
    """Fill luma, and chroma of whatever size, with one colour: red, green and blue."""
    for plane, shade in zip((shades, *colours), _ycbcr(colour), strict=True):
        plane.fill(shade)


def halved(pixels: Planar) -> Planar:
    """Return the next smaller level."""
    return halve_plane(pixels, rounding=alternating(pixels.shape[1] // 2, 1))


def repeat_edges(pixels: Planar, rows: int, columns: int) -> None:
    """Repeat the last of so many rows and columns beyond them, so that nothing from there shows in pixels beside it."""
    _repeat(luma(pixels), rows, columns)
    _repeat(chroma(pixels), -(-rows // 2), -(-columns // 2))


def _ycbcr(colour: tuple[int, int, int]) -> tuple[int, int, int]:
    """Convert a colour as JFIF does (ITU-T T.871, 7)."""
    red, green, blue = colour
    shade = 0.299 * red + 0.587 * green + 0.114 * blue
    return round(shade), round((blue - shade) / 1.772 + 128), round((red - shade) / 1.402 + 128)


def _repeat(plane: NDArray[np.uint8], rows: int, columns: int) -> None:
    plane[..., columns:] = plane[..., columns - 1 : columns]
    plane[..., rows:, :] = plane[..., rows - 1 : rows, :]
