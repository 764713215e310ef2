"""Colours told as lightness and two opponents, CIE 1976 L*a*b*, turned into sRGB.

Libvips reads none of 8 bits, and takes daylight (D65) for white, where TIFFs mean D50 as Photoshop has it.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ingest_worker.adapters.volumes import Pixels

ROWS_AT_ONCE: Final = 64
"""Numbers of double precision on the way take thirty times the room of the pixels."""

Numbers = NDArray[np.floating[Any]]

WHITE_D50: Final = np.array([0.96422, 1.0, 0.82521])
"""Its X, Y and Z (ICC.1:2022, section 7.2.16)."""

LINEAR_SRGB: Final = np.array(
    [
        [3.1338561, -1.6168667, -0.4906146],
        [-0.9787684, 1.9161415, 0.0334540],
        [0.0719453, -0.2289914, 1.4052427],
    ]
)
"""From X, Y, Z under D50, adapted to the white of sRGB after Bradford."""


def in_srgb(lab: Pixels) -> Pixels:
    """Return pixels as red, green and blue of as many bits; what no screen shows becomes the nearest that one does.

    Parameters
    ----------
    lab
        Shape (rows, columns, 3), unsigned of 8 or 16 bits as TIFF has them: the whole range is a lightness of 100, and the
        opponents are signed, in steps of 1 or 1/256 (TIFF 6.0, section 23).
    """
    found = np.empty_like(lab)
    for top in range(0, len(lab), ROWS_AT_ONCE):
        found[top : top + ROWS_AT_ONCE] = _rows_in_srgb(lab[top : top + ROWS_AT_ONCE])
    return found


def _rows_in_srgb(lab: Pixels) -> Pixels:
    bits = 8 * lab.itemsize
    highest = (1 << bits) - 1
    lightness = lab[..., 0] * (100 / highest)
    a, b = (lab[..., index].astype(f"int{bits}") / (1 << (bits - 8)) for index in (1, 2))
    linear = np.clip(_tristimulus(lightness, a, b) @ LINEAR_SRGB.T, 0, 1)
    shown = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    found: Pixels = np.rint(shown * highest).astype(lab.dtype)
    return found


def _tristimulus(lightness: Numbers, a: Numbers, b: Numbers) -> Numbers:
    """Return X, Y, Z (ISO/CIE 11664-4)."""
    y = (lightness + 16) / 116
    roots = np.stack([y + a / 500, y, y - b / 200], axis=-1)
    found: Numbers = np.where(roots > 6 / 29, roots**3, 3 * (6 / 29) ** 2 * (roots - 4 / 29)) * WHITE_D50
    return found
