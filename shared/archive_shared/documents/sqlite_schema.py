"""SQL for declared collections: tables and indexes over JSON paths; `sqlite_queries` asks them.

Every name put into SQL text comes from a `Collection` declared in code and is checked here; every value
is bound. Lists get a table of their own, kept by triggers in the same transaction as the document.
"""

import json
import re
import sqlite3
from collections.abc import Sequence

from archive_shared.documents.port import Collection, UndeclaredField

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


def ordering_paths(collection: Collection, name: str) -> list[str]:
    """Return the paths of the fields that documents with an element of a list are read in order of."""
    return [collection.fields[by] for by in collection.ordered.get(name, ())]


def ordering_column(path: str) -> str:
    """Return the column that holds a field in the tables of lists that are read in its order."""
    return f"by_{path.replace('.', '_')}"


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
        statements += _list_statements(table, name, path, ordering_paths(collection, name))
    return statements


def _index(collection: Collection, kind: str, group: tuple[str, ...]) -> str:
    name = f"{collection.name}_{kind.strip() or 'by'}_{'_'.join(group)}"
    keys = ", ".join([field_of(collection, field) for field in group])
    return f'create {kind}index "{name}" on "{collection.name}" ({keys})'


def _list_statements(table: str, name: str, path: str, ordering: Sequence[str]) -> list[str]:
    """Write the table of a list and what keeps it; `ordering` are paths of fields its documents are read in order of."""
    side = f"{table}__{name}"
    columns = [ordering_column(each) for each in ordering]
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


def field_of(collection: Collection, name: str, *, row: str = "") -> str:
    """Write a declared field of a document, of the table `row` names if there are several.

    Raises
    ------
    UndeclaredField
        The collection does not declare it.
    """
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
