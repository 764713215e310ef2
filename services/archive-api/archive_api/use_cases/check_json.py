"""Checks JSON against the schema of a socket's kind and the socket's own (JSON Schema draft 3, 4, 6 or 7)."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

from jsonschema import Draft3Validator, Draft4Validator, Draft6Validator, Draft7Validator
from jsonschema.exceptions import SchemaError
from referencing import Registry
from referencing.exceptions import Unresolvable

from archive_api.domain.sockets import Socket

Validator = type[Draft3Validator | Draft4Validator | Draft6Validator | Draft7Validator]

_DRAFTS: Mapping[str, Validator] = {
    "http://json-schema.org/draft-03/schema": Draft3Validator,
    "http://json-schema.org/draft-04/schema": Draft4Validator,
    "http://json-schema.org/draft-06/schema": Draft6Validator,
    "http://json-schema.org/draft-07/schema": Draft7Validator,
}
_MOST_REASONS = 5
_LONGEST_REASON = 300


def value_errors(socket: Socket, value: Any) -> list[str]:
    """Say why a value does not fit a socket; nothing when it does."""
    return json_errors(value, [socket.traits.schema, json.loads(socket.schema_text)])


def json_errors(value: Any, schemas: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say why JSON breaks any of the schemas; the first few reasons."""
    try:
        found = [error for schema in schemas for error in _validator(json.dumps(schema)).iter_errors(value)]
    except (
        Unresolvable,
        RecursionError,
        OverflowError,
    ):  # the last for huge integers beside `multipleOf` a fraction
        return ["JSON cannot be checked against the schema."]
    return [
        f"JSON does not fulfill schema: {error.message[:_LONGEST_REASON]}"
        for error in islice(found, _MOST_REASONS)
    ]


def schema_errors(schema: Mapping[str, Any]) -> list[str]:
    """Say why something is no JSON Schema that we use: it must stand for itself, without references elsewhere."""
    if any(not reference.startswith("#") for reference in _references(schema)):
        return ["References may only lead to the schema itself."]
    draft = _draft(schema)
    if draft is None:
        return [f"`$schema` must be one of: {', '.join(_DRAFTS)}."]
    try:
        draft.check_schema(dict(schema))
    except SchemaError as error:
        return [f"It is no JSON Schema: {error.message[:_LONGEST_REASON]}"]
    return []


def _draft(schema: Mapping[str, Any]) -> Validator | None:
    """Return what reads a schema: the draft it names, 7 if it names none, None if it names one we do not read."""
    name = schema.get("$schema", "http://json-schema.org/draft-07/schema")
    return _DRAFTS.get(name.removesuffix("#")) if isinstance(name, str) else None


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, Mapping):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        for inner in schema.values():
            yield from _references(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _references(inner)


@lru_cache(maxsize=256)
def _validator(schema_text: str) -> Any:
    """Compile a schema; with an empty registry, nothing is ever fetched from anywhere."""
    schema = json.loads(schema_text)
    draft = _draft(schema) or Draft7Validator  # sockets of before the drafts were told apart
    return draft(schema, registry=Registry())
