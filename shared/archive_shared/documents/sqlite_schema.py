"""SQL for declared collections: tables, indexes over JSON paths, conditions and orders.

Every name put into SQL text comes from a `Collection` declared in code and is checked here; every value
is bound. Lists get a table of their own, kept by triggers in the same transaction as the document.
"""

import json
import re
import sqlite3
from collections.abc import Sequence
from typing import Any, Literal

from archive_shared.documents.port import Collection, Comparison, Scalar, Sort, UndeclaredField, Where

_OPERATORS = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_NAME = re.compile(r"[a-z_][a-z0-9_]*", re.IGNORECASE)
_PATH = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*", re.IGNORECASE)


def prepare(connection: sqlite3.Connection, collections: Sequence[Collection]) -> None:
    """Create or adapt what is declared; cheap and without a write lock when nothing has changed.

    What is derived from the documents (indexes, tables of lists) is built anew when a declaration changes.

    Raises
    ------
    sqlite3.IntegrityError
        A group is unique by now, but the documents already there share values.
    """
    wanted = {collection.name: json.dumps(_statements(collection)) for collection in collections}
    if wanted.items() <= _prepared(connection).items():
        return
    with connection:
        connection.execute("begin immediate")
        connection.execute("create table if not exists _prepared (collection primary key, statements)")
        present = _prepared(connection)
        for collection in collections:
            if present.get(collection.name) != wanted[collection.name]:
                _build(connection, collection)
        connection.executemany("insert or replace into _prepared values (?, ?)", wanted.items())


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
    keys = [f"{_field(collection, name)} {'desc' if way < 0 else 'asc'}" for name, way in sort]
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
        serves = path in _ordering_paths(collection, name) and not isinstance(wanted, Comparison | None)
        if path and serves and all(collection.fields.get(other) == path for other in others):
            return name, path
    return None


def _ordering_paths(collection: Collection, name: str) -> list[str]:
    """Return the paths of the fields that documents with an element of a list are read in order of."""
    return [collection.fields[by] for by in collection.ordered.get(name, ())]


def _ordering_column(path: str) -> str:
    return f"by_{path.replace('.', '_')}"


def _selection_in_order(
    collection: Collection, where: Where, ordered: tuple[str, str], way: Literal[1, -1]
) -> tuple[str, list[Any]]:
    table, direction, (element, path) = collection.name, "asc" if way > 0 else "desc", ordered
    by = f'leading."{_ordering_column(path)}"'
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


def _prepared(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the statements each collection was last built with, as JSON text."""
    if connection.execute("select 1 from sqlite_schema where name = '_prepared'").fetchone() is None:
        return {}
    return dict(connection.execute("select collection, statements from _prepared").fetchall())


def _build(connection: sqlite3.Connection, collection: Collection) -> None:
    derived = connection.execute(
        "select type, name from sqlite_schema where tbl_name = ?1 and type in ('index', 'trigger') and sql is not null"
        " or type = 'table' and substr(name, 1, length(?1) + 2) = ?1 || '__'",
        (collection.name,),
    ).fetchall()
    for kind, name in derived:
        connection.execute(f'drop {kind} "{name}"')
    for statement in _statements(collection):
        connection.execute(statement)


def _statements(collection: Collection) -> list[str]:
    _check_names(collection)
    table = collection.name
    statements = [
        f'create table if not exists "{table}"'
        " (_id text primary key, rev integer not null, doc text not null) without rowid"
    ]
    statements += [
        _index(collection, "unique ", group) for group in collection.unique
    ]  # null is never a duplicate
    statements += [_index(collection, "", group) for group in collection.indexes]
    for name, path in collection.lists.items():
        statements += _list_statements(table, name, path, _ordering_paths(collection, name))
    return statements


def _index(collection: Collection, kind: str, group: tuple[str, ...]) -> str:
    name = f"{collection.name}_{kind.strip() or 'by'}_{'_'.join(group)}"
    keys = ", ".join([_field(collection, field) for field in group])
    return f'create {kind}index "{name}" on "{collection.name}" ({keys})'


def _list_statements(table: str, name: str, path: str, ordering: Sequence[str]) -> list[str]:
    """Write the table of a list and what keeps it; `ordering` are paths of fields its documents are read in order of."""
    side = f"{table}__{name}"
    columns = [_ordering_column(each) for each in ordering]
    taken = "".join(f", json_extract({{row}}.doc, '$.{each}')" for each in ordering)
    take = f"""insert or ignore into "{side}" select value, {{row}}._id{taken} from {{source}}json_each({{row}}.doc, '$.{path}')"""
    fill = take.format(row="new", source="")
    empty = f"""delete from "{side}" where _id = old._id"""
    changed = " or ".join(
        f"""json_extract(old.doc, '$.{each}') is not json_extract(new.doc, '$.{each}')"""
        for each in (path, *ordering)
    )
    further = "".join(f', "{column}"' for column in columns)
    return [
        f'create table "{side}" (value, _id text{further}, primary key (value, _id)) without rowid',
        f'create index "{side}_by_id" on "{side}" (_id)',
        *(f'create index "{side}_{column}" on "{side}" (value, "{column}", _id)' for column in columns),
        take.format(row="present", source=f'"{table}" as present, ') + " order by 1, 2",
        f'create trigger "{side}_insert" after insert on "{table}" begin {fill}; end',
        f'create trigger "{side}_update" after update on "{table}" when {changed} begin {empty}; {fill}; end',
        f'create trigger "{side}_delete" after delete on "{table}" begin {empty}; end',
    ]


def _compare(
    collection: Collection, name: str, wanted: Scalar | Comparison, *, row: str = ""
) -> tuple[str, list[Any]]:
    if name in collection.lists:
        if wanted is None:
            raise TypeError(f"{collection.name}.{name} is a list: None cannot be asked for")
        inner, values = _test("value", wanted)
        return f'{row}_id in (select _id from "{collection.name}__{name}" where {inner})', values
    return _test(_field(collection, name, row=row), wanted)


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


def _field(collection: Collection, name: str, *, row: str = "") -> str:
    if name == "_id":
        return f"{row}_id"
    if name not in collection.fields:
        raise UndeclaredField(f"{collection.name}.{name}")
    return f"json_extract({row}doc, '$.{collection.fields[name]}')"


def _check_names(collection: Collection) -> None:
    for name in [collection.name, *collection.fields, *collection.lists]:
        if (
            not _NAME.fullmatch(name) or "__" in name
        ):  # two underscores join the name of a list to its collection
            raise ValueError(f"{name!r} cannot name a collection or field")
    for path in [*collection.fields.values(), *collection.lists.values()]:
        if not _PATH.fullmatch(path):
            raise ValueError(f"{path!r} is not a dotted path")
