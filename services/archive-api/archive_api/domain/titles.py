"""Titles of items made from names of images: short enough, and free in their archive."""

import unicodedata
from collections.abc import Callable

from archive_api.domain.item import LARGEST_TITLE

_ROOM_FOR_NUMBER = 12


def title_from(name: str) -> str:
    """Return the name as it may stand in a title: on one line, composed characters, not too long."""
    printable = "".join(character for character in name if unicodedata.category(character)[0] != "C")
    return unicodedata.normalize("NFC", printable).strip()[: LARGEST_TITLE - _ROOM_FOR_NUMBER]


def free_title(title: str, taken: Callable[[str], bool]) -> str:
    """Return the title, or the title with a number behind it that is not taken: "scan (2)".

    Asks a logarithmic number of times, because a thousand scans may well have the same name: doubles
    the number until it is free, then halves the distance to the last one taken.
    """
    if not taken(title):
        return title
    low, high = 1, 2
    while taken(_numbered(title, high)):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if taken(_numbered(title, middle)) else (low, middle)
    return _numbered(title, high)


def _numbered(title: str, number: int) -> str:
    return f"{title} ({number})"
