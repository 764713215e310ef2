"""What the list of items is asked for: words, values, metadata, and where to go on.

`?search=lung nodule`, `?socket=cancer-score`, `?value[cancer-score][gte]=0.5`, `?value[finding]=benign`,
`?image[patient_id]=P1`, `?image[study_date][lt]=2026-01-01`, `?image[modality][in]=CT,MR`.

Equal is what is written alike: `2` finds the number, and the text where a socket holds text. Of a value that is a list, each
element counts; what is inside of objects is not found.
"""

import re

from flask import request

from archive_api.domain.image_fields import DATES, NUMBERS
from archive_api.domain.search_entry import (
    LARGEST_NUMBER,
    LONGEST_TEXT,
    TEXT_FIELDS,
    day_number,
    image_key,
    image_term,
    number_text,
    value_key,
    value_term,
)
from archive_api.entrypoints.http.cursors import no_cursor, read_cursor, written_cursor
from archive_api.use_cases.search_items import Condition, HasTerm, InRange, Position, search_conditions
from archive_shared.errors import Invalid
from archive_shared.json_text import read_json_or_text

_FILTER = re.compile(r"(value|image)\[([^\]]+)\](?:\[([a-z]+)\])?")
_MOST_ALTERNATIVES = 50
_UNKNOWN_OPERATOR = "Use one of: gt, gte, lt, lte, in; or none for equal."


def asked_conditions() -> list[Condition]:
    """Return the conditions of the query.

    Raises
    ------
    Invalid
        A filter has an unknown name or operator, or a value that is none.
    """
    conditions = search_conditions(request.args.get("search", ""))
    conditions += [HasTerm((f"s|{slug}",)) for slug in request.args.getlist("socket")]
    for name, text in request.args.items(multi=True):
        matched = _FILTER.fullmatch(name)
        if matched:
            group, subject, operator = matched.groups(default="eq")
            conditions.append(_condition(name, group, subject, operator, text))
        elif name.startswith(("value[", "image[")):
            raise Invalid(
                {name: ["Write value[socket], value[socket][gte], image[field] or image[field][gte]."]}
            )
    return conditions


def _condition(name: str, group: str, subject: str, operator: str, text: str) -> Condition:
    if operator not in ("eq", "in", "gt", "gte", "lt", "lte"):
        raise Invalid({name: [_UNKNOWN_OPERATOR]})
    if operator in ("eq", "in"):
        texts = text.split(",") if operator == "in" else [text]
        if len(texts) > _MOST_ALTERNATIVES:
            raise Invalid({name: [f"Give {_MOST_ALTERNATIVES} alternatives at the most."]})
        return _equal(name, group, subject, texts)
    number = _number(name, group, subject, text)
    key = value_key(subject) if group == "value" else image_key(subject)
    included = operator.endswith("e")
    if operator.startswith("g"):
        return InRange(key, low=number, low_included=included)
    return InRange(key, high=number, high_included=included)


def _equal(name: str, group: str, subject: str, texts: list[str]) -> Condition:
    if any(len(text) > LONGEST_TEXT for text in texts):
        raise Invalid(
            {name: [f"What is longer than {LONGEST_TEXT} characters is found by its words: `search`."]}
        )
    if group == "value":
        return HasTerm(
            tuple(dict.fromkeys(term for text in texts for term in _value_terms(name, subject, text)))
        )
    if subject not in (*TEXT_FIELDS, *NUMBERS, *DATES):
        raise Invalid({name: [f"Use one of: {', '.join((*TEXT_FIELDS, *NUMBERS, *DATES))}."]})
    return HasTerm(tuple(image_term(subject, _image_text(name, subject, text)) for text in texts))


def _value_terms(name: str, socket: str, text: str) -> list[str]:
    """Return what a text may stand for: itself, and a number, true, false or null."""
    found = read_json_or_text(text, field=name)
    other = [] if isinstance(found, str | list | dict) else [value_term(socket, found)]
    return [value_term(socket, text), *other]


def _image_text(name: str, subject: str, text: str) -> str:
    """Return a text as the index has it: numbers in their one spelling."""
    if subject in TEXT_FIELDS:
        return text
    number = _number(name, "image", subject, text)
    return number_text(number) if subject in NUMBERS else text


def _number(name: str, group: str, subject: str, text: str) -> float:
    """Read a number, or a date as one that sorts like it."""
    if group == "image" and subject not in (*NUMBERS, *DATES):
        raise Invalid({name: [f"Use one of: {', '.join((*NUMBERS, *DATES))}."]})
    number = day_number(text) if group == "image" and subject in DATES else _as_number(name, text)
    if number is None:
        raise Invalid({name: ["Must be a number, or a date as YYYY-MM-DD."]})
    return number


def _as_number(name: str, text: str) -> float | None:
    found = read_json_or_text(text, field=name)
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    return float(found) if is_number and abs(found) <= LARGEST_NUMBER else None


def read_position() -> Position | None:
    """Return where to go on, None for the beginning; raise `Invalid` for what is no cursor of ours."""
    match read_cursor():
        case None:
            return None
        case [str(identifier), None]:
            return Position(identifier)
        case [str(identifier), float(number)]:
            return Position(identifier, number)
        case _:
            raise no_cursor()


def written_position(position: Position) -> str:
    return written_cursor([position.identifier, position.number])
