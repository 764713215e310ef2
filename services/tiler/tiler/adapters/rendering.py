"""From sample values to what a screen shows: intensity windows, colours for labels; called before encoding."""

import sys
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
_WORTH_A_TABLE = 1 << 17
_FARTHEST = sys.float_info.max / 2


@dataclass(frozen=True)
class Rendered:
    """Display values of shape (rows, columns), or (rows, columns, 3 or 4) in RGB and RGBA."""

    pixels: NDArray[np.uint8]
    is_labels: bool = False
    """Colours stand for labels; mixing two of them would show a third."""


@dataclass(frozen=True)
class Look:
    """How the values of an image are shown, the same in all its slices.

    Parameters
    ----------
    window
        None for colours that are display values already, and for labels.
    """

    window: DisplayWindow | None
    is_labels: bool = False


def look_of(values: NDArray[Any], *, window: DisplayWindow | None, is_photograph: bool) -> Look:
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
        return Look(None if values.dtype == np.uint8 else robust_window(values[..., :3]))
    gray = values[..., 0]
    if window is None and looks_like_labels(gray):
        return Look(None, is_labels=True)
    return Look(window or _gray_window(gray, is_photograph=is_photograph))


def shown(values: NDArray[Any], look: Look) -> Rendered:
    """Return values of shape (rows, columns, channels) as they look."""
    is_coloured = values.shape[2] >= 3
    if look.is_labels:
        return Rendered(label_colours(values[..., 0]), is_labels=True)
    if look.window is None:
        return Rendered(values)
    return Rendered(windowed(values[..., :3] if is_coloured else values[..., 0], look.window))


def render(values: NDArray[Any], *, window: DisplayWindow | None, is_photograph: bool) -> Rendered:
    """Choose how values look, and return them like that; see `look_of`."""
    return shown(values, look_of(values, window=window, is_photograph=is_photograph))


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
    """Return the window from the smallest to the largest finite value, or as wide as a number can tell."""
    finite = _finite(values)
    if finite.size == 0:
        return DisplayWindow(0.0, 0.0)
    return DisplayWindow(
        *(min(max(float(end), -_FARTHEST), _FARTHEST) for end in (finite.min(), finite.max()))
    )


def windowed(values: NDArray[Any], window: DisplayWindow) -> NDArray[np.uint8]:
    """Spread the window over 0 to 255; missing values are black. An empty window shows what is positive as gray."""
    if values.dtype.kind in "ui" and values.dtype.itemsize <= 2 and values.size > _WORTH_A_TABLE:
        table = np.arange(1 << 8 * values.dtype.itemsize, dtype=f"u{values.dtype.itemsize}")
        places = np.ascontiguousarray(values).view(table.dtype)
        return _spread(table.view(values.dtype), window)[places]
    return _spread(values, window)


def _spread(values: NDArray[Any], window: DisplayWindow) -> NDArray[np.uint8]:
    width = window.high - window.low
    if not 0 < width < np.inf:
        return np.where(values > 0, np.uint8(_MIDDLE_GRAY), np.uint8(0))
    with np.errstate(
        over="ignore", invalid="ignore"
    ):  # far outside the window is white or black all the same
        scaled = (values.astype(np.float64) - window.low) * (255.0 / width)
    spread: NDArray[np.uint8] = np.nan_to_num(np.clip(scaled, 0.0, 255.0), nan=0.0).round().astype(np.uint8)
    return spread


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
