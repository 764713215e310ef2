"""What a canonical slide says of the slide it was made from; nothing in it comes from a text that somebody typed."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple, Self

CANONICAL = "Canonical slide "
"""What the description of a canonical slide begins with, followed by JSON."""

_LONGEST_WORD = 40
_LARGEST_NUMBER = 1 << 40


class SlideTraits(NamedTuple):
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
    origin_px
        Where on the scanner's canvas the first pixel lies, in pixels of the full resolution.
    """

    vendor: str = ""
    route: str = ""
    magnification: float | None = None
    background: str = ""
    origin_px: tuple[int, int] | None = None

    @classmethod
    def of_description(cls, description: str) -> Self | None:
        """Return what the first page of a canonical slide says; None for every other text."""
        if not description.startswith(CANONICAL):
            return None
        try:
            told = json.loads(description.removeprefix(CANONICAL).rstrip("\0"))
        except (ValueError, RecursionError):  # brackets within brackets within brackets
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
            origin_px=_place(told.get("origin_px")),
        )


def bounds_of(origin_px: tuple[int, int] | None, size: tuple[int, int]) -> dict[str, int] | None:
    """Return, by name, where on the scanner's canvas a slide of this size lies; None if that is not known."""
    if origin_px is None:
        return None
    return dict(zip(("x", "y", "width", "height"), (*origin_px, *size), strict=True))


def _word(value: Any) -> str:
    return value if isinstance(value, str) and len(value) <= _LONGEST_WORD else ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < _LARGEST_NUMBER


def _place(value: Any) -> tuple[int, int] | None:
    if not isinstance(value, list | tuple) or len(value) != 2:
        return None
    x, y = value
    return (x, y) if all(type(one) is int and abs(one) < _LARGEST_NUMBER for one in (x, y)) else None
