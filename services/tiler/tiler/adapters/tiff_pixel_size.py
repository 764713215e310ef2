"""How large the pixels of a TIFF page say they are."""

import re
from collections.abc import Mapping

from tiler.adapters.tiff_description import APERIO
from tiler.adapters.tiff_tags import Tags
from tiler.domain.scanner_numbers import positive_number

_WIDTH, _HEIGHT = 256, 257
_X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT = 282, 283, 296
_UNIT_UM = {2: 25_400.0, 3: 10_000.0}  # inch, centimetre
_APERIO_PIXEL_SIZE = re.compile(r"\|\s*MPP\s*=\s*([0-9.,]{1,20})\s*(?:\||$)")

_OME_PIXELS = re.compile(r"<(?:\w{1,20}:)?Pixels\b([^<>]*)")
_ATTRIBUTE = re.compile(r"""\s(\w+)\s*=\s*["']([^"']{0,40})["']""")
_OME_UNITS_UM = {
    **{"nm": 0.001, "mm": 1e3, "cm": 1e4, "m": 1e6},
    **dict.fromkeys(("", "um", "\u00b5m", "\u03bcm", "&#181;m", "&#xb5;m"), 1.0),
}
"""Of those that pixels are measured in; OME means micrometres where it says none."""


def pixel_size_um(tags: Tags, description: str) -> tuple[float | None, float | None]:
    """Return width and height in micrometres, None for what is not said.

    Aperio and OME say it in the description, which counts more in their files: the resolution may be one for printers
    there, and many programs that write OME-TIFF give none.
    """
    of_ome = _ome_pixel_size_um(tags, description)
    if all(of_ome):
        return of_ome
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


def _ome_pixel_size_um(tags: Tags, description: str) -> tuple[float | None, float | None]:
    """Return what the XML of OME says of its first image, if it is of this size: programs that scale pages keep the old text."""
    found = _OME_PIXELS.search(description) if "OME" in description else None
    said = dict(_ATTRIBUTE.findall(found[1])) if found else {}
    if (said.get("SizeX"), said.get("SizeY")) != (str(tags.number(_WIDTH, 0)), str(tags.number(_HEIGHT, 0))):
        return None, None
    return _ome_length_um(said, "X"), _ome_length_um(said, "Y")


def _ome_length_um(said: Mapping[str, str], axis: str) -> float | None:
    length = positive_number(said.get(f"PhysicalSize{axis}", ""))
    unit_um = _OME_UNITS_UM.get(said.get(f"PhysicalSize{axis}Unit", "").lower())
    return length * unit_um if length and unit_um else None
