"""Sweeps of the ingest worker while a store fails, or while others are at work."""

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from archive_shared.documents.sqlite import SqliteDocuments
from archive_shared.errors import Forbidden, Unavailable
from archive_shared.settings import Grace
from ingest_worker.bootstrap import over, quota_of, sweep_of
from ingest_worker.domain.upload import UPLOADS
from tests.integration.ingest_worker.test_sweeps import WEEK, Store, keys, store_in
from tests.support.failing import Failing, Fault, faults

NO_FAULT = Fault(0, after=False)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_in(tmp_path)


def sweep_with(store: Store, fault: Fault) -> None:
    """Sweep, with a fault in one call to documents or objects, and stop where a consumer would."""
    documents, uploads = Failing(store.documents, fault), Failing(store.uploads, fault)
    grace = Grace(images=WEEK, media=WEEK, uploads=WEEK)
    with suppress(Unavailable):
        list(sweep_of(documents, uploads, store.images, store.clock, grace, quota_bytes=100)(False))


class Meanwhile:
    """Documents; as soon as an upload is read, somebody else does something, once."""

    def __init__(self, documents: SqliteDocuments, happens: Callable[[], object]) -> None:
        self._documents = documents
        self._happens: list[Callable[[], object]] = [happens]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._documents, name)

    def get(self, collection: str, identifier: str) -> Any:
        found = self._documents.get(collection, identifier)
        if collection == UPLOADS.name and self._happens:
            self._happens.pop()()
        return found


def left_over(store: Store) -> list[str]:
    """Everything there is of uploads but their documents: objects, parts, and what they are said to take."""
    parts = [path.name for path in (store.folder / "blobs" / "uploads" / "uploads").iterdir()]
    usage = quota_of(store.documents, 100).usages.get(store.uploader)
    return [*keys(store.uploads), *parts, *(["usage"] if usage and usage.size_bytes else [])]


def test_whatever_fails_during_a_sweep_the_next_one_leaves_nothing(tmp_path: Path) -> None:
    for number, fault in enumerate(faults()):
        store = store_in(tmp_path / str(number), quota_bytes=100)
        store.end(store.start(store.desk.uploaded(store.ann)))
        store.desk.send(store.desk.opened(store.ann, "begun.mha"), b"x" * 10)
        store.clock.later = timedelta(days=8)

        sweep_with(store, fault)
        sweep_with(store, NO_FAULT)

        assert left_over(store) == [], fault


def test_whatever_fails_when_an_upload_is_refused_the_sweep_leaves_nothing(tmp_path: Path) -> None:
    for number, fault in enumerate(faults()):
        store = store_in(tmp_path / str(number), quota_bytes=5)
        opened = store.desk.opened(store.ann)
        part = store.desk.send(opened, b"x" * 6)
        uploads = store.desk.service.uploads
        upload = uploads.repository.require(opened["pk"])
        documents, blobs = Failing(store.documents, fault), Failing(store.uploads, fault)
        failing = over(
            documents,
            blobs,
            access=store.desk.access,
            archives=store.desk.archives,
            clock=store.clock,
            quota_bytes=5,
        )

        with suppress(Unavailable, Forbidden):
            failing.uploads.complete(upload, [(part["PartNumber"], part["ETag"])])
        store.clock.later = timedelta(days=8)
        store.sweep()

        assert left_over(store) == [], fault


def test_an_upload_that_a_session_takes_at_the_last_moment_is_kept(store: Store) -> None:
    upload = store.desk.uploaded(store.ann)
    store.clock.later = timedelta(days=8)
    documents = Meanwhile(store.documents, lambda: store.start(upload))

    grace = Grace(images=WEEK, media=WEEK, uploads=WEEK)
    swept = list(sweep_of(documents, store.uploads, store.images, store.clock, grace)(False))

    assert swept == []
    assert len(keys(store.uploads)) == 1


def test_what_a_writer_that_was_killed_left_goes_with_a_sweep(store: Store) -> None:
    incoming = [store.folder / "blobs" / bucket / "incoming" for bucket in ("uploads", "images")]
    for folder in incoming:
        (folder / "half").write_bytes(b"half an obj")
        os.utime(folder / "half", (0, 0))
        (folder / "young").write_bytes(b"being written")

    store.sweep(dry_run=True)
    assert all((folder / "half").exists() for folder in incoming)
    store.sweep()

    assert [path.name for folder in incoming for path in folder.iterdir()] == ["young", "young"]
