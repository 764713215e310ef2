"""JSON Schemas (draft 2020-12) of events, derived from their dataclasses and docstrings.

Within a version only fields with a default may be added. So readers accept keys they do not know, and a
field with a default is not required: events written before it existed lack it.
"""

import inspect
import re
import types
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, Union, get_args, get_origin, get_type_hints

from archive_shared.events import Event

Schema = dict[str, Any]

_SCALARS = {str: "string", int: "integer", float: "number", bool: "boolean"}
_HEADING = re.compile(r"\n([A-Z]\w+)\n-{3,}\n")


def event_schema(event: type[Event]) -> Schema:
    """Return the schema of the event's data, the body of its message."""
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return dialect | object_schema(event)


def object_schema(kind: type[Any]) -> Schema:
    """Return the schema of a dataclass as JSON; dataclasses in its fields are written out in place."""
    hints = get_type_hints(kind)
    return {
        "title": kind.__name__,
        "description": summary(kind),
        "type": "object",
        "properties": {field.name: _property(kind, field, hints[field.name]) for field in fields(kind)},
        "required": [field.name for field in fields(kind) if _is_required(field)],
    }


def summary(kind: type[Any]) -> str:
    """Return what the docstring of a class says before its first section, on one line."""
    return _one_line(_sections(kind)[""])


def field_descriptions(kind: type[Any]) -> dict[str, str]:
    """Return what the docstring's section `Parameters` says of each field it names."""
    described: dict[str, str] = {}
    for line in _sections(kind).get("Parameters", "").splitlines():
        if line and not line.startswith(" "):
            names = [name.strip() for name in line.split(",")]
        elif line:
            described |= {name: _one_line(f"{described.get(name, '')} {line}") for name in names}
    return described


def type_name(hint: Any) -> str:
    """Name a field's type for people, as the generated table shows it."""
    if get_origin(hint) is list:
        return f"list of {type_name(get_args(hint)[0])}"
    if _is_union(hint):
        return " or ".join(type_name(option) for option in get_args(hint))
    if hint is types.NoneType:
        return "null"
    return _SCALARS.get(hint) or str(hint.__name__)


def _property(kind: type[Any], field: Field[Any], hint: Any) -> Schema:
    described = field_descriptions(kind).get(field.name)
    schema = _schema(hint)
    if described:
        schema |= {"description": described}
    if field.default is not MISSING:
        schema |= {"default": field.default}
    return schema


def _schema(hint: Any) -> Schema:
    if hint in _SCALARS:
        return {"type": _SCALARS[hint]}
    if hint is types.NoneType:
        return {"type": "null"}
    if get_origin(hint) is list:
        return {"type": "array", "items": _schema(get_args(hint)[0])}
    if _is_union(hint):
        return _either([_schema(option) for option in get_args(hint)])
    if is_dataclass(hint) and isinstance(hint, type):
        return object_schema(hint)
    raise TypeError(f"an event cannot hold {hint}: it has no JSON Schema here")


def _either(options: list[Schema]) -> Schema:
    plain = all(set(option) == {"type"} for option in options)
    return {"type": [option["type"] for option in options]} if plain else {"anyOf": options}


def _is_union(hint: Any) -> bool:
    return get_origin(hint) in (Union, types.UnionType)


def _is_required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _sections(kind: type[Any]) -> dict[str, str]:
    """Split a numpy docstring by its headings; what stands before the first one is filed under ""."""
    first, *rest = _HEADING.split(inspect.getdoc(kind) or "")
    return {"": first} | dict(zip(rest[::2], rest[1::2], strict=True))


def _one_line(text: str) -> str:
    return " ".join(text.split())
