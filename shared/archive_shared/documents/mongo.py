"""The MongoDB document store; standalone servers, replica sets and compatible servers alike.

Only single-document writes, plain indexes and plain conditions are used, so that every server that
speaks the wire protocol honestly behaves the same. Unique groups are kept by one plain unique index
each over a text field `_unique.<group>`: where a key is missing it holds the document's own identifier,
which replaces partial indexes (not every server has them, and MongoDB counts missing as null).
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pymongo import MongoClient, WriteConcern
from pymongo.collection import Collection as MongoCollection
from pymongo.database import Database
from pymongo.errors import ConnectionFailure, DuplicateKeyError, PyMongoError

from archive_shared.documents.mutation import mutate
from archive_shared.documents.port import (
    Change,
    Collection,
    Comparison,
    Document,
    Scalar,
    Sort,
    UndeclaredField,
    Where,
    alternatives,
    value_at,
)
from archive_shared.errors import Duplicate, Stale, Unavailable

SELECTION_TIMEOUT_MS = 5_000
SOCKET_TIMEOUT_MS = 20_000
_UNIQUE = "_unique"


class MongoDocuments:
    """Documents in one MongoDB database, written with majority and journal.

    The client connects on first use and is not fork-safe: build it after forking (gunicorn: no preload).
    """

    def __init__(self, url: str, database: str, collections: Sequence[Collection]) -> None:
        self._client: MongoClient[Document] = MongoClient(
            url,
            serverSelectionTimeoutMS=SELECTION_TIMEOUT_MS,
            connectTimeoutMS=SELECTION_TIMEOUT_MS,
            socketTimeoutMS=SOCKET_TIMEOUT_MS,
            appname=database,
        )
        concern = WriteConcern(w="majority", j=True)
        self._database: Database[Document] = self._client.get_database(database, write_concern=concern)
        self._collections = {collection.name: collection for collection in collections}
        with _translated():
            for collection in collections:
                self._prepare(collection)

    def put_new(self, collection: str, document: Document) -> Document:
        stored = document | {"rev": 1}
        try:
            with _translated():
                self._of(collection).insert_one(self._encode(collection, stored))
        except Unavailable:
            self._settle(collection, stored)
        return stored

    def get(self, collection: str, identifier: str) -> Document | None:
        with _translated():
            return self._of(collection).find_one({"_id": identifier}, {_UNIQUE: 0})

    def save(self, collection: str, document: Document) -> Document:
        stored = document | {"rev": document["rev"] + 1}
        present = {"_id": document["_id"], "rev": document["rev"]}
        try:
            with _translated():
                result = self._of(collection).replace_one(present, self._encode(collection, stored))
        except Unavailable:
            self._settle(collection, stored)
        else:
            if result.matched_count != 1:
                raise Stale(f"{collection} {document['_id']} no longer has revision {document['rev']}")
        return stored

    def mutate(self, collection: str, identifier: str, change: Change) -> Document | None:
        return mutate(self, collection, identifier, change)

    def find(
        self,
        collection: str,
        where: Where | Sequence[Where] = (),
        *,
        sort: Sort = (),
        skip: int = 0,
        limit: int | None = None,
    ) -> list[Document]:
        declared = self._collections[collection]
        keys: list[tuple[str, int]] = [(_path(declared, name, sortable=True), way) for name, way in sort]
        if "_id" not in [name for name, _ in sort]:
            keys.append(("_id", sort[-1][1] if sort else 1))
        if limit == 0:  # to MongoDB a limit of 0 means none
            return []
        with _translated():
            found = self._of(collection).find(_condition(declared, where), {_UNIQUE: 0})
            return list(found.sort(keys).skip(skip).limit(limit or 0))

    def count(self, collection: str, where: Where | Sequence[Where] = ()) -> int:
        with _translated():
            return self._of(collection).count_documents(_condition(self._collections[collection], where))

    def delete(self, collection: str, identifier: str, *, rev: int | None = None) -> bool:
        wanted: dict[str, Any] = {"_id": identifier} | ({} if rev is None else {"rev": rev})
        with _translated():
            return self._of(collection).delete_one(wanted).deleted_count == 1

    def ping(self) -> None:
        with _translated():
            self._database.command("ping")

    def _of(self, collection: str) -> MongoCollection[Document]:
        return self._database[self._collections[collection].name]

    def _prepare(self, collection: Collection) -> None:
        stored = self._of(collection.name)
        for group in collection.unique:
            name = "_".join(group)
            stored.create_index([(f"{_UNIQUE}.{name}", 1)], unique=True, name=f"unique_{name}")
        for group in collection.indexes:
            keys = [(_path(collection, field), 1) for field in group]
            stored.create_index(keys, name=f"by_{'_'.join(group)}")
        for name, path in collection.lists.items():
            stored.create_index([(path, 1)], name=f"list_{name}")

    def _encode(self, collection: str, document: Document) -> Document:
        groups = self._collections[collection].unique
        if not groups:
            return dict(document)
        return document | {
            _UNIQUE: {"_".join(group): self._token(collection, group, document) for group in groups}
        }

    def _token(self, collection: str, group: tuple[str, ...], document: Document) -> str:
        fields = self._collections[collection].fields
        values = [value_at(document, fields[name]) for name in group]
        return str(document["_id"]) if None in values else json.dumps(values)

    def _settle(self, collection: str, stored: Document) -> None:
        """Find out whether a write whose answer was lost has happened; raise `Unavailable` if not."""
        if self.get(collection, stored["_id"]) != stored:
            raise Unavailable(f"the document store did not confirm writing {collection} {stored['_id']}")


def _condition(collection: Collection, where: Where | Sequence[Where]) -> dict[str, Any]:
    options = [
        {_path(collection, name): _test(wanted) for name, wanted in each.items()}
        for each in alternatives(where)
    ]
    if not options:
        return {}
    return options[0] if len(options) == 1 else {"$or": options}


def _test(wanted: Scalar | Comparison) -> Any:
    if not isinstance(wanted, Comparison):
        return wanted
    return {f"${wanted.operator}": wanted.value}


def _path(collection: Collection, name: str, *, sortable: bool = False) -> str:
    if name == "_id":
        return "_id"
    if name in collection.lists and not sortable:
        return collection.lists[name]
    if name not in collection.fields:
        raise UndeclaredField(f"{collection.name}.{name}")
    return collection.fields[name]


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except DuplicateKeyError as error:
        raise Duplicate(str(error)) from error
    except ConnectionFailure as error:
        raise Unavailable(f"the document store does not answer: {error}") from error
    except PyMongoError as error:
        raise Unavailable(f"the document store refused: {error}") from error
