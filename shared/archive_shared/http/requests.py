"""Reads what a request carries: its token, its JSON body, its page; refuses anything else by name."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import request
from marshmallow import Schema, ValidationError
from werkzeug.exceptions import UnsupportedMediaType

from archive_shared.access import Access, Caller
from archive_shared.errors import Forbidden, Invalid, Unauthenticated
from archive_shared.http.sessions import SAFE_METHODS, session_secret
from archive_shared.json_text import NoJson, read_json, require_storable

DEFAULT_LIMIT = 100
LARGEST_LIMIT = 1000
LARGEST_OFFSET = 2**53
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


def bearer_token() -> str | None:
    """Return the token of the Authorization header (RFC 6750, scheme in any case), else that of the page's session.

    Raises
    ------
    Unauthenticated
        There is a header but no bearer token in it.
    Forbidden
        There is a session, but nothing shows that the page sent this (`archive_shared.http.sessions`).
    """
    header = request.headers.get("Authorization")
    if header is None:
        return session_secret()
    words = header.split()
    if len(words) != 2 or words[0].lower() != "bearer" or not words[1].isascii():
        raise Unauthenticated("Invalid token.")
    return words[1]


def signed_in(access: Access) -> Caller:
    """Return who is calling, for what needs no role but somebody.

    Raises
    ------
    Unauthenticated
        Nobody is.
    Forbidden
        The request would change something, and the token is for reading only.
    """
    caller = access.ask(bearer_token(), []).caller
    if caller is None:
        raise Unauthenticated("Authentication credentials were not provided.")
    if request.method not in SAFE_METHODS and not caller.writes:
        raise Forbidden("This token is for reading only.")
    return caller


def body(schema: Schema) -> dict[str, Any]:
    """Return the JSON body as the schema reads it.

    Raises
    ------
    Invalid
        Malformed JSON (NaN included), what no store can keep (see `read_json`), or fields the schema refuses, named
        with dots: `values.0.socket`.
    UnsupportedMediaType
        The content type is not application/json.
    """
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("The content type must be application/json.")
    try:
        sent = read_json(request.get_data())
    except NoJson as error:
        raise Invalid({"": [f"The body is not valid JSON: {error}"]}) from error
    return _loaded(schema, sent)


def read(schema: Schema, sent: Any) -> dict[str, Any]:
    """Return what came in another way than as JSON as the schema reads it; raise `Invalid` as `body` does."""
    require_storable(sent)
    return _loaded(schema, sent)


def _loaded(schema: Schema, sent: Any) -> dict[str, Any]:
    try:
        found = schema.load(sent)
    except ValidationError as error:
        raise Invalid(_flat(error.messages)) from error
    assert isinstance(found, dict)
    return found


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
    limit = min(whole_number("limit", DEFAULT_LIMIT), LARGEST_LIMIT)
    return Page(limit=limit or DEFAULT_LIMIT, offset=min(whole_number("offset", 0), LARGEST_OFFSET))


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


def whole_number(name: str, default: int) -> int:
    """Return a parameter of the query; raise `Invalid` if it is not a whole number, or negative."""
    text = request.args.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit()):
        raise Invalid({name: ["Must be a whole number, not negative."]})
    return int(text[:20])


def flag(name: str) -> bool | None:
    """Return a parameter of the query that is true or false, None where it is absent or empty; raise `Invalid` for anything else."""
    text = request.args.get(name, "")
    if not text:
        return None
    if text.lower() not in _FLAGS:
        raise Invalid({name: ["Must be true or false."]})
    return _FLAGS[text.lower()]


def _flat(messages: Any, prefix: str = "") -> dict[str, list[str]]:
    if isinstance(messages, dict):
        found: dict[str, list[str]] = {}
        for key, inner in messages.items():
            name = "" if key == "_schema" else str(key)
            found |= _flat(inner, f"{prefix}.{name}".strip("."))
        return found
    return {prefix: [str(message) for message in messages]}
