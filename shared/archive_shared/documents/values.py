"""What may be stored and asked, checked the same way by every adapter."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from archive_shared.documents.port import Comparison, Document, Where

LARGEST_DOCUMENT_BYTES = 6_000_000
"""As JSON."""

LARGEST_BSON_BYTES = 16_000_000
"""What MongoDB takes, less a little. Text is as large there as in JSON; lists of small numbers are six times as large."""

_BSON_SURCHARGE_BYTES = 13  # of a list's element: its type, its index as text, and eight bytes for `0.0`

_LARGEST_INTEGER = 2**63 - 1
_MANY_DIGITS = re.compile(r"[0-9]{19}")
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


def to_json(document: Document) -> str:
    """Write a document as JSON text, refusing what not every database would give back unchanged.

    Raises
    ------
    TypeError
        A value is not JSON, or the identifier is not text.
    ValueError
        It holds NaN or infinity, an integer of more than 64 bits, a NUL character, half a surrogate pair,
        or is larger than `LARGEST_DOCUMENT_BYTES`, or than `LARGEST_BSON_BYTES` might be.
    """
    if not isinstance(document["_id"], str):
        raise TypeError("the identifier of a document is text")
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_refuse)
    size_bytes = len(text.encode())  # also refuses half a surrogate pair
    if size_bytes > LARGEST_DOCUMENT_BYTES or _bson_bytes_at_most(text, size_bytes) > LARGEST_BSON_BYTES:
        raise ValueError(f"document {document['_id']} has {size_bytes} bytes; split it up")
    if "\\u0000" in text and _NUL.search(text):
        raise ValueError("text in a document cannot hold NUL characters")
    if _MANY_DIGITS.search(text):
        json.loads(text, parse_int=_integer)
    return text


def alternatives(where: Where | Sequence[Where]) -> list[Where]:
    """Read the two spellings of a condition as a list of alternatives; an empty list means everything.

    Raises
    ------
    TypeError
        A field is compared with something that is not a scalar, as a hostile request might try.
    """
    options = [where] if isinstance(where, Mapping) else list(where)
    for option in options:
        for wanted in option.values():
            _check_condition(wanted)
    return options


def value_at(document: Document, path: str) -> Any:
    """Return what stands at a dotted path, None when something on the way is missing."""
    value: Any = document
    for name in path.split("."):
        if not isinstance(value, dict) or name not in value:
            return None
        value = value[name]
    return value


def _refuse(value: Any) -> Any:
    raise TypeError(f"a document holds JSON only, not {type(value).__name__}")


def _bson_bytes_at_most(text: str, size_bytes: int) -> int:
    """Bound a document's size in MongoDB from its JSON; commas in text count too, for the sake of speed."""
    values_at_most = sum(map(text.count, ",[{"))
    return size_bytes + _BSON_SURCHARGE_BYTES * values_at_most


def _integer(digits: str) -> int:
    if abs(int(digits)) > _LARGEST_INTEGER:
        raise ValueError("integers in a document fit in 64 bits")
    return 0


def _check_condition(wanted: Any) -> None:
    value = wanted.value if isinstance(wanted, Comparison) else wanted
    in_list = isinstance(wanted, Comparison) and wanted.operator == "in"
    for each in value if in_list else [value]:
        if not (each is None or isinstance(each, str | int | float)):
            raise TypeError(f"a field is compared with a scalar, not {type(each).__name__}")
