"""What waits in the databases of all services: events to be published, jobs to be started; only looks, for operators.

It knows no service: wherever a database has an index over `outbox_since`, documents announce events, and where it has
one over when workers are to be told, they are jobs.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from archive_shared.clock import from_text, to_text
from archive_shared.documents.connect import database_prefix, mongo_server, sqlite_folder
from archive_shared.errors import Unavailable

LIMIT = 10_000


@dataclass(frozen=True, kw_only=True)
class WaitingEvent:
    """An event that is due and not published yet, without what it says."""

    id: str
    type: str
    document: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Outbox:
    """The events that wait in one collection of a service, those of the `LIMIT` oldest documents."""

    service: str
    collection: str
    events: Sequence[WaitingEvent]


class _Database(Protocol):
    """The database of one service."""

    service: str

    def announcing(self) -> list[str]:
        """Name the collections whose documents announce events."""
        ...

    def outbox(self, collection: str) -> Iterable[Mapping[str, Any]]:
        """Give `_id` and `outbox` of documents with events, those that have been waiting longest first."""
        ...

    def working(self) -> list[str]:
        """Name the collections of jobs."""
        ...

    def oldest_due(self, collection: str, now: str) -> str | None:
        """Return since when the oldest queued job could have been started."""
        ...


def list_outboxes(url: str) -> list[Outbox]:
    """Return the outbox of every collection that can have events, empty ones too; url as for `connect_documents`.

    Raises
    ------
    Unavailable
        The databases do not answer.
    """
    with _databases(url) as databases:
        return [
            _outbox(database, collection)
            for database in databases
            for collection in sorted(database.announcing())
        ]


def oldest_jobs(url: str, now: datetime) -> dict[str, datetime]:
    """Return by service since when its oldest queued job could have been started; raises like `list_outboxes`."""
    found: dict[str, datetime] = {}
    with _databases(url) as databases:
        for database in databases:
            due = [database.oldest_due(collection, to_text(now)) for collection in database.working()]
            if oldest := min(filter(None, due), default=None):
                found[database.service] = from_text(oldest)
    return found


def _outbox(database: _Database, collection: str) -> Outbox:
    events = [
        WaitingEvent(
            id=envelope["id"],
            type=envelope["type"],
            document=document["_id"],
            at=from_text(envelope["time"]),
        )
        for document in database.outbox(collection)
        for envelope in document["outbox"]
    ]
    return Outbox(service=database.service, collection=collection, events=events)


@contextmanager
def _databases(url: str) -> Iterator[list[_Database]]:
    """Open the databases of all services for the length of a `with` block, in the order of their names."""
    opened = _files(url) if urlsplit(url).scheme == "sqlite" else _on_server(url)
    with opened as databases:
        yield sorted(databases, key=lambda database: database.service)


# --- SQLite ----------------------------------------------------------------------------------------------------------


@contextmanager
def _files(url: str) -> Iterator[list[_Database]]:
    try:
        yield [_File(file) for file in sqlite_folder(url).glob("*.db")]
    except sqlite3.DatabaseError as error:
        raise Unavailable(f"the document store does not answer: {error}") from error


class _File:
    def __init__(self, file: Path) -> None:
        self.service = file.stem
        self._address = f"{file.as_uri()}?mode=ro"

    def announcing(self) -> list[str]:
        return self._having("_by_outbox_since")

    def working(self) -> list[str]:
        return self._having("_by_hint_at")

    def outbox(self, collection: str) -> Iterable[Mapping[str, Any]]:
        since = "json_extract(doc, '$.outbox_since')"
        query = f"""select doc from "{collection}" where {since} >= '' order by {since} limit {LIMIT}"""
        return [json.loads(text) for (text,) in self._rows(query)]

    def oldest_due(self, collection: str, now: str) -> str | None:
        state, due = "json_extract(doc, '$.job.state')", "json_extract(doc, '$.job.due_at')"
        query = f"""select min({due}) from "{collection}" where {state} = 'queued' and {due} <= ?"""
        ((oldest,),) = self._rows(query, now)
        return None if oldest is None else str(oldest)

    def _having(self, index: str) -> list[str]:
        query = "select tbl_name from sqlite_schema where type = 'index' and name = tbl_name || ?"
        return [table for (table,) in self._rows(query, index)]

    def _rows(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self._address, uri=True)) as connection:
            return connection.execute(query, values).fetchall()


# --- MongoDB ---------------------------------------------------------------------------------------------------------


@contextmanager
def _on_server(url: str) -> Iterator[list[_Database]]:
    from pymongo import MongoClient  # noqa: PLC0415 (slow to load, and unused embedded)
    from pymongo.errors import PyMongoError  # noqa: PLC0415 (likewise)

    prefix = f"{database_prefix(url)}_"
    try:
        with MongoClient[dict[str, Any]](mongo_server(url), serverSelectionTimeoutMS=5_000) as client:
            names = [name for name in client.list_database_names() if name.startswith(prefix)]
            yield [_Mongo(name.removeprefix(prefix), client[name]) for name in names]
    except PyMongoError as error:
        raise Unavailable(f"the document store does not answer: {type(error).__name__}") from error


class _Mongo:
    def __init__(self, name: str, database: Any) -> None:
        self.service = name.replace("_", "-")
        self._database = database

    def announcing(self) -> list[str]:
        return self._having("by_outbox_since")

    def working(self) -> list[str]:
        return self._having("by_job-hint_at")

    def outbox(self, collection: str) -> Iterable[Mapping[str, Any]]:
        wanted = {f"doc.{name}": 1 for name in ("_id", "outbox.id", "outbox.type", "outbox.time")}
        found = self._database[collection].find({"doc.outbox_since": {"$gte": ""}}, wanted)
        return [each["doc"] for each in found.sort("doc.outbox_since", 1).limit(LIMIT)]

    def oldest_due(self, collection: str, now: str) -> str | None:
        due = {"doc.job.state": "queued", "doc.job.due_at": {"$lte": now}}
        found = self._database[collection].find(due, {"doc.job.due_at": 1}).sort("doc.job.due_at", 1).limit(1)
        return next((str(each["doc"]["job"]["due_at"]) for each in found), None)

    def _having(self, index: str) -> list[str]:
        names = self._database.list_collection_names()
        return [name for name in names if index in self._database[name].index_information()]
