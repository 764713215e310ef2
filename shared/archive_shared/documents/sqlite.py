"""The embedded document store: one SQLite file per service, for running on one machine."""

import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from weakref import WeakSet

from archive_shared.documents import sqlite_schema as schema
from archive_shared.documents.mutation import mutate
from archive_shared.documents.port import Change, Collection, Document, Sort, Where
from archive_shared.documents.values import alternatives, to_json
from archive_shared.errors import Duplicate, Stale, Unavailable

BUSY_TIMEOUT_S = 30
_BUSY_PAUSE_S = 0.02


class SqliteDocuments:
    """Documents as JSON text in SQLite (WAL, synchronous=FULL): survives kill -9 and power loss.

    Several processes may share the file, each with an object of its own; one connection per thread, opened
    on first use. Measured: about 4,000 durable writes and 190,000 reads per second (spec/infrastructure.md 3.2).

    Parameters
    ----------
    file
        Made readable for its owner alone when it does not exist: documents may hold patient data.
    """

    def __init__(self, file: Path, collections: Sequence[Collection]) -> None:
        self._file = file
        self._collections = {collection.name: collection for collection in collections}
        self._process = os.getpid()
        self._local = threading.local()
        self._open: WeakSet[_Connection] = WeakSet()
        self._opening = threading.Lock()
        with ExitStack() as on_failure, self._translated():
            on_failure.callback(self.close)
            _create(file)
            schema.prepare(self._connection(), collections)
            on_failure.pop_all()

    def put_new(self, collection: str, document: Document) -> Document:
        text = to_json(document | {"rev": 1})
        with self._translated():
            self._connection().execute(
                f'insert into "{self._table(collection)}"(_id, rev, doc) values (?, 1, ?)',
                (document["_id"], text),
            )
        return _read(text)

    def get(self, collection: str, identifier: str) -> Document | None:
        query = f'select doc from "{self._table(collection)}" where _id = ?'
        with self._translated():
            row = self._connection().execute(query, (identifier,)).fetchone()
        return None if row is None else _read(row[0])

    def save(self, collection: str, document: Document) -> Document:
        identifier, rev = document["_id"], document["rev"]
        text = to_json(document | {"rev": rev + 1})
        with self._translated():
            changed = self._connection().execute(
                f'update "{self._table(collection)}" set rev = ?, doc = ? where _id = ? and rev = ?',
                (rev + 1, text, identifier, rev),
            )
        if changed.rowcount != 1:
            raise Stale(f"{collection} {identifier} no longer has revision {rev}")
        return _read(text)

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
        condition, values = schema.condition(declared, alternatives(where))
        query = f'select doc from "{collection}"{condition}{schema.order(declared, sort)} limit ? offset ?'
        with self._translated():
            rows = self._connection().execute(query, [*values, -1 if limit is None else limit, skip])
            return [_read(row[0]) for row in rows]

    def count(self, collection: str, where: Where | Sequence[Where] = ()) -> int:
        condition, values = schema.condition(self._collections[collection], alternatives(where))
        query = f'select count(*) from "{collection}"{condition}'
        with self._translated():
            return int(self._connection().execute(query, values).fetchone()[0])

    def delete(self, collection: str, identifier: str, *, rev: int | None = None) -> bool:
        query = f'delete from "{self._table(collection)}" where _id = ? and rev = coalesce(?, rev)'
        with self._translated():
            return self._connection().execute(query, (identifier, rev)).rowcount == 1

    def ping(self) -> None:
        with self._translated():
            self._connection().execute("select count(*) from sqlite_schema")

    def close(self) -> None:
        with self._opening:
            for connection in list(self._open):
                connection.close()

    def plan(self, collection: str, where: Where | Sequence[Where] = (), *, sort: Sort = ()) -> list[str]:
        """Tell how SQLite would answer a query; tests use it to prove that an index serves it."""
        declared = self._collections[collection]
        condition, values = schema.condition(declared, alternatives(where))
        query = f'explain query plan select doc from "{collection}"{condition}{schema.order(declared, sort)}'
        return [str(row[3]) for row in self._connection().execute(query, values)]

    def _table(self, collection: str) -> str:
        return self._collections[collection].name

    def _connection(self) -> sqlite3.Connection:
        if self._process != os.getpid():
            # SQLite keeps its locks per file and process in memory, so even a new connection in a forked child
            # would trust locks it does not hold; tried, 200 acknowledged writes were lost. sqlite.org/howtocorrupt.html 2.6
            raise RuntimeError("SqliteDocuments was built before a fork; build it in the child")
        held: _Connection | None = getattr(self._local, "held", None)
        if held is None:
            held = _connect(self._file)
            self._local.held = held
            with self._opening:
                self._open.add(held)
        return held

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


class _Connection(sqlite3.Connection):
    """A connection that can be referred to weakly and closes itself when its thread has ended."""

    def __del__(self) -> None:
        self.close()


def _create(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)  # SQLite gives its other files the same mode


def _connect(file: Path) -> _Connection:
    """Open the file; while another process switches it to WAL, SQLite refuses at once instead of waiting."""
    give_up_at_s = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            return _open(file)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up_at_s:
                raise
            time.sleep(_BUSY_PAUSE_S)


def _open(file: Path) -> _Connection:
    connection = sqlite3.connect(
        file,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,  # each thread uses its own; only `close` comes from another one
        factory=_Connection,
    )
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = full")
    return connection


def _read(text: str) -> Document:
    document: Document = json.loads(text)
    return document
