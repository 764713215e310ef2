"""Reads JSON that came from outside: only what every part can keep and write again."""

import json
import math
import re
from typing import Any, NoReturn

from archive_shared.errors import Invalid

DEEPEST = 100
"""How deep lists and objects may be nested; what reads them again, schemas among it, needs several calls for each level."""

_TOO_DEEP = f"Lists and objects may be nested {DEEPEST} deep at the most."
_NAMED_LEVELS = 8
"""Of the place of what is wrong; a hundred of them say nothing more."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class NoJson(ValueError):
    """The text is no JSON at all."""


def read_json(text: str | bytes, *, field: str = "") -> Any:
    """Return what JSON text says.

    Raises
    ------
    NoJson
        It is none; NaN and Infinity are none either (RFC 8259 section 6).
    Invalid
        It is JSON that cannot be kept: numbers too large for a float, text with NUL or half surrogate pairs, nested deeper than `DEEPEST`.
        The place is named with dots below `field`: `values.0.value`.
    """
    try:
        found = json.loads(text, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise Invalid({field: [_TOO_DEEP]}) from error
    except ValueError as error:  # UnicodeDecodeError among it
        raise NoJson(str(error)) from error
    require_storable(found, (field,) if field else ())
    return found


def read_json_or_text(text: str, *, field: str = "") -> Any:
    """Return what the text says if it is JSON, else the text itself; raises `Invalid` like `read_json`."""
    try:
        return read_json(text, field=field)
    except NoJson:
        return text


def is_storable(text: str) -> bool:
    """Tell whether it is free of NUL and half surrogate pairs, which databases cut text at or cannot write at all."""
    return _UNSTORABLE.search(text) is None


def require_storable(found: Any, place: tuple[str | int, ...] = ()) -> None:
    """Raise `Invalid`, as `read_json` does, for a value of JSON that cannot be kept.

    Parameters
    ----------
    place
        Names and indices that lead to the value.
    """
    reason = _reason(found, len(place))
    if reason:
        raise Invalid({".".join(map(str, place[:_NAMED_LEVELS])): [reason]})
    if isinstance(found, dict):
        for name in found:
            require_storable(name, place)
    inner = found.items() if isinstance(found, dict) else enumerate(found) if isinstance(found, list) else ()
    for name, value in inner:
        require_storable(value, (*place, name))


def _reason(found: Any, depth: int) -> str:
    """Say why a part of JSON cannot be kept, "" if it can."""
    if isinstance(found, str):
        return "" if is_storable(found) else "Must not contain NUL characters or half surrogate pairs."
    if isinstance(found, float):
        return "" if math.isfinite(found) else "Numbers must not be larger than 1.7e308."
    return _TOO_DEEP if depth > DEEPEST and isinstance(found, list | dict) else ""


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not allowed")
