"""Which images of a DICOM series show the same part of the glass; whoever wrote it may call a label a level."""

from collections.abc import Sequence
from dataclasses import replace

from tiler.adapters.slides.dicom_files import DicomLevel
from tiler.domain.problems import UnreadableImage

_ROUNDING_PX = 2  # halving repeatedly may round up or down at every step
_LEAST_AREA_RATIO = 16
_STEP_TOLERANCE = 100  # sizes of pixels are decimal fractions of a few digits

Size = tuple[int, int]


def of_one_area(levels: Sequence[DicomLevel]) -> list[DicomLevel]:
    """Return the largest level and its smaller versions; small pictures of other proportions may be a label, and are left out.

    Raises
    ------
    UnreadableImage
        A picture of other proportions is too large for that: it is another part of the glass.
    """
    largest = levels[0]
    found = [as_shown for level in levels if (as_shown := _as_shown(largest, level))]
    kept = {id(level.parts) for level in found}
    if any(_is_large(level.size, largest.size) for level in levels if id(level.parts) not in kept):
        raise UnreadableImage("The slide has several scanned areas; only one is supported yet.")
    return found


def _as_shown(largest: DicomLevel, level: DicomLevel) -> DicomLevel | None:
    """Return a level of what the largest shows, without filling; None for what shows something else."""
    if _same_proportions(level.size, largest.size):
        return level
    return _without_filling(level, largest) if _is_large(level.size, largest.size) else None


def _same_proportions(size: Size, whole: Size) -> bool:
    return abs(size[0] * whole[1] - size[1] * whole[0]) <= _ROUNDING_PX * max(whole)


def _is_large(size: Size, whole: Size) -> bool:
    return size[0] * size[1] * _LEAST_AREA_RATIO >= whole[0] * whole[1]


def _without_filling(level: DicomLevel, largest: DicomLevel) -> DicomLevel | None:
    """Return a smaller version with whole tiles, as Philips' scanners and programs that convert their slides write.

    Of its filling, zooming would make a jump (ImagingDataCommons/libdicom#79).
    """
    step = _step(level, largest)
    tile = (int(level.tags.Columns), int(level.tags.Rows))
    whole = largest.size
    is_filled_up = step > 1 and all(
        -_ROUNDING_PX <= length - full / step < side
        for length, full, side in zip(level.size, whole, tile, strict=True)
    )
    if not is_filled_up:
        return None
    width, height = (min(length, -(-full // step)) for length, full in zip(level.size, whole, strict=True))
    return replace(level, shown=(width, height))


def _step(level: DicomLevel, largest: DicomLevel) -> int:
    """Return how much smaller a level is: by the size of its pixels, if that is a whole number, or of its sides."""
    (ours, _), (theirs, _) = level.pixel_mm, largest.pixel_mm
    by_pixels = ours / theirs if theirs > 0 else 0.0
    if by_pixels >= 1 and abs(by_pixels - round(by_pixels)) * _STEP_TOLERANCE < by_pixels:
        return round(by_pixels)
    return max(1, round(max(largest.size) / max(level.size)))
