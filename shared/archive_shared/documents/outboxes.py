"""What waits to be published, over the databases of all services; only looks, for operators' tools.

It knows no service: wherever a database has an index over `outbox_since`, documents announce events.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from archive_shared.clock import from_text
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
    """The events that wait in one collection of a service, oldest documents first, at most those of `LIMIT`."""

    service: str
    collection: str
    events: Sequence[WaitingEvent]


def list_outboxes(url: str) -> list[Outbox]:
    """Return the outbox of every collection that can have events, empty ones too; url as for `connect_documents`.

    Raises
    ------
    Unavailable
        The databases do not answer.
    """
    find = _in_files if urlsplit(url).scheme == "sqlite" else _on_server
    return sorted(find(url), key=lambda outbox: (outbox.service, outbox.collection))


def _in_files(url: str) -> Iterator[Outbox]:
    for file in sqlite_folder(url).glob("*.db"):
        try:
            yield from _in_file(file)
        except sqlite3.DatabaseError as error:
            raise Unavailable(f"the document store {file.name} does not answer: {error}") from error


def _in_file(file: Path) -> Iterator[Outbox]:
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
        tables = connection.execute(
            "select tbl_name from sqlite_schema where type = 'index' and name = tbl_name || '_by_outbox_since'"
        )
        for (table,) in tables.fetchall():
            since = "json_extract(doc, '$.outbox_since')"
            query = f"""select doc from "{table}" where {since} >= '' order by {since} limit {LIMIT}"""
            documents = (json.loads(text) for (text,) in connection.execute(query))
            yield _outbox(file.stem, table, documents)


def _on_server(url: str) -> Iterator[Outbox]:
    from pymongo import MongoClient  # noqa: PLC0415 (slow to load, and unused embedded)
    from pymongo.errors import PyMongoError  # noqa: PLC0415 (likewise)

    prefix = f"{database_prefix(url)}_"
    try:
        with MongoClient[dict[str, Any]](mongo_server(url), serverSelectionTimeoutMS=5_000) as client:
            for database in client.list_database_names():
                if database.startswith(prefix):
                    service = database.removeprefix(prefix).replace("_", "-")
                    yield from _in_database(service, client[database])
    except PyMongoError as error:
        raise Unavailable(f"the document store does not answer: {type(error).__name__}") from error


def _in_database(service: str, database: Any) -> Iterator[Outbox]:
    wanted = {f"doc.{name}": 1 for name in ("_id", "outbox.id", "outbox.type", "outbox.time")}
    for name in database.list_collection_names():
        if "by_outbox_since" in database[name].index_information():
            found = database[name].find({"doc.outbox_since": {"$gte": ""}}, wanted)
            documents = (each["doc"] for each in found.sort("doc.outbox_since", 1).limit(LIMIT))
            yield _outbox(service, name, documents)


def _outbox(service: str, collection: str, documents: Iterable[dict[str, Any]]) -> Outbox:
    events = [
        WaitingEvent(
            id=envelope["id"],
            type=envelope["type"],
            document=document["_id"],
            at=from_text(envelope["time"]),
        )
        for document in documents
        for envelope in document["outbox"]
    ]
    return Outbox(service=service, collection=collection, events=events)
