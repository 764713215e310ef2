"""JSON Schema by short names: what the descriptions of answers and parameters are put together from."""

from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

JsonSchema = dict[str, Any]

TEXT: JsonSchema = {"type": "string"}
WHOLE: JsonSchema = {"type": "integer"}
NUMBER: JsonSchema = {"type": "number"}
FLAG: JsonSchema = {"type": "boolean"}
LINK: JsonSchema = {"type": "string", "format": "uri"}
TIME: JsonSchema = {"type": "string", "format": "date-time"}
OBJECT: JsonSchema = {"type": "object"}
ANYTHING: JsonSchema = {}


def thing(**fields: JsonSchema) -> JsonSchema:
    """Return the schema of an object that has all of these fields; more may be added one day."""
    return {"type": "object", "properties": fields, "required": sorted(fields)}


def extended(schema: JsonSchema, **fields: JsonSchema) -> JsonSchema:
    """Return the schema of an object with further fields, or with others in their place."""
    return thing(**(schema["properties"] | fields))


def listed(element: JsonSchema) -> JsonSchema:
    return {"type": "array", "items": element}


def by_name(element: JsonSchema) -> JsonSchema:
    """Return the schema of an object whose names are anything, and what stands behind them is alike."""
    return {"type": "object", "additionalProperties": element}


def maybe(schema: JsonSchema) -> JsonSchema:
    """Return the schema of what may be null."""
    return {"anyOf": [schema, {"type": "null"}]}


def one_of(choices: Iterable[str]) -> JsonSchema:
    return {"type": "string", "enum": list(choices)}


def named(name: str) -> JsonSchema:
    """Return a reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def page_of(name: str) -> JsonSchema:
    """Return the schema of a page of a list of things that have a schema of their own."""
    return thing(count=maybe(WHOLE), next=maybe(LINK), previous=maybe(LINK), results=listed(named(name)))


def of_record(record: type) -> JsonSchema:
    """Return the schema of a dataclass that is shown field by field, as `dataclasses.asdict` does."""
    assert is_dataclass(record)
    hints = get_type_hints(record)
    return thing(**{each.name: _of_type(hints[each.name]) for each in fields(record)})


_TYPES: dict[Any, JsonSchema] = {str: TEXT, int: WHOLE, float: NUMBER, bool: FLAG, datetime: TIME}


def _of_type(hint: Any) -> JsonSchema:
    origin, inner = get_origin(hint), get_args(hint)
    if origin is list:
        return listed(_of_type(inner[0]))
    if origin is UnionType:
        [other] = set(inner) - {NoneType}
        return maybe(_of_type(other))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return one_of(each.value for each in hint)
    return _TYPES[hint] if hint in _TYPES else of_record(hint)
