"""Archives of any size for `make bench-api`, in SQLite and in MongoDB.

They are filled past the API, because a million POSTs would take an hour, and kept for the next run: in
`.cache/bench-api`, or in databases named `bench_<size>`.
"""

import multiprocessing
import random
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import orjson
import pymongo
from flask.testing import FlaskClient

from archive_api.bootstrap import COLLECTIONS
from archive_api.domain.image import Image
from archive_api.domain.item import Item
from archive_api.domain.rendering import Rendering
from archive_api.domain.search_entry import SCHEME, SearchEntry, entry_id, findable, measures, scoped
from archive_api.domain.value import Value
from archive_api.entrypoints.http.item_query import written_position
from archive_api.use_cases.create_socket import NewSocket, create_socket
from archive_api.use_cases.search_items import Position
from archive_shared.blobs import BlobSettings
from archive_shared.documents import Collection, Documents, Repository
from archive_shared.documents.aggregate import Aggregate
from archive_shared.documents.mongo import MongoDocuments, new_record
from archive_shared.documents.port import Document
from archive_shared.documents.sqlite import SqliteDocuments
from archive_shared.identifiers import derived_id
from tests.support.archive_service import SITE, archive_service_on
from tests.support.imports import SOCKET, an_import

CACHE = Path(".cache/bench-api")
BEGAN_AT = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliett")

_BATCH = 2_000
_BUILDING_INDEXES_TAKES_AT_MOST_S = 3600
_BARE = [Collection(each.name) for each in COLLECTIONS]
"""The collections without what is derived from documents, which is built sooner when all of them are there."""

Batch = Mapping[str, Sequence[Document]]
"""Documents by collection; items come last, so that a batch is there when its items are."""


@dataclass(frozen=True)
class Filled:
    """A service whose one archive holds so many items."""

    size: int
    documents: Documents
    http: FlaskClient
    archive: str
    token: str
    far: str
    """The address of a page by cursor from the middle of the archive."""

    def get(self, path: str) -> Any:
        answer = self.http.get(path, headers={"Authorization": f"Bearer {self.token}"})
        assert answer.status_code == 200, answer.text
        return answer


class Store(Protocol):
    """Where an archive is kept."""

    def open(self) -> Documents: ...

    def fill(self, batches: Iterable[Batch]) -> None:
        """Write documents as the adapter would, instead of any that are there."""
        ...


@dataclass(frozen=True)
class SqliteStore:
    """A file on this disk."""

    file: Path

    def open(self) -> Documents:
        return SqliteDocuments(self.file, COLLECTIONS)

    def fill(self, batches: Iterable[Batch]) -> None:
        self.file.unlink(missing_ok=True)
        SqliteDocuments(self.file, _BARE).close()
        with sqlite3.connect(self.file) as connection:
            for pragma in ("synchronous = off", "cache_size = -2000000"):
                connection.execute(f"pragma {pragma}")
            for batch in batches:
                for name, documents in batch.items():
                    rows = sorted((each["_id"], orjson.dumps(each).decode()) for each in documents)
                    connection.executemany(f"insert into {name} (_id, rev, doc) values (?, 1, ?)", rows)
        connection.close()
        self.open().close()


@dataclass(frozen=True)
class MongoStore:
    """A database of a server that speaks MongoDB's protocol."""

    url: str
    database: str

    def open(self) -> Documents:
        return MongoDocuments(self.url, self.database, COLLECTIONS)

    def fill(self, batches: Iterable[Batch]) -> None:
        declared = {each.name: each for each in COLLECTIONS}
        with pymongo.MongoClient[Document](self.url) as client:
            client.drop_database(self.database)
            for batch in batches:
                for name, documents in batch.items():
                    records = [new_record(declared[name], each, mark="") for each in documents]
                    client[self.database][name].insert_many(records, ordered=False)
        patient = {"timeout_s": _BUILDING_INDEXES_TAKES_AT_MOST_S}
        MongoDocuments(self.url, self.database, COLLECTIONS, **patient).close()


def filled(size: int, mongo_url: str | None = None) -> Filled:
    """Return a service with an archive of so many items, in SQLite without an address; filled when it is not yet."""
    folder, archive = CACHE / str(size), derived_id("bench archive", str(size))
    folder.mkdir(parents=True, exist_ok=True)
    store = MongoStore(mongo_url, f"bench_{size}") if mongo_url else SqliteStore(folder / "archive-api.db")
    documents = store.open()
    if documents.get("items", item_of(archive, size - 1).id) is None:
        documents.close()
        print(f"Filling an archive with {size:,} items ...", flush=True)
        with multiprocessing.Pool() as processes:
            store.fill(processes.imap(partial(_batch, archive, size), range(0, size, _BATCH)))
        documents = store.open()
    blobs = BlobSettings(url=f"file://{(folder / 'blobs').resolve()}", public_url=SITE, link_secret=b"x" * 32)
    service = archive_service_on(documents, blobs)
    if service.library.sockets.get("score") is None:
        create_socket(service.library, NewSocket(title="Score", kind="Float"))
    token = service.people.add_person("editor")
    service.people.give(token, "editor", archive)
    return Filled(size, documents, service.http, archive, token, _page_behind(item_of(archive, size // 2)))


def _page_behind(item: Item) -> str:
    cursor = written_position(Position(entry_id(item)))
    return f"/api/v1/archives/items/?archive={item.archive}&limit=100&cursor={cursor}"


def _batch(archive: str, size: int, first: int) -> Batch:
    batch: dict[str, list[Document]] = {}
    for number in range(first, min(first + _BATCH, size)):
        for name, aggregate in _aggregates(archive, number):
            batch.setdefault(name, []).append(_document(aggregate))
    return batch


def _aggregates(archive: str, number: int) -> Iterator[tuple[str, Aggregate]]:
    item, image = item_of(archive, number), image_of(number)
    image.held_by([archive], at=image.created_at)
    found = findable(item, {image.id: image}, {})
    entry = SearchEntry(
        id=entry_id(item), item=item.id, terms=[scoped(archive, term) for term in found.terms], scheme=SCHEME
    )
    yield "images", image
    yield "renderings", Rendering(id=image.id, preview_ready=True)
    yield "search_entries", entry
    for measure in measures(item, found):
        yield "measures", measure
    yield "items", item


def item_of(archive: str, number: int) -> Item:
    chance = random.Random(number)
    values = [
        Value(socket=SOCKET, image=image_of(number).id),
        Value.of_json("score", round(chance.random(), 6)),
    ]
    title = f"case {number} {WORDS[number % len(WORDS)]}"
    item = Item.create(
        id=derived_id("bench item", str(number)),
        archive=archive,
        title=title,
        values=values,
        at=BEGAN_AT + timedelta(seconds=number),
    )
    item._recorded.clear()
    return item


def image_of(number: int) -> Image:
    event = an_import(f"ct {number}.mha", image=derived_id("bench image", str(number)))
    return Image.imported(event, at=BEGAN_AT + timedelta(seconds=number))


_WRITERS: dict[type[Aggregate], Repository[Any]] = {}


def _document(aggregate: Aggregate) -> Document:
    kind = type(aggregate)
    if kind not in _WRITERS:
        _WRITERS[kind] = Repository(None, "", kind, source="bench")  # type: ignore[arg-type]
    return {**_WRITERS[kind]._to_document(aggregate), "rev": 1, "outbox": []}
