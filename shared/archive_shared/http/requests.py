"""Reads what a request carries: its token, its JSON body, its page; refuses anything else by name."""

import json
import re
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import urlencode

from flask import request
from marshmallow import Schema, ValidationError
from werkzeug.exceptions import UnsupportedMediaType

from archive_shared.errors import Invalid, Unauthenticated

DEFAULT_LIMIT = 100
LARGEST_LIMIT = 1000
LARGEST_OFFSET = 2**53
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def bearer_token() -> str | None:
    """Return the token of the Authorization header (RFC 6750, scheme in any case), None without one.

    Raises
    ------
    Unauthenticated
        There is a header but no bearer token in it.
    """
    header = request.headers.get("Authorization")
    if header is None:
        return None
    words = header.split()
    if len(words) != 2 or words[0].lower() != "bearer" or not words[1].isascii():
        raise Unauthenticated("Invalid token.")
    return words[1]


def body(schema: Schema) -> dict[str, Any]:
    """Return the JSON body as the schema reads it.

    Raises
    ------
    Invalid
        Malformed JSON (NaN included), text no store can keep, or fields the schema refuses, named with dots:
        `values.0.socket`.
    UnsupportedMediaType
        The content type is not application/json.
    """
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("The content type must be application/json.")
    try:
        sent = json.loads(request.get_data(), parse_constant=_refuse_constant)
        _refuse_unstorable(sent)
        loaded = schema.load(sent)
    except ValidationError as error:
        raise Invalid(_flat(error.messages)) from error
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise Invalid({"": [f"The body is not valid JSON: {error}"]}) from error
    assert isinstance(loaded, dict)
    return loaded


@dataclass(frozen=True)
class Page:
    """Which part of a list is asked for."""

    limit: int
    offset: int


def page() -> Page:
    """Return `limit` (default 100, at most 1000) and `offset` of the query.

    Raises
    ------
    Invalid
        One of them is not a whole number, or negative.
    """
    limit = min(_whole_number("limit", DEFAULT_LIMIT), LARGEST_LIMIT)
    return Page(limit=limit or DEFAULT_LIMIT, offset=min(_whole_number("offset", 0), LARGEST_OFFSET))


def page_body(page: Page, *, url: str, count: int, results: list[Any]) -> dict[str, Any]:
    """Return a page of a list as it looks on the wire; `url` is the list's own, without a query."""
    following, preceding = page.offset + page.limit, max(page.offset - page.limit, 0)
    return {
        "count": count,
        "next": _page_url(url, page.limit, following) if following < count else None,
        "previous": _page_url(url, page.limit, preceding) if page.offset else None,
        "results": results,
    }


def _page_url(url: str, limit: int, offset: int) -> str:
    kept = [
        (name, value) for name, value in request.args.items(multi=True) if name not in ("limit", "offset")
    ]
    return f"{url}?{urlencode([*kept, ('limit', limit), ('offset', offset)])}"


def _whole_number(name: str, default: int) -> int:
    text = request.args.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit()):
        raise Invalid({name: ["Must be a whole number, not negative."]})
    return int(text[:20])


def _refuse_unstorable(sent: Any, field: str = "") -> None:
    """Raise `Invalid` for NUL and half surrogate pairs, which databases cut text at or cannot write at all."""
    if isinstance(sent, str) and _UNSTORABLE.search(sent):
        raise Invalid({field: ["Must not contain NUL characters or half surrogate pairs."]})
    inner = sent.items() if isinstance(sent, dict) else enumerate(sent) if isinstance(sent, list) else ()
    for name, value in inner:
        _refuse_unstorable(name, field)
        _refuse_unstorable(value, f"{field}.{name}".strip("."))


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not allowed")


def _flat(messages: Any, prefix: str = "") -> dict[str, list[str]]:
    if isinstance(messages, dict):
        found: dict[str, list[str]] = {}
        for key, inner in messages.items():
            name = "" if key == "_schema" else str(key)
            found |= _flat(inner, f"{prefix}.{name}".strip("."))
        return found
    return {prefix: [str(message) for message in messages]}
