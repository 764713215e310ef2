"""SQL that asks for documents of declared collections: conditions, orders, and the list that answers both at once.

Names come from a `Collection` declared in code, checked when its tables are made; every value is bound.
"""

import json
from collections.abc import Sequence
from typing import Any, Literal

from archive_shared.documents.port import Collection, Comparison, Scalar, Sort, Where
from archive_shared.documents.sqlite_schema import field_of, ordering_column, ordering_paths

_OPERATORS = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}


def selection(collection: Collection, wheres: Sequence[Where], sort: Sort) -> tuple[str, list[Any]]:
    """Write a query for documents and the values bound in it, without its limit."""
    element = _leading_element(collection, wheres, sort)
    if element is not None:
        return _selection_by_element(collection, wheres[0], element, sort)
    ordered = _ordered_element(collection, wheres, sort)
    if ordered is not None:
        return _selection_in_order(collection, wheres[0], ordered, sort[0][1])
    clause, values = condition(collection, wheres)
    return f'select doc from "{collection.name}"{clause}{order(collection, sort)}', values


def identifiers(collection: Collection, wheres: Sequence[Where]) -> tuple[str, list[Any]]:
    """Write a query for identifiers in order, and the values bound in it.

    Who has one element and nothing else is asked about, the table of the list knows without the documents.
    """
    element = _leading_element(collection, wheres, sort=())
    if element is not None and len(wheres[0]) == 1:
        return f'select _id from "{collection.name}__{element}" where value = ? order by _id', [
            wheres[0][element]
        ]
    clause, values = condition(collection, wheres)
    return f'select _id from "{collection.name}"{clause} order by _id', values


def counted(collection: Collection, wheres: Sequence[Where]) -> tuple[str, list[Any]]:
    """Write a query that has a row for each document, and the values bound in it, without its limit."""
    element = _leading_element(collection, wheres, sort=())
    if element is not None and len(wheres[0]) == 1:
        return f'select 1 from "{collection.name}__{element}" where value = ?', [wheres[0][element]]
    clause, values = condition(collection, wheres)
    return f'select 1 from "{collection.name}"{clause}', values


def condition(collection: Collection, wheres: Sequence[Where]) -> tuple[str, list[Any]]:
    """Write alternatives of conditions as a where clause and the values bound in it."""
    clauses, values = [], []
    for where in wheres:
        parts = [_compare(collection, name, wanted) for name, wanted in where.items()]
        clauses.append("(" + (" and ".join(sql for sql, _ in parts) or "1") + ")")
        values += [value for _, bound in parts for value in bound]
    return (" where " + " or ".join(clauses) if clauses else ""), values


def order(collection: Collection, sort: Sort) -> str:
    """Write a total order: the fields asked for, then the identifier."""
    keys = [f"{field_of(collection, name)} {'desc' if way < 0 else 'asc'}" for name, way in sort]
    if "_id" not in [name for name, _ in sort]:
        keys.append("_id asc" if not sort or sort[-1][1] > 0 else "_id desc")
    return " order by " + ", ".join(keys)


def _leading_element(collection: Collection, wheres: Sequence[Where], sort: Sort) -> str | None:
    """Return the list whose table yields the documents in order by itself, None without one.

    That table is in order of (element, identifier). So a page in order of identifiers costs its own size, where a
    condition on the documents would first collect every one that has the element.
    """
    by_identifier = not sort or [name for name, _ in sort] == ["_id"]
    if len(wheres) != 1 or not by_identifier:
        return None
    equal = (
        name
        for name, wanted in wheres[0].items()
        if name in collection.lists and wanted is not None and not isinstance(wanted, Comparison)
    )
    return next(equal, None)


def _ordered_element(collection: Collection, wheres: Sequence[Where], sort: Sort) -> tuple[str, str] | None:
    """Return the list whose table yields the documents in the order of a field, and the path of the field, None without one.

    What is asked beyond the element and the order would be looked for one by one; SQLite may know a better way.
    """
    if len(wheres) != 1 or len(sort) != 1:
        return None
    path = collection.fields.get(sort[0][0])
    for name in collection.ordered:
        wanted = wheres[0].get(name)
        others = wheres[0].keys() - {name, "_id"}
        serves = path in ordering_paths(collection, name) and not isinstance(wanted, Comparison | None)
        if path and serves and all(collection.fields.get(other) == path for other in others):
            return name, path
    return None


def _selection_in_order(
    collection: Collection, where: Where, ordered: tuple[str, str], way: Literal[1, -1]
) -> tuple[str, list[Any]]:
    table, direction, (element, path) = collection.name, "asc" if way > 0 else "desc", ordered
    by = f'leading."{ordering_column(path)}"'
    clauses, values = [], []
    for name, wanted in where.items():
        column = {element: "leading.value", "_id": "leading._id"}.get(name, by)
        clause, bound = _test(column, wanted)
        clauses.append(clause)
        values += bound
    return (
        f'select "{table}".doc from "{table}__{element}" as leading'
        f' cross join "{table}" on "{table}"._id = leading._id'
        f" where {' and '.join(clauses)} order by {by} {direction}, leading._id {direction}"
    ), values


def _selection_by_element(
    collection: Collection, where: Where, element: str, sort: Sort
) -> tuple[str, list[Any]]:
    table, way = collection.name, "desc" if sort and sort[0][1] < 0 else "asc"
    clauses, values = ["leading.value = ?"], [where[element]]
    for name, wanted in where.items():
        if name == "_id":
            clause, bound = _test("leading._id", wanted)
        elif name == element:
            continue
        else:
            clause, bound = _compare(collection, name, wanted, row=f'"{table}".')
        clauses.append(clause)
        values += bound
    return (
        f'select "{table}".doc from "{table}__{element}" as leading'
        f' cross join "{table}" on "{table}"._id = leading._id'
        f" where {' and '.join(clauses)} order by leading._id {way}"
    ), values


def _compare(
    collection: Collection, name: str, wanted: Scalar | Comparison, *, row: str = ""
) -> tuple[str, list[Any]]:
    if name in collection.lists:
        if wanted is None:
            raise TypeError(f"{collection.name}.{name} is a list: None cannot be asked for")
        inner, values = _test("value", wanted)
        return f'{row}_id in (select _id from "{collection.name}__{name}" where {inner})', values
    return _test(field_of(collection, name, row=row), wanted)


def _test(expression: str, wanted: Scalar | Comparison) -> tuple[str, list[Any]]:
    if wanted is None:
        return f"{expression} is null", []
    if not isinstance(wanted, Comparison):
        return f"{expression} = ?", [wanted]
    if wanted.operator == "in":
        return _test_one_of(expression, wanted.value)
    return f"{expression} {_OPERATORS[wanted.operator]} ?", [wanted.value]


def _test_one_of(expression: str, wanted: list[Scalar]) -> tuple[str, list[Any]]:
    # One bound JSON list instead of many parameters: SQLite limits their number. It reads text in JSON only up to
    # a NUL character; no document holds any, so nothing is missed without such values.
    values = [
        value for value in wanted if value is not None and not (isinstance(value, str) and "\0" in value)
    ]
    test = f"{expression} in (select value from json_each(?))"
    return (f"({test} or {expression} is null)" if None in wanted else test), [json.dumps(values)]
