"""How large the pixels of a TIFF page say they are."""

import re

from tiler.adapters.tiff_description import APERIO
from tiler.adapters.tiff_tags import Tags
from tiler.domain.scanner_numbers import positive_number

_X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT = 282, 283, 296
_UNIT_UM = {2: 25_400.0, 3: 10_000.0}  # inch, centimetre
_APERIO_PIXEL_SIZE = re.compile(r"\|\s*MPP\s*=\s*([0-9.,]{1,20})\s*(?:\||$)")


def pixel_size_um(tags: Tags, description: str) -> tuple[float | None, float | None]:
    """Return width and height in micrometres, None for what is not said.

    Aperio says it in the description, which counts more in its files: the resolution may be one for printers there.
    """
    said = _aperio_pixel_size_um(description)
    if said and description.startswith(APERIO):
        return said, said
    unit_um = _UNIT_UM.get(tags.number(_RESOLUTION_UNIT, 1))
    sizes = tuple(_per_pixel(unit_um, tags.rational(tag)) for tag in (_X_RESOLUTION, _Y_RESOLUTION))
    if all(sizes):
        return sizes[0], sizes[1]
    return said, said


def _per_pixel(unit_um: float | None, pixels_per_unit: float | None) -> float | None:
    return unit_um / pixels_per_unit if unit_um and pixels_per_unit else None


def _aperio_pixel_size_um(description: str) -> float | None:
    found = _APERIO_PIXEL_SIZE.search(description)
    return positive_number(found[1]) if found else None
