"""SQL for declared collections: tables, indexes over JSON paths, conditions and orders.

Every name put into SQL text comes from a `Collection` declared in code and is checked here; every value
is bound. Lists get a table of their own, kept by triggers in the same transaction as the document.
"""

import json
import re
import sqlite3
from collections.abc import Sequence
from typing import Any

from archive_shared.documents.port import Collection, Comparison, Scalar, Sort, UndeclaredField, Where

_OPERATORS = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
_NAME = re.compile(r"[a-z_][a-z0-9_]*", re.IGNORECASE)
_PATH = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*", re.IGNORECASE)


def prepare(connection: sqlite3.Connection, collections: Sequence[Collection]) -> None:
    """Create what is missing; cheap and without a write lock when nothing is."""
    statements = [statement for collection in collections for statement in _statements(collection)]
    wanted = json.dumps(statements)
    if _prepared(connection) == wanted:
        return
    connection.execute("begin immediate")
    connection.execute("create table if not exists _schema (only_one integer primary key, statements text)")
    for statement in statements:
        connection.execute(statement)
    connection.execute("insert or replace into _schema values (1, ?)", (wanted,))
    connection.execute("commit")


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


def _prepared(connection: sqlite3.Connection) -> str | None:
    if connection.execute("select 1 from sqlite_master where name = '_schema'").fetchone() is None:
        return None
    row = connection.execute("select statements from _schema").fetchone()
    return None if row is None else str(row[0])


def _statements(collection: Collection) -> list[str]:
    _check_names(collection)
    table = collection.name
    statements = [
        f'create table if not exists "{table}"'
        " (_id text primary key, rev integer not null, doc text not null) without rowid"
    ]
    for group in collection.unique:
        present = " and ".join(f"{_field(collection, name)} is not null" for name in group)
        statements.append(_index(collection, "unique ", group) + f" where {present}")
    statements += [_index(collection, "", group) for group in collection.indexes]
    for name, path in collection.lists.items():
        statements += _list_statements(table, name, path)
    return statements


def _index(collection: Collection, kind: str, group: tuple[str, ...]) -> str:
    name = f"{collection.name}_{kind.strip() or 'by'}_{'_'.join(group)}"
    keys = ", ".join([_field(collection, field) for field in group])
    return f'create {kind}index if not exists "{name}" on "{collection.name}" ({keys})'


def _list_statements(table: str, name: str, path: str) -> list[str]:
    side = f"{table}__{name}"
    fill = f"""insert or ignore into "{side}" select value, new._id from json_each(new.doc, '$.{path}')"""
    empty = f"""delete from "{side}" where _id = old._id"""
    changed = f"""json_extract(old.doc, '$.{path}') is not json_extract(new.doc, '$.{path}')"""
    return [
        f'create table if not exists "{side}" (value, _id text, primary key (value, _id)) without rowid',
        f'create index if not exists "{side}_by_id" on "{side}" (_id)',
        f'create trigger if not exists "{side}_insert" after insert on "{table}" begin {fill}; end',
        f'create trigger if not exists "{side}_update" after update on "{table}" when {changed} begin {empty}; {fill}; end',
        f'create trigger if not exists "{side}_delete" after delete on "{table}" begin {empty}; end',
    ]


def _compare(collection: Collection, name: str, wanted: Scalar | Comparison) -> tuple[str, list[Any]]:
    if name in collection.lists:
        inner, values = _test("value", wanted)
        return f'_id in (select _id from "{collection.name}__{name}" where {inner})', values
    return _test(_field(collection, name), wanted)


def _test(expression: str, wanted: Scalar | Comparison) -> tuple[str, list[Any]]:
    if wanted is None:
        return f"{expression} is null", []
    if not isinstance(wanted, Comparison):
        return f"{expression} = ?", [wanted]
    if wanted.operator == "in":
        # One bound JSON list instead of many parameters: SQLite limits their number.
        return f"{expression} in (select value from json_each(?))", [json.dumps(wanted.value)]
    return f"{expression} {_OPERATORS[wanted.operator]} ?", [wanted.value]


def _field(collection: Collection, name: str) -> str:
    if name == "_id":
        return "_id"
    if name not in collection.fields:
        raise UndeclaredField(f"{collection.name}.{name}")
    return f"json_extract(doc, '$.{collection.fields[name]}')"


def _check_names(collection: Collection) -> None:
    for name in [collection.name, *collection.fields, *collection.lists]:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} cannot name a collection or field")
    for path in [*collection.fields.values(), *collection.lists.values()]:
        if not _PATH.fullmatch(path):
            raise ValueError(f"{path!r} is not a dotted path")
