"""Databases under contract, and what worker processes do to them; used by tests/contract/documents."""

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import SpawnProcess
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

from archive_shared.documents import Collection, Documents
from archive_shared.documents.mongo import MongoDocuments
from archive_shared.documents.sqlite import SqliteDocuments
from archive_shared.errors import Stale

# Never fork: a child would inherit the locks and sockets of stores its parent has open.
SPAWN = multiprocessing.get_context("spawn")

TASKS = Collection(
    "task",
    fields={
        "state": "state",
        "due": "due",
        "due_to": "due",
        "kind": "kind",
        "sha": "input.sha",
        "slug": "slug",
        "number": "number",
        "number_to": "number",
        "score": "score",
        "flag": "flag",
        "batch": "batch",
    },
    lists={"tags": "tags", "readers": "input.readers"},
    ordered={"tags": ("due", "number")},
    unique=[("kind", "sha"), ("slug",)],
    indexes=[("state", "due"), ("batch", "number")],
)
_PATIENCE_S = 60.0  # a busy machine takes long over documents of 12 MiB

NOTES = Collection("note", fields={"state": "state"})


@dataclass(frozen=True)
class Place:
    """Where a database under test is: a file, or a database of a server; can be sent to other processes."""

    address: str
    database: str = ""

    def open(self, collections: Sequence[Collection] = (TASKS, NOTES)) -> Documents:
        if self.address.startswith("mongodb:"):
            return MongoDocuments(self.address, self.database, collections, timeout_s=_PATIENCE_S)
        return SqliteDocuments(Path(self.address), collections)

    @contextmanager
    def opened(self, collections: Sequence[Collection] = (TASKS, NOTES)) -> Iterator[Documents]:
        documents = self.open(collections)
        try:
            yield documents
        finally:
            documents.close()


def workers(count: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(count, mp_context=SPAWN)


def start(work: object, *arguments: object) -> SpawnProcess:
    process = SPAWN.Process(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]  # any function
    process.start()
    return process


def count_up(place: Place, identifier: str, times: int) -> None:
    """Add one to the number of a task, many times."""
    with place.opened() as documents:
        for _ in range(times):
            documents.mutate("task", identifier, lambda task: task | {"number": task["number"] + 1})


def claim_all(place: Place) -> list[str]:
    """Take every queued task that nobody else takes first, and say which."""
    claimed = []
    with place.opened() as documents:
        while queued := documents.find("task", {"state": "queued"}, sort=[("due", 1)], limit=4):
            try:
                documents.save("task", queued[0] | {"state": "running"})
                claimed.append(str(queued[0]["_id"]))
            except Stale:
                continue
    return claimed


def open_and_put(place: Place, identifier: str) -> None:
    """Be one of many that start at once on a database that does not exist yet."""
    with place.opened() as documents:
        documents.put_new("task", {"_id": identifier, "tags": ["new"]})


def put_for_ever(place: Place, name: str, acknowledged: "Synchronized[int]") -> None:
    """Write one task after another until killed, keeping count of those the store acknowledged."""
    documents = place.open()
    while True:
        documents.put_new("task", {"_id": f"{name}-{acknowledged.value}", "padding": "x" * 200})
        acknowledged.value += 1
