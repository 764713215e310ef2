"""How the list of items is to be ordered: `?ordering=title`, `-modified`, `created`, or by a number: `value[cancer-score]`."""

import re
from dataclasses import replace

from flask import request

from archive_api.domain.item import Item
from archive_api.domain.search_entry import value_key
from archive_api.entrypoints.http.cursors import no_cursor, read_cursor, written_cursor
from archive_api.use_cases.browse_items import BY_AGE, ORDERS
from archive_api.use_cases.in_order import Order
from archive_api.use_cases.paging import Place
from archive_api.use_cases.search_items import ByNumber
from archive_shared.errors import Invalid

_BY_VALUE = re.compile(r"value\[([^\[\]]+)\]")


def asked_ordering() -> Order[Item] | ByNumber:
    """Return the order of the query, by age if it says nothing; raise `Invalid` for one there is not."""
    asked = request.args.get("ordering", "created")
    name, descending = asked.removeprefix("-"), asked.startswith("-")
    if by_value := _BY_VALUE.fullmatch(name):
        return ByNumber(value_key(by_value[1]), descending)
    if name not in ORDERS:
        choice = ", ".join((*ORDERS, "value[<socket>]"))
        raise Invalid({"ordering": [f"Choose one of: {choice}; with - before it downwards."]})
    return replace(ORDERS[name], descending=True) if descending else ORDERS[name]


def require_by_age(ordering: Order[Item]) -> None:
    """Refuse another order than by age of what is filtered; no index has both."""
    if ordering != BY_AGE:
        raise Invalid({"ordering": ["What is filtered comes by age, or by value[<socket>]."]})


def read_place() -> Place | None:
    """Return where to go on, None for the beginning; raise `Invalid` for a cursor of another order, or none of ours."""
    match read_cursor():
        case None:
            return None
        case [ordering, str(value), str(identifier)] if ordering == request.args.get("ordering"):
            return value, identifier
        case _:
            raise no_cursor()


def written_place(place: Place) -> str:
    return written_cursor([request.args.get("ordering"), *place])
