"""What must never reach a log: patient data, names people gave their files, and secrets; `observability` applies it.

Keys are judged by their names, text is searched for the shapes of secrets, and of an error only its type and
the places in our code are kept: messages of libraries quote what they choked on. Nothing here is a licence to
log data: log identifiers.
"""

import re
import traceback
from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import Enum
from itertools import pairwise
from typing import Any

from archive_shared.clock import to_text
from archive_shared.errors import Stale, Unavailable

REMOVED = "[removed]"
LONGEST_TEXT = 2_000
_LONGEST_SECRET = 1_000  # one that begins before the cut is still seen whole
MOST_FRAMES = 30

_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_PATIENT = ("patient", "study", "studies", "series", "birth", "accession", "physician")
_SECRET = ("token", "secret", "password", "passwd", "authorization", "cookie", "signature", "credential")
_SECRET_PAIRS = {("api", "key"), ("access", "key"), ("private", "key")}
_NOT_ITSELF_SECRET = {"id", "count", "bytes", "s", "ms"}  # `token_id`, `secret_bytes`
_GIVEN = {"file", "files", "filename", "filenames", "title", "titles", "description", "sources", "names"}
_GIVEN_KEYS = {"name", "body", "payload", "data", "headers"}
_NAMED_BY_PEOPLE = {"file", "upload", "image", "item", "session", "original", "display"}

_ADDRESS_WITH_QUERY = r"(\b[a-z+]{1,12}://[^\s?\"']*|(?<![^\s\"'(])/[^\s?\"']*)\?[^\s\"']+"
_SHAPES = (
    (re.compile(r"(?i)\b(bearer|basic|token)\s+[\w.~+/=-]{8,}"), rf"\1 {REMOVED}"),
    (re.compile(r"\b(map|view)_[\w-]{16,}"), REMOVED),  # a token or viewing of ours
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), REMOVED),  # a JSON Web Token
    (re.compile(r"://[^/@\s]+@"), f"://{REMOVED}@"),  # an account in an address
    (re.compile(_ADDRESS_WITH_QUERY), rf"\1?{REMOVED}"),  # signatures, and what people search for
)
# A new line in a value would forge a line of the log.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

_SPEAKING = (Unavailable, Stale)
"""Errors whose messages we write ourselves, from addresses and identifiers only."""


def redact(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return what may be logged of some fields, as plain JSON values."""
    return {key: _field(key, value) for key, value in fields.items()}


def redact_text(text: str) -> str:
    """Return text without anything that has the shape of a secret, on one line."""
    text = text[: LONGEST_TEXT + _LONGEST_SECRET]
    for shape, replacement in _SHAPES:
        text = shape.sub(replacement, text)
    text = _CONTROL.sub(lambda found: repr(found[0])[1:-1], text)
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + "…"


def describe_error(error: BaseException) -> dict[str, Any]:
    """Return the types of an error and its causes, and where it came from, without what it says."""
    chain = list(_chain(error))
    frames = [
        f"{frame.filename}:{frame.lineno} in {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
    ]
    return {"error": " from ".join(_name(each) for each in chain), "frames": frames[-MOST_FRAMES:]}


def _field(key: str, value: Any) -> Any:
    words = [word.lower() for word in _WORDS.findall(key)]
    if any(word.startswith(_PATIENT) for word in words) or _is_secret(words):
        return REMOVED
    if _is_given(words) and not isinstance(value, bool | int | float | None):
        return REMOVED
    return _value(value)


def _is_secret(words: list[str]) -> bool:
    named = any(word.startswith(_SECRET) for word in words) or _SECRET_PAIRS & set(pairwise(words))
    return bool(named) and words[-1] not in _NOT_ITSELF_SECRET


def _is_given(words: list[str]) -> bool:
    """Tell whether a field holds what people made up; how many of such things there are is no secret."""
    named = words[-1:] == ["name"] and bool(_NAMED_BY_PEOPLE & set(words))
    return named or bool(_GIVEN & set(words)) or (len(words) == 1 and words[0] in _GIVEN_KEYS)


def _value(value: Any) -> Any:
    if isinstance(value, Enum):
        return _value(value.value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, datetime):
        return to_text(value)
    if isinstance(value, BaseException):
        return _name(value)
    if isinstance(value, Mapping):
        return redact({str(key): each for key, each in value.items()})
    if isinstance(value, list | tuple | set | frozenset):
        return [_value(each) for each in value]
    return f"<{type(value).__name__}>"  # what an object shows of itself is not known here


def _name(error: BaseException) -> str:
    name = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    return f"{name}: {redact_text(str(error))}" if isinstance(error, _SPEAKING) else name


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
