"""`make bench-api`: lists, details and searches of archives of a thousand, a hundred thousand and a million items.

Requests go through the whole service (WSGI, permissions in memory, SQLite on this disk) in one process and one thread, in
turns over the sizes; what must come out is that a page costs the same at any size. Stores are filled past the API,
because a million POSTs would take an hour, and kept in `.cache/bench-api` for the next run.
"""

import argparse
import logging
import multiprocessing
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import structlog
from flask.testing import FlaskClient

from archive_api.bootstrap import COLLECTIONS
from archive_api.domain.image import Image
from archive_api.domain.item import Item
from archive_api.domain.rendering import Rendering
from archive_api.domain.search_entry import SCHEME, SearchEntry, entry_id, findable, measures, scoped
from archive_api.domain.value import Value
from archive_api.use_cases.create_socket import NewSocket, create_socket
from archive_shared.blobs import BlobSettings
from archive_shared.documents import Collection, Repository
from archive_shared.documents.aggregate import Aggregate
from archive_shared.documents.sqlite import SqliteDocuments
from archive_shared.identifiers import derived_id
from bench.measuring import Figures, compare, conditions, percentile, table
from tests.support.archive_service import SITE, archive_service_on
from tests.support.imports import SOCKET, an_import

CACHE = Path(".cache/bench-api")
BEGAN_AT = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliett")
BATCH = 10_000


@dataclass(frozen=True)
class Filled:
    """A service whose one archive holds so many items."""

    size: int
    http: FlaskClient
    archive: str
    token: str
    far: str
    """The address of a page by cursor from the middle of the archive."""

    def get(self, path: str) -> Any:
        answer = self.http.get(path, headers={"Authorization": f"Bearer {self.token}"})
        assert answer.status_code == 200, answer.text
        return answer


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--sizes", default="1000,100000,1000000")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--requests", type=int, default=100, help="per round, size and kind")
    asked = arguments.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    services = [filled(int(size)) for size in asked.sizes.split(",")]
    for name, ask in KINDS.items():
        contestants = {
            f"{each.size:,} items": lambda each=each, ask=ask: measure(each, ask, asked.requests)
            for each in services
        }
        comparison = compare(contestants, rounds=asked.rounds)
        print(f"\n{name}\n\n{table(comparison, against=next(iter(contestants)))}\n\n{conditions(comparison)}")


def measure(service: Filled, ask: Callable[[Filled, random.Random], Any], requests: int) -> Figures:
    """Send requests one after the other and say how long they took, and how long without what others took meanwhile."""
    chance = random.Random(requests)
    took_ms, cpu_ms = [], []
    for _ in range(requests):
        begun_s, cpu_begun_s = time.perf_counter(), time.process_time()
        ask(service, chance)
        took_ms.append((time.perf_counter() - begun_s) * 1000)
        cpu_ms.append((time.process_time() - cpu_begun_s) * 1000)
    return {
        "p50 ms": percentile(took_ms, 50),
        "p99 ms": percentile(took_ms, 99),
        "p99 CPU ms": percentile(cpu_ms, 99),
        "requests per s and core": requests * 1000 / sum(cpu_ms),
    }


def first_page(service: Filled, chance: random.Random) -> Any:
    return service.get(f"/api/v1/archives/items/?archive={service.archive}&limit=100")


def far_page(service: Filled, chance: random.Random) -> Any:
    return service.get(service.far)


def detail(service: Filled, chance: random.Random) -> Any:
    identifier = derived_id("bench item", str(chance.randrange(service.size)))
    return service.get(f"/api/v1/archives/items/{identifier}/")


def by_value(service: Filled, chance: random.Random) -> Any:
    low = chance.random() * 0.9
    query = f"archive={service.archive}&limit=100&value[score][gte]={low}"
    return service.get(f"/api/v1/archives/items/?{query}")


def by_word(service: Filled, chance: random.Random) -> Any:
    query = f"archive={service.archive}&limit=100&search={chance.choice(WORDS)}"
    return service.get(f"/api/v1/archives/items/?{query}")


def by_word_and_value(service: Filled, chance: random.Random) -> Any:
    query = f"archive={service.archive}&limit=20&search={chance.choice(WORDS)}&value[score][lt]=0.5"
    return service.get(f"/api/v1/archives/items/?{query}")


KINDS = {
    "List of 100 items, the first page": first_page,
    "List of 100 items, from the middle by cursor": far_page,
    "One item": detail,
    "Search by value (a range), 100 items": by_value,
    "Search by a word a tenth of the items have, 100 items": by_word,
    "Search by such a word and a value half of them have, 20 items": by_word_and_value,
}


# --- filling


def filled(size: int) -> Filled:
    """Return a service with an archive of so many items; filled when it is asked for the first time."""
    folder, archive = CACHE / str(size), derived_id("bench archive", str(size))
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "archive-api.db"
    documents = SqliteDocuments(file, COLLECTIONS)
    blobs = BlobSettings(url=f"file://{(folder / 'blobs').resolve()}", public_url=SITE, link_secret=b"x" * 32)
    if documents.count("items", limit=1) == 0:
        documents.close()
        fill(file, archive, size)
        documents = SqliteDocuments(file, COLLECTIONS)
    service = archive_service_on(documents, blobs)
    if service.library.sockets.get("score") is None:
        create_socket(service.library, NewSocket(title="Score", kind="Float"))
    token = service.people.add_person("editor")
    service.people.give(token, "editor", archive)
    middle = item_of(archive, size // 2)
    cursor = service.http.get(
        f"/api/v1/archives/items/?archive={archive}&cursor=&limit=1",
        headers={"Authorization": f"Bearer {token}"},
    ).get_json()["next"]
    return Filled(size, service.http, archive, token, _from(cursor, middle))


def _from(cursor: str | None, item: Item) -> str:
    """Return the address of a page behind an item, made of the address of another page."""
    from archive_api.entrypoints.http.item_query import written_position  # noqa: PLC0415 (only to fake an address)
    from archive_api.use_cases.search_items import Position  # noqa: PLC0415

    cursor = written_position(Position(entry_id(item)))
    return f"/api/v1/archives/items/?archive={item.archive}&limit=100&cursor={cursor}"


def fill(file: Path, archive: str, size: int) -> None:
    """Write documents as the store itself would, but all at once, and build what is derived from them afterwards."""
    print(f"Filling an archive with {size:,} items ...", flush=True)
    file.unlink()
    SqliteDocuments(file, [Collection(each.name) for each in COLLECTIONS]).close()
    with sqlite3.connect(file) as connection, multiprocessing.Pool() as processes:
        for pragma in ("synchronous = off", "cache_size = -2000000"):
            connection.execute(f"pragma {pragma}")
        firsts = range(0, size, BATCH)
        for rows in processes.imap_unordered(partial(_batch, archive, size), firsts):
            for name, batch in rows.items():
                connection.executemany(f"insert into {name} (_id, rev, doc) values (?, 1, ?)", sorted(batch))
    connection.close()
    SqliteDocuments(file, COLLECTIONS).close()


def _batch(archive: str, size: int, first: int) -> dict[str, list[tuple[str, str]]]:
    rows: dict[str, list[tuple[str, str]]] = {}
    for number in range(first, min(first + BATCH, size)):
        for name, aggregate in _documents(archive, number):
            rows.setdefault(name, []).append(_row(aggregate))
    return rows


def _documents(archive: str, number: int) -> Iterator[tuple[str, Aggregate]]:
    item, image = item_of(archive, number), image_of(number)
    image.held_by([archive], at=image.created_at)
    found = findable(item, {image.id: image}, {})
    entry = SearchEntry(
        id=entry_id(item), item=item.id, terms=[scoped(archive, term) for term in found.terms], scheme=SCHEME
    )
    yield "items", item
    yield "images", image
    yield "renderings", Rendering(id=image.id, preview_ready=True)
    yield "search_entries", entry
    for measure in measures(item, found):
        yield "measures", measure


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


def _row(aggregate: Aggregate) -> tuple[str, str]:
    kind = type(aggregate)
    if kind not in _WRITERS:
        _WRITERS[kind] = Repository(None, "", kind, source="bench")  # type: ignore[arg-type]
    document = _WRITERS[kind]._to_document(aggregate)
    return aggregate.id, orjson.dumps({**document, "rev": 1, "outbox": []}).decode()


if __name__ == "__main__":
    main()
