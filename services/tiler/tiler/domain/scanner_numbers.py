"""Numbers in the texts of scanners, whose machines may be set to a language that writes a comma in them."""

import math


def positive_number(text: str) -> float | None:
    """Return the number, None if there is none, or none above zero."""
    try:
        return positive(float(text.replace(",", ".")))
    except ValueError:
        return None


def positive(number: float | None) -> float | None:
    """Return a number that a size can be; None for any that is infinite, no number, or not above zero."""
    return number if number is not None and 0 < number < math.inf else None
