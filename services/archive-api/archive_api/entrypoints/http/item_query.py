"""What the list of items is asked for: words, values, metadata, and where to go on.

`?search=lung nodule`, `?socket=cancer-score`, `?value[cancer-score][gte]=0.5`, `?value[finding]=benign`,
`?image[patient_id]=P1`, `?image[study_date][lt]=2026-01-01`, `?image[modality][in]=CT,MR`.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterator

from flask import request

from archive_api.domain.image_fields import DATES, NUMBERS
from archive_api.domain.search_entry import (
    TEXT_FIELDS,
    day_number,
    image_key,
    image_term,
    read_json,
    value_key,
    value_term,
)
from archive_api.use_cases.search_items import Condition, HasTerm, InRange, Position, search_conditions
from archive_shared.errors import Invalid

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
    numbers = [_as_number(group, subject, text) for text in texts]
    if all(number is not None for number in numbers):
        if len(texts) > 1:
            raise Invalid({name: ["Numbers are compared with gt, gte, lt, lte, or one of them."]})
        key = value_key(subject) if group == "value" else image_key(subject)
        return InRange(key, low=numbers[0], high=numbers[0])
    if group == "value":
        return HasTerm(tuple(term for text in texts for term in _value_terms(subject, text)))
    if subject not in TEXT_FIELDS:
        raise Invalid({name: [f"Use one of: {', '.join((*TEXT_FIELDS, *NUMBERS, *DATES))}."]})
    return HasTerm(tuple(image_term(subject, text) for text in texts))


def _value_terms(socket: str, text: str) -> Iterator[str]:
    """Yield what a text may stand for: itself, and true, false or null."""
    yield value_term(socket, text)
    found = read_json(text)
    if found is None or isinstance(found, bool):
        yield value_term(socket, found)


def _as_number(group: str, subject: str, text: str) -> float | None:
    if group == "image" and subject in DATES:
        return day_number(text)
    if group == "image" and subject not in NUMBERS:
        return None
    found = read_json(text)
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None


def _number(name: str, group: str, subject: str, text: str) -> float:
    if group == "image" and subject not in (*NUMBERS, *DATES):
        raise Invalid({name: [f"Use one of: {', '.join((*NUMBERS, *DATES))}."]})
    number = _as_number(group, subject, text)
    if number is None or number != number or abs(number) == float("inf"):  # noqa: PLR0124 (NaN is not itself)
        raise Invalid({name: ["Must be a number, or a date as YYYY-MM-DD."]})
    return number


def read_cursor() -> Position | None:
    """Return where to go on, None for the beginning; raise `Invalid` for what is no cursor of ours."""
    text = request.args.get("cursor", "")
    if not text:
        return None
    try:
        identifier, number = json.loads(base64.urlsafe_b64decode(text.encode()))
        return Position(str(identifier), None if number is None else float(number))
    except (binascii.Error, ValueError, TypeError) as error:
        raise Invalid({"cursor": ["Use the address in `next` as it is."]}) from error


def written_cursor(position: Position) -> str:
    return base64.urlsafe_b64encode(json.dumps([position.identifier, position.number]).encode()).decode()
