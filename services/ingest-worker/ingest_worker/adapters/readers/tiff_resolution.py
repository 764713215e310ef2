"""How large a pixel of a TIFF is by its tags: pixels per unit of length, and the unit (TIFF 6.0, section 8)."""

from typing import Any, Final

MILLIMETRES: Final = {2: 25.4, 3: 10.0}
"""ResolutionUnit: inch, centimetre."""

Sizes = tuple[float, float]
Resolution = tuple[tuple[int, int], tuple[int, int]]
"""Pixels per unit of length along x and y, as numerator and denominator."""


def resolution_of(page: Any) -> Resolution | None:
    """Return the resolution of a tifffile page, whatever its unit; None if a tag says nothing."""
    x, y = (page.tags.valueof(tag, default=(0, 1)) for tag in ("XResolution", "YResolution"))
    return (x, y) if min(*x, *y) > 0 else None


def tagged_size_mm(page: Any) -> Sizes | None:
    """Return the size of a pixel from resolution and unit, None if one of them is missing or without meaning."""
    unit, resolution = (
        MILLIMETRES.get(int(page.tags.valueof("ResolutionUnit", default=0))),
        resolution_of(page),
    )
    return pixel_size_mm(resolution, unit) if unit and resolution else None


def pixel_size_mm(resolution: Resolution, unit_mm: float) -> Sizes:
    """Return the size of a pixel in millimetres, of which the unit of the resolution has so many."""
    (across, across_units), (down, down_units) = resolution
    return unit_mm * across_units / across, unit_mm * down_units / down
