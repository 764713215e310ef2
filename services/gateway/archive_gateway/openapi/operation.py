"""How one route is described beyond its address; the tables of operations are written with these words."""

from dataclasses import dataclass, field
from typing import Any

from marshmallow import Schema

from archive_gateway.openapi.json_schema import OBJECT, JsonSchema, named, page_of
from archive_gateway.openapi.parameters import CURSOR, PAGE

Key = tuple[str, str]
"""Method and rule of a route."""

PICTURES = ("image/jpeg", "image/png")


@dataclass(frozen=True, kw_only=True)
class Operation:
    """What is known of a route beyond its address.

    Parameters
    ----------
    body
        What is sent as JSON, None for nothing.
    form
        Whether the same may be sent as a form, with pictures as files.
    answer
        What comes back as JSON, None for nothing at all.
    content_types
        What else comes back, or instead where there is no answer in JSON.
    statuses
        Of success; the first one has the answer.
    further
        The answers of further statuses, as JSON.
    query
        Names of parameters of the query: see `archive_gateway.openapi.parameters`.
    headers
        Names of headers beside the token.
    """

    body: Schema | None = None
    form: bool = False
    answer: JsonSchema | None = field(default_factory=lambda: OBJECT)
    content_types: tuple[str, ...] = ()
    statuses: tuple[int, ...] = (200,)
    further: dict[int, JsonSchema] = field(default_factory=dict)
    query: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()


def page(name: str, *query: str) -> Operation:
    return Operation(answer=page_of(name), query=(*PAGE, *query))


def cursor_page(name: str, *query: str) -> Operation:
    return page(name, CURSOR, *query)


def made(name: str, body: Schema | None = None, status: int = 201, **more: Any) -> Operation:
    return Operation(body=body, answer=named(name), statuses=(status,), **more)


def one(name: str, body: Schema | None = None, **more: Any) -> Operation:
    return Operation(body=body, answer=named(name), **more)


def raw(*content_types: str, statuses: tuple[int, ...] = (200,), **more: Any) -> Operation:
    return Operation(answer=None, content_types=content_types, statuses=statuses, **more)


def picture(*content_types: str, query: tuple[str, ...] = ()) -> Operation:
    """Return the description of a picture that clients may keep and ask about again."""
    return raw(*content_types, statuses=(200, 304), query=query, headers=("If-None-Match",))


GONE = Operation(answer=None, statuses=(204,))
