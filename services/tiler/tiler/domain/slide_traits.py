"""What a canonical slide says of the slide it was made from; nothing in it comes from a text that somebody typed."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

CANONICAL = "Canonical slide "
"""What the description of a canonical slide begins with, followed by JSON."""

_LONGEST_WORD = 40


@dataclass(frozen=True)
class SlideTraits:
    """Traits of a slide; None, or empty, where they are not known.

    Parameters
    ----------
    vendor
        Whose format the scanner wrote, in OpenSlide's words.
    route
        How its pixels were converted: "copy" and "join" left them as they are, "decode" did not.
    magnification
        Of the objective.
    background
        What is shown where nothing was scanned: red, green and blue, two hexadecimal digits each.
    bounds
        Where on the scanner's canvas the slide lies, in pixels of the full resolution: x, y, width, height.
    """

    vendor: str = ""
    route: str = ""
    magnification: float | None = None
    background: str = ""
    bounds: tuple[int, int, int, int] | None = None

    @classmethod
    def of_description(cls, description: str) -> Self | None:
        """Return what the first page of a canonical slide says; None for every other text."""
        if not description.startswith(CANONICAL):
            return None
        try:
            told = json.loads(description.removeprefix(CANONICAL).rstrip("\0"))
        except ValueError:
            return None
        return cls.of(told) if isinstance(told, dict) else None

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """Return what is told, without what makes no sense."""
        magnification = told.get("magnification")
        return cls(
            vendor=_word(told.get("vendor")),
            route=_word(told.get("route")),
            magnification=magnification if _is_number(magnification) else None,
            background=_word(told.get("background")),
            bounds=_bounds(told.get("bounds")),
        )


def _word(value: Any) -> str:
    return value if isinstance(value, str) and len(value) <= _LONGEST_WORD else ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _bounds(value: Any) -> tuple[int, int, int, int] | None:
    if not isinstance(value, list | tuple) or len(value) != 4 or not all(type(one) is int for one in value):
        return None
    x, y, width, height = value
    return x, y, width, height
