"""From sample values to what a screen shows: intensity windows, colours for labels; called before encoding."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tiler.domain.tile_index import DisplayWindow

_MOST_LABELS = 64
_EQUAL_NEIGHBOURS = 0.75
_GOLDEN_RATIO = 0.618034
_PERCENTILES = (1, 99)
_MIDDLE_GRAY = 128


@dataclass(frozen=True)
class Rendered:
    """Display values of shape (rows, columns), or (rows, columns, 3 or 4) in RGB and RGBA."""

    pixels: NDArray[np.uint8]
    is_labels: bool = False
    """Colours stand for labels; mixing two of them would show a third."""


def render(values: NDArray[Any], *, window: DisplayWindow | None, is_photograph: bool) -> Rendered:
    """Choose how values look on a screen.

    Parameters
    ----------
    values
        Shape (rows, columns, channels); of two channels the first is shown.
    window
        What the image's owner wants to see, if known. Otherwise labels are coloured, masks are black and white,
        and other values are spread between their percentiles.
    is_photograph
        8-bit gray values of this image are display values already.
    """
    if values.shape[2] >= 3:
        return Rendered(values if values.dtype == np.uint8 else _coloured(values[..., :3]))
    gray = values[..., 0]
    if window is None and looks_like_labels(gray):
        return Rendered(label_colours(gray), is_labels=True)
    return Rendered(windowed(gray, window or _gray_window(gray, is_photograph=is_photograph)))


def robust_window(values: NDArray[Any]) -> DisplayWindow:
    """Return the window from the 1st to the 99th percentile, or the full range where these coincide.

    Infinite and missing values do not count; without any finite value, or with one value only, it is empty.
    """
    finite = _finite(values)
    if finite.size == 0:
        return DisplayWindow(0.0, 0.0)
    with np.errstate(over="ignore", invalid="ignore"):  # values at the limits of their type
        low, high = map(float, np.percentile(finite, _PERCENTILES))
    return DisplayWindow(low, high) if np.isfinite(high - low) and low < high else full_window(finite)


def full_window(values: NDArray[Any]) -> DisplayWindow:
    """Return the window from the smallest to the largest finite value."""
    finite = _finite(values)
    if finite.size == 0:
        return DisplayWindow(0.0, 0.0)
    return DisplayWindow(float(finite.min()), float(finite.max()))


def windowed(values: NDArray[Any], window: DisplayWindow) -> NDArray[np.uint8]:
    """Spread the window over 0 to 255; missing values are black. An empty window shows what is positive as gray."""
    width = window.high - window.low
    if not 0 < width < np.inf:
        return np.where(values > 0, np.uint8(_MIDDLE_GRAY), np.uint8(0))
    with np.errstate(
        over="ignore", invalid="ignore"
    ):  # far outside the window is white or black all the same
        scaled = (values.astype(np.float64) - window.low) * (255.0 / width)
    shown: NDArray[np.uint8] = np.nan_to_num(np.clip(scaled, 0.0, 255.0), nan=0.0).round().astype(np.uint8)
    return shown


def looks_like_labels(values: NDArray[Any]) -> bool:
    """Whether a gray picture is a label map: few different whole values in connected areas.

    Two values are a mask, which is shown in black and white like any other picture.
    """
    if values.dtype.kind not in "ui" or values.shape[1] < 2:
        return False
    found = np.unique(values)
    if not 2 < found.size <= _MOST_LABELS or found[0] < 0:
        return False
    return float(np.mean(values[:, 1:] == values[:, :-1])) >= _EQUAL_NEIGHBOURS


def label_colours(labels: NDArray[Any]) -> NDArray[np.uint8]:
    """Give every label a colour of its own, the same in every image; 0 is black.

    Parameters
    ----------
    labels
        Shape (rows, columns), whole numbers.

    Returns
    -------
    ndarray
        Shape (rows, columns, 3).
    """
    found, places = np.unique(labels, return_inverse=True)
    colours = _vivid((found.astype(np.float64) * _GOLDEN_RATIO) % 1.0)
    colours[found == 0] = 0
    return colours[places.reshape(labels.shape)]


def _vivid(hues: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return bright, somewhat softened RGB for hues between 0 and 1."""
    sectors = (hues[:, np.newaxis] * 6.0 + np.array([0.0, 4.0, 2.0])) % 6.0
    pure = np.clip(np.abs(sectors - 3.0) - 1.0, 0.0, 1.0)
    colours: NDArray[np.uint8] = (255.0 * (0.2 + 0.8 * pure)).round().astype(np.uint8)
    return colours


def _coloured(values: NDArray[Any]) -> NDArray[np.uint8]:
    return windowed(values, robust_window(values))


def _gray_window(gray: NDArray[Any], *, is_photograph: bool) -> DisplayWindow:
    if np.unique(gray).size == 2:
        return full_window(gray)
    if is_photograph and gray.dtype == np.uint8:
        return DisplayWindow(0.0, 255.0)
    return robust_window(gray)


def _finite(values: NDArray[Any]) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore"):  # signalling NaNs
        wide = values.astype(np.float64)
    return wide[np.isfinite(wide)]
