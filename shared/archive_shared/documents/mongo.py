"""The MongoDB document store; standalone servers, replica sets and compatible servers alike.

Only single-document writes, plain indexes, plain conditions and `$set` are used, so that every server that
speaks the wire protocol honestly behaves the same. A stored document looks like this:

    {"_id": …, "rev": 7, "doc": {the document}, "unique": {"kind+sha": "…"}, "writes": {"7": "…", …}}

- Unique groups are kept by one plain unique index each over a text `unique.<group>`: where a key is
  missing it holds the document's own identifier, which replaces partial indexes (not every server has
  them, and MongoDB counts missing as null).
- `writes` holds random marks of the last writes, by revision modulo `_MARKS`. A write whose answer was lost
  has happened exactly if its mark is there, even if others wrote since (the relay does, at once).
  Replica sets settle such writes in the driver; standalone servers cannot.
"""

import json
import random
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from pymongo import MongoClient, UpdateOne, WriteConcern
from pymongo.collection import Collection as MongoCollection
from pymongo.database import Database
from pymongo.errors import BulkWriteError, DuplicateKeyError, OperationFailure, PyMongoError

from archive_shared.documents import mongo_schema as schema
from archive_shared.documents.mutation import mutate
from archive_shared.documents.port import Change, Collection, Document, Sort, Where
from archive_shared.documents.values import alternatives, to_json
from archive_shared.errors import Duplicate, Stale, Unavailable

_MARKS = 8
_DUPLICATE_KEY = 11_000
_PREPARATIONS = 6
_PREPARATION_PAUSE_S = 0.2
_AT_ONCE = 1000
"""Documents in one answer where no limit says how many are wanted; servers would begin with 101, and be asked again."""


class MongoDocuments:
    """Documents in one MongoDB database, written with majority and journal.

    Parameters
    ----------
    timeout_s
        How long the server may take to answer. Settling a write whose answer was lost may take as long again.
    """

    def __init__(
        self, url: str, database: str, collections: Sequence[Collection], *, timeout_s: float = 10.0
    ) -> None:
        self._client: MongoClient[Document] = MongoClient(
            url, timeoutMS=round(timeout_s * 1000), serverSelectionTimeoutMS=5_000, appname=database
        )
        concern = WriteConcern(w="majority", j=True)
        self._database: Database[Document] = self._client.get_database(database, write_concern=concern)
        self._collections = {collection.name: collection for collection in collections}
        with ExitStack() as on_failure, _translated():
            on_failure.callback(self.close)
            for collection in collections:
                _prepare(self._of(collection.name), collection)
            on_failure.pop_all()

    def put_new(self, collection: str, document: Document) -> Document:
        stored: Document = json.loads(to_json(document | {"rev": 1}))
        mark = secrets.token_hex(8)
        with self._settled(collection, stored, mark):
            self._of(collection).insert_one(new_record(self._collections[collection], stored, mark))
        return stored

    def get(self, collection: str, identifier: str) -> Document | None:
        with _translated():
            found = self._of(collection).find_one({"_id": identifier}, {"doc": 1})
        return None if found is None else found["doc"]

    def save(self, collection: str, document: Document) -> Document:
        write = self._replacement(collection, document)
        with self._settled(collection, write.stored, write.mark):
            result = self._of(collection).update_one(write.condition, write.changes)
            if result.matched_count != 1:
                raise Stale(f"{collection} {document['_id']} no longer has revision {document['rev']}")
        return write.stored

    def save_each(self, collection: str, documents: Sequence[Document]) -> list[str]:
        writes = [self._replacement(collection, document) for document in documents]
        if not writes:
            return []
        try:
            with _translated():
                updates = [UpdateOne(write.condition, write.changes) for write in writes]
                done = self._of(collection).bulk_write(updates, ordered=False)
            if done.matched_count == len(writes):
                return []
        except Unavailable:
            if missing := self._without_mark(collection, writes):
                raise
            return missing
        return self._without_mark(collection, writes)

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
        condition, keys = schema.condition(declared, alternatives(where)), schema.order(declared, sort)
        if limit == 0:  # to MongoDB a limit of 0 means none
            return []
        with _translated():
            found = self._of(collection).find(
                condition, {"doc": 1}, sort=keys, skip=skip, limit=limit or 0, batch_size=limit or _AT_ONCE
            )
            return [each["doc"] for each in found]

    def identifiers(self, collection: str, where: Where | Sequence[Where] = ()) -> list[str]:
        condition = schema.condition(self._collections[collection], alternatives(where))
        with _translated():
            found = self._of(collection).find(condition, {"_id": 1}, sort=[("_id", 1)], batch_size=_AT_ONCE)
            return [str(each["_id"]) for each in found]

    def count(self, collection: str, where: Where | Sequence[Where] = (), *, limit: int | None = None) -> int:
        condition = schema.condition(self._collections[collection], alternatives(where))
        if limit == 0:  # MongoDB counts to one at least
            return 0
        bounds: dict[str, Any] = {} if limit is None else {"limit": limit}
        with _translated():
            return self._of(collection).count_documents(condition, **bounds)

    def delete(self, collection: str, identifier: str, *, rev: int | None = None) -> bool:
        wanted: dict[str, Any] = {"_id": identifier} | ({} if rev is None else {"rev": rev})
        try:
            with _translated():
                return self._of(collection).delete_one(wanted).deleted_count == 1
        except Unavailable:
            if self.get(collection, identifier) is None:
                return True
            raise

    def ping(self) -> None:
        with _translated():
            self._database.command("ping")

    def close(self) -> None:
        self._client.close()

    def _of(self, collection: str) -> MongoCollection[Document]:
        return self._database[self._collections[collection].name]

    @contextmanager
    def _settled(self, collection: str, stored: Document, mark: str) -> Iterator[None]:
        """Do a write; when its answer is lost, look whether it happened before saying it did not."""
        try:
            with _translated():
                yield
        except Unavailable:
            if not self._has_mark(collection, stored, mark):
                raise

    def _replacement(self, collection: str, document: Document) -> "_Replacement":
        rev = document["rev"] + 1
        stored: Document = json.loads(to_json(document | {"rev": rev}))
        mark = secrets.token_hex(8)
        changes = {"rev": rev, "doc": stored, f"writes.{_slot(rev)}": mark}
        tokens = schema.unique_tokens(self._collections[collection], stored)
        changes |= {f"unique.{group}": token for group, token in tokens.items()}
        return _Replacement({"_id": stored["_id"], "rev": rev - 1}, {"$set": changes}, stored, mark)

    def _without_mark(self, collection: str, writes: Sequence["_Replacement"]) -> list[str]:
        """Return the identifiers of the documents that do not show that these writes happened."""
        identifiers = [write.stored["_id"] for write in writes]
        with _translated():
            found = self._of(collection).find({"_id": {"$in": identifiers}}, {"writes": 1})
            marks = {each["_id"]: set(each["writes"].values()) for each in found}
        return [
            write.stored["_id"] for write in writes if write.mark not in marks.get(write.stored["_id"], ())
        ]

    def _has_mark(self, collection: str, stored: Document, mark: str) -> bool:
        wanted = {"_id": stored["_id"], f"writes.{_slot(stored['rev'])}": mark}
        with _translated():
            return self._of(collection).find_one(wanted, {"_id": 1}) is not None


@dataclass(frozen=True)
class _Replacement:
    """A conditional write of one document."""

    condition: Document
    changes: Document
    stored: Document
    mark: str


def new_record(collection: Collection, document: Document, mark: str) -> Document:
    """Return what is stored of a document of revision 1; for those who fill a database past the adapter, too."""
    return {
        "_id": document["_id"],
        "rev": 1,
        "doc": document,
        "unique": schema.unique_tokens(collection, document),
        "writes": {_slot(1): mark},
    }


def _prepare(stored: MongoCollection[Document], collection: Collection) -> None:
    """Prepare a collection, several times if need be.

    All processes of all services start together and prepare the same; then a server may refuse some of them, since it
    is making the database just now or electing its primary.
    """
    for attempt in range(1, _PREPARATIONS + 1):
        try:
            schema.prepare(stored, collection)
        except DuplicateKeyError:
            # documents that are there contradict a new rule: no later attempt is different
            raise
        except OperationFailure:
            if attempt == _PREPARATIONS:
                raise
            time.sleep(attempt * _PREPARATION_PAUSE_S * random.uniform(0.5, 1.5))  # noqa: S311 (jitter, not a secret)
        else:
            return


def _slot(rev: int) -> str:
    return str(rev % _MARKS)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except DuplicateKeyError as error:  # its text names values, which must not reach logs or answers
        raise Duplicate("an identifier or key is taken") from error
    except BulkWriteError as error:
        codes = {each["code"] for each in error.details["writeErrors"]}
        if codes == {_DUPLICATE_KEY}:
            raise Duplicate("an identifier or key is taken") from None
        raise Unavailable(f"the document store does not answer: codes {sorted(codes)}") from None
    except PyMongoError as error:
        raise Unavailable(f"the document store does not answer: {type(error).__name__}") from error
