"""Which images of a DICOM series show the same part of the glass; whoever wrote it may call a label a level."""

from collections.abc import Sequence

from tiler.adapters.slides.dicom_files import DicomLevel
from tiler.domain.problems import UnreadableImage

_ROUNDING_PX = 2  # halving repeatedly may round up or down at every step
_LEAST_AREA_RATIO = 16

Size = tuple[int, int]


def of_one_area(levels: Sequence[DicomLevel]) -> list[DicomLevel]:
    """Return the largest level and its smaller versions; small pictures of other proportions may be a label, and are left out.

    Raises
    ------
    UnreadableImage
        A picture of other proportions is too large for that: it is another part of the glass.
    """
    largest = levels[0]
    found = [level for level in levels if _shows_all_of(largest, level)]
    if any(_is_large(level.size, largest.size) for level in levels if level not in found):
        raise UnreadableImage("The slide has several scanned areas; only one is supported yet.")
    return found


def _shows_all_of(largest: DicomLevel, level: DicomLevel) -> bool:
    if _same_proportions(level.size, largest.size):
        return True
    return _is_large(level.size, largest.size) and _is_filled_up(level, largest.size)


def _same_proportions(size: Size, whole: Size) -> bool:
    return abs(size[0] * whole[1] - size[1] * whole[0]) <= _ROUNDING_PX * max(whole)


def _is_large(size: Size, whole: Size) -> bool:
    return size[0] * size[1] * _LEAST_AREA_RATIO >= whole[0] * whole[1]


def _is_filled_up(level: DicomLevel, whole: Size) -> bool:
    """Whether it is a smaller version with whole tiles, as programs write that convert Philips' slides."""
    step = max(1, round(max(whole) / max(level.size)))
    tile = (int(level.tags.Columns), int(level.tags.Rows))
    return step > 1 and all(
        -_ROUNDING_PX <= length - full / step < side
        for length, full, side in zip(level.size, whole, tile, strict=True)
    )
