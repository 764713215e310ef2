"""Units of length by the names that headers and descriptions have for them."""

import re
from typing import Final

MILLIMETRES: Final = {
    "m": 1000.0, "cm": 10.0, "mm": 1.0, "um": 1e-3, "micron": 1e-3, "microns": 1e-3, "micrometer": 1e-3, "nm": 1e-6,
    "inch": 25.4, "in": 25.4,
}  # fmt: skip
MICRO: Final = re.compile(r"\\u00b5|[\u00b5\u03bc]", re.IGNORECASE)
"""The sign for micro as ImageJ escapes it, as Unicode has it for units, and as a Greek letter."""


def unit_mm(name: str) -> float | None:
    """Return how many millimetres a unit has, None if it is no known unit of length."""
    return MILLIMETRES.get(MICRO.sub("u", name.strip()).lower())
