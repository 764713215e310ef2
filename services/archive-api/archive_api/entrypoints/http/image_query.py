"""What the list of images is asked for: `?patient_id=P1`, `?width__gte=512`, `?modality__in=CT,MR`, `?name__contains=scan`.

`?archive=` may be there several times, for images of any of these; `?origin=` names the upload session they came with.
"""

from flask import request

from archive_api.domain.image_fields import DATES, NUMBERS, ORDERINGS, TEXTS
from archive_api.domain.search_entry import day_number
from archive_api.entrypoints.http.cursors import no_cursor, read_cursor, written_cursor
from archive_api.use_cases.list_images import ImageFilter
from archive_api.use_cases.paging import Place
from archive_shared.documents import Comparison, at_least, at_most, less_than, more_than, one_of
from archive_shared.documents.port import Scalar
from archive_shared.errors import Invalid
from archive_shared.http.requests import flag
from archive_shared.json_text import read_json_or_text

_COMPARISONS = {"gt": more_than, "gte": at_least, "lt": less_than, "lte": at_most}
_SAID_TWICE = "Another filter says this of the field already."
_FILTERED = {"name", *TEXTS, *NUMBERS, *DATES}


def asked_images() -> ImageFilter:
    """Return the filter of the query; other parameters are ignored.

    Raises
    ------
    Invalid
        An operator does not fit its field, a value is none, the ordering is unknown, or two filters say the same of a field.
    """
    ordering = request.args.get("ordering", "created")
    if ordering not in ORDERINGS:
        raise Invalid({"ordering": [f"Choose one of: {', '.join(ORDERINGS)}."]})
    where: dict[str, Scalar | Comparison] = {}
    parts: dict[str, str] = {}
    for parameter, text in _filters().items():
        name, _, operator = parameter.partition("__")
        if operator == "contains" and name not in (*NUMBERS, *DATES):
            parts[name] = text
        else:
            found = _condition(parameter, name, operator, text)
            if found.keys() & where.keys():  # the later one would silently take the place of the earlier
                raise Invalid({parameter: [_SAID_TWICE]})
            where |= found
    if "origin" in request.args:
        where["session"] = request.args["origin"]
    archives = request.args.getlist("archive")
    return ImageFilter(archives=archives, where=where, parts=parts, ordering=ordering)


def _filters() -> dict[str, str]:
    """Return the parameters about fields; raise `Invalid` for one that is there twice, of which one would be ignored."""
    found = {
        parameter: texts
        for parameter, texts in request.args.lists()
        if parameter.partition("__")[0] in _FILTERED
    }
    if twice := [parameter for parameter, texts in found.items() if len(texts) > 1]:
        raise Invalid({parameter: [_SAID_TWICE] for parameter in twice})
    return {parameter: text for parameter, [text] in found.items()}


def read_place(wanted: ImageFilter) -> Place | None:
    """Return where to go on, None for the beginning; raise `Invalid` for a cursor of another order, or none of ours."""
    match read_cursor():
        case None:
            return None
        case [wanted.ordering, str(value) | (None as value), str(identifier)]:
            return value, identifier
        case _:
            raise no_cursor()


def written_place(wanted: ImageFilter, place: Place) -> str:
    return written_cursor([wanted.ordering, *place])


def _condition(parameter: str, name: str, operator: str, text: str) -> dict[str, Scalar | Comparison]:
    if operator == "":
        return {name: _read(parameter, name, text)}
    if operator == "in":
        return {name: one_of([_read(parameter, name, each) for each in text.split(",")])}
    if operator == "isempty" and name in TEXTS:
        return {name: one_of(["", None]) if flag(parameter) else more_than("")}
    if operator in _COMPARISONS and name in (*NUMBERS, *DATES):
        field = f"{name}_to" if operator.startswith("l") else name
        value = _read(parameter, name, text)
        assert value is not None
        return {field: _COMPARISONS[operator](value)}
    raise Invalid({parameter: ["This field is not compared like that."]})


def _read(parameter: str, name: str, text: str) -> str | int | float:
    if name in NUMBERS:
        found = read_json_or_text(text, field=parameter)
        if isinstance(found, bool) or not isinstance(found, int | float) or abs(found) > 1e18:
            raise Invalid({parameter: ["Must be a number."]})
        return found
    if name in DATES and day_number(text) is None:
        raise Invalid({parameter: ["Must be a date as YYYY-MM-DD."]})
    return text
