"""Declared collections in MongoDB's words: indexes, conditions, orders and the texts that keep keys unique."""

import json
from collections.abc import Sequence
from typing import Any

from pymongo.collection import Collection as MongoCollection

from archive_shared.documents.port import (
    Collection,
    Comparison,
    Document,
    Scalar,
    Sort,
    UndeclaredField,
    Where,
)
from archive_shared.documents.values import value_at

_OURS = ("unique_", "by_", "list_")
Keys = list[tuple[str, int]]


def prepare(stored: MongoCollection[Document], collection: Collection) -> None:
    """Create the declared indexes and drop those of ours that are declared no more; quick when all is done.

    A unique group declared over documents that are already there is filled in first.
    """
    for group in collection.unique:
        _fill_tokens(stored, collection, group)
    wanted = _indexes(collection)
    for name in stored.index_information():
        if name.startswith(_OURS) and name not in wanted:
            stored.drop_index(name)
    for name, keys in wanted.items():
        stored.create_index(keys, name=name, unique=name.startswith("unique_"))


def unique_tokens(collection: Collection, document: Document) -> dict[str, str]:
    """Return, by group, the text that no other document of the collection may have."""
    return {_label(collection, group): _token(collection, group, document) for group in collection.unique}


def condition(collection: Collection, wheres: Sequence[Where]) -> dict[str, Any]:
    """Write alternatives of conditions as a filter."""
    options = [_tests(collection, where) for where in wheres]
    if not options:
        return {}
    return options[0] if len(options) == 1 else {"$or": options}


def _tests(collection: Collection, where: Where) -> dict[str, Any]:
    """Write conditions that all must hold; several on one path, asked for under several names, become one."""
    tests: dict[str, Any] = {}
    for name, wanted in where.items():
        tests.setdefault(_asked(collection, name, wanted), {}).update(_test(wanted))
    return tests


def order(collection: Collection, sort: Sort) -> Keys:
    """Write a total order: the fields asked for, then the identifier."""
    keys: Keys = [(_path(collection, name), way) for name, way in sort]
    if "_id" not in [name for name, _ in sort]:
        keys.append(("_id", sort[-1][1] if sort else 1))
    return keys


def _indexes(collection: Collection) -> dict[str, Keys]:
    """Return keys by name; names tell the paths, so that a changed declaration is another index."""
    unique: dict[str, Keys] = {
        f"unique_{label}": [(f"unique.{label}", 1)]
        for label in (_label(collection, group) for group in collection.unique)
    }
    searched: dict[str, Keys] = {
        # The identifier last, as in every order, so that sorted pages come out of the index.
        f"by_{_label(collection, group)}": [*((_path(collection, name), 1) for name in group), ("_id", 1)]
        for group in [*collection.unique, *collection.indexes]
    }
    lists: dict[str, Keys] = {
        # The identifier last, so that what has an element comes in order out of the index.
        f"list_{_plain(path)}_id": [(f"doc.{path}", 1), ("_id", 1)]
        for path in collection.lists.values()
    }
    ordered: dict[str, Keys] = {
        f"list_{_plain(collection.lists[name])}_{_label(collection, (by,))}": [
            (f"doc.{collection.lists[name]}", 1),
            (_path(collection, by), 1),
            ("_id", 1),
        ]
        for name, fields in collection.ordered.items()
        for by in fields
    }
    return unique | searched | lists | ordered


def _fill_tokens(stored: MongoCollection[Document], collection: Collection, group: tuple[str, ...]) -> None:
    place = f"unique.{_label(collection, group)}"
    for found in stored.find({place: {"$exists": False}}, {"rev": 1, "doc": 1}):
        token = _token(collection, group, found["doc"])
        # Somebody who saved it in between has written the text already.
        stored.update_one({"_id": found["_id"], "rev": found["rev"]}, {"$set": {place: token}})


def _token(collection: Collection, group: tuple[str, ...], document: Document) -> str:
    values = [value_at(document, collection.fields[name]) for name in group]
    return str(document["_id"]) if None in values else json.dumps(values)


def _label(collection: Collection, group: tuple[str, ...]) -> str:
    return "+".join(_plain(collection.fields.get(name, name)) for name in group)


def _plain(path: str) -> str:
    return path.replace(".", "-")


def _asked(collection: Collection, name: str, wanted: Scalar | Comparison) -> str:
    if name not in collection.lists:
        return _path(collection, name)
    if wanted is None:
        raise TypeError(f"{collection.name}.{name} is a list: None cannot be asked for")
    return f"doc.{collection.lists[name]}"


def _path(collection: Collection, name: str) -> str:
    if name == "_id":
        return "_id"
    if name not in collection.fields:
        raise UndeclaredField(f"{collection.name}.{name}")
    return f"doc.{collection.fields[name]}"


def _test(wanted: Scalar | Comparison) -> dict[str, Any]:
    if not isinstance(wanted, Comparison):
        return {"$eq": wanted}
    return {f"${wanted.operator}": wanted.value}
