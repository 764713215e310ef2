"""Numbers in the texts of scanners, whose machines may be set to a language that writes a comma in them."""

import math


def positive_number(text: str) -> float | None:
    """Return the number, None if there is none, or none above zero."""
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return None
    return number if number > 0 and math.isfinite(number) else None
