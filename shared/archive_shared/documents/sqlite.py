"""The embedded document store: one SQLite file per service, for running on one machine."""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import orjson

from archive_shared.bells import Bells
from archive_shared.clock import SystemClock, to_text
from archive_shared.documents import sqlite_queries as queries
from archive_shared.documents.mutation import mutate
from archive_shared.documents.port import Change, Collection, Document, Sort, Where
from archive_shared.documents.sqlite_schema import prepare
from archive_shared.documents.values import alternatives, to_json, value_at
from archive_shared.errors import Duplicate, Stale, Unavailable
from archive_shared.sqlite_file import open_sqlite

CHANGES = "changes"
"""The bell of a store, rung when a document was written that its relay has to do with."""


class SqliteDocuments:
    """Documents as JSON text in SQLite (WAL, synchronous=FULL): survives kill -9 and power loss.

    Several processes may share the file, each with an object of its own; as many connections are opened as
    threads ever call at once. Measured: about 4,000 durable writes and 190,000 reads per second (spec/infrastructure.md 3.2).

    Parameters
    ----------
    file
        Made readable for its owner alone when it does not exist: documents may hold patient data.
    """

    def __init__(self, file: Path, collections: Sequence[Collection]) -> None:
        self._file = file
        self._bells = Bells(file)
        self._collections = {collection.name: collection for collection in collections}
        self._process = os.getpid()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False
        with ExitStack() as on_failure:
            on_failure.callback(self.close)
            with self._connection() as connection:
                prepare(connection, collections)
            on_failure.pop_all()

    def put_new(self, collection: str, document: Document) -> Document:
        text = to_json(document | {"rev": 1})
        with self._connection() as connection:
            connection.execute(
                f'insert into "{self._table(collection)}"(_id, rev, doc) values (?, 1, ?)',
                (document["_id"], text),
            )
        self._tell_relay([document])
        return _read(text)

    def get(self, collection: str, identifier: str) -> Document | None:
        query = f'select doc from "{self._table(collection)}" where _id = ?'
        with self._connection() as connection:
            row = connection.execute(query, (identifier,)).fetchone()
        return None if row is None else _read(row[0])

    def save(self, collection: str, document: Document) -> Document:
        text = to_json(document | {"rev": document["rev"] + 1})
        with self._connection() as connection:
            if not self._replace(connection, collection, document, text):
                raise Stale(f"{collection} {document['_id']} no longer has revision {document['rev']}")
        self._tell_relay([document])
        return _read(text)

    def save_each(self, collection: str, documents: Sequence[Document]) -> list[str]:
        texts = [to_json(document | {"rev": document["rev"] + 1}) for document in documents]
        with self._connection() as connection, _transaction(connection):
            stale = [
                document["_id"]
                for document, text in zip(documents, texts, strict=True)
                if not self._replace(connection, collection, document, text)
            ]
        self._tell_relay(documents)
        return stale

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
        selected, values = queries.selection(declared, alternatives(where), sort)
        query = f"{selected} limit ? offset ?"
        with self._connection() as connection:
            rows = connection.execute(query, [*values, -1 if limit is None else limit, skip])
            return [_read(row[0]) for row in rows]

    def identifiers(self, collection: str, where: Where | Sequence[Where] = ()) -> list[str]:
        query, values = queries.identifiers(self._collections[collection], alternatives(where))
        with self._connection() as connection:
            return [str(row[0]) for row in connection.execute(query, values)]

    def count(self, collection: str, where: Where | Sequence[Where] = (), *, limit: int | None = None) -> int:
        counted, values = queries.counted(self._collections[collection], alternatives(where))
        query = f"select count(*) from ({counted} limit ?)"
        with self._connection() as connection:
            bound = [*values, -1 if limit is None else limit]
            return int(connection.execute(query, bound).fetchone()[0])

    def delete(self, collection: str, identifier: str, *, rev: int | None = None) -> bool:
        query = f'delete from "{self._table(collection)}" where _id = ? and rev = coalesce(?, rev)'
        with self._connection() as connection:
            return connection.execute(query, (identifier, rev)).rowcount == 1

    def ping(self) -> None:
        with self._connection() as connection:
            connection.execute("select count(*) from sqlite_schema")

    def close(self) -> None:
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    def plan(self, collection: str, where: Where | Sequence[Where] = (), *, sort: Sort = ()) -> list[str]:
        """Tell how SQLite would answer a query; tests use it to prove that an index serves it."""
        selected, values = queries.selection(self._collections[collection], alternatives(where), sort)
        query = f"explain query plan {selected}"
        with self._connection() as connection:
            return [str(row[3]) for row in connection.execute(query, values)]

    def _tell_relay(self, written: Sequence[Document]) -> None:
        """Ring if there is something to publish; waking up for every document costs a relay more than its work."""
        if any(map(_concerns_relay, written)):
            self._bells.ring(CHANGES)

    def _replace(
        self, connection: sqlite3.Connection, collection: str, document: Document, text: str
    ) -> bool:
        """Write the next revision of a document; tell whether the one given was still there."""
        identifier, rev = document["_id"], document["rev"]
        changed = connection.execute(
            f'update "{self._table(collection)}" set rev = ?, doc = ? where _id = ? and rev = ?',
            (rev + 1, text, identifier, rev),
        )
        return changed.rowcount == 1

    def _table(self, collection: str) -> str:
        return self._collections[collection].name

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection to one thread; they are pooled because Python closes those of ended threads late."""
        if self._process != os.getpid():
            # SQLite keeps its locks per file and process in memory, so even a new connection in a forked child
            # would trust locks it does not hold; tried, 200 acknowledged writes were lost. sqlite.org/howtocorrupt.html 2.6
            raise RuntimeError("SqliteDocuments was built before a fork; build it in the child")
        with self._translated():
            connection = self._take()
            try:
                yield connection
            finally:
                self._give_back(connection)

    def _take(self) -> sqlite3.Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return open_sqlite(self._file)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        self._idle.append(connection)
        if self._closed:
            self.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError as error:
            raise Duplicate(f"an identifier or key is taken: {error}") from error
        except sqlite3.ProgrammingError:
            raise
        except (sqlite3.DatabaseError, OSError) as error:  # locked for long, disk full, damaged, no access
            raise Unavailable(f"the document store {self._file.name} does not answer: {error}") from error


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("begin immediate")
    try:
        yield
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")


def _concerns_relay(document: Document) -> bool:
    """Tell whether events wait in a document, or it is a job that workers are to hear of by now."""
    hint_at = value_at(document, "job.hint_at")
    return bool(document.get("outbox")) or (hint_at is not None and hint_at <= to_text(SystemClock().now()))


def _read(text: str) -> Document:
    document: Document = orjson.loads(text)
    return document
