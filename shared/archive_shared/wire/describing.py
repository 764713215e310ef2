"""The fields of events in words; for the pages people read."""

from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields, is_dataclass
from typing import Any, get_args, get_type_hints

from archive_shared.wire.schemas import field_descriptions, type_name


@dataclass(frozen=True)
class FieldInWords:
    """A field of an event; `default` is "" when it has none."""

    name: str
    type: str
    default: str
    meaning: str


def fields_in_words(kind: type[Any]) -> list[FieldInWords]:
    """Describe the fields of an event, or of something in it, in their order."""
    hints, described = get_type_hints(kind), field_descriptions(kind)
    return [
        FieldInWords(
            name=field.name,
            type=type_name(hints[field.name]),
            default="" if field.default is MISSING else _literal(field.default),
            meaning=described.get(field.name, ""),
        )
        for field in fields(kind)
    ]


def inner_kinds(kind: type[Any]) -> Iterator[type[Any]]:
    """Give the dataclasses that fields of an event hold."""
    hints = get_type_hints(kind)
    for field in fields(kind):
        for part in (hints[field.name], *get_args(hints[field.name])):
            if isinstance(part, type) and is_dataclass(part):
                yield part


def _literal(value: Any) -> str:
    return "null" if value is None else f'"{value}"' if isinstance(value, str) else str(value).lower()
