"""Checks JSON against the schema of a socket's kind and the socket's own (JSON Schema draft 7)."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import SchemaError
from referencing import Registry
from referencing.exceptions import Unresolvable

from archive_api.domain.sockets import Socket

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
    try:
        Draft7Validator.check_schema(dict(schema))
    except SchemaError as error:
        return [f"It is no JSON Schema: {error.message[:_LONGEST_REASON]}"]
    return []


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
def _validator(schema_text: str) -> Draft7Validator:
    """Compile a schema; with an empty registry, nothing is ever fetched from anywhere."""
    return Draft7Validator(json.loads(schema_text), registry=Registry())
