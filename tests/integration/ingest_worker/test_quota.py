"""What the uploads of one person may take (D6)."""

from datetime import timedelta
from pathlib import Path

import pytest

from archive_shared.settings import Grace
from ingest_worker.bootstrap import sweep_of
from tests.integration.ingest_worker.conftest import ARCHIVE, Desk
from tests.integration.ingest_worker.test_sweeps import Store, store_in

QUOTA_BYTES = 100


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_in(tmp_path, quota_bytes=QUOTA_BYTES)


def test_d6_an_upload_that_does_not_fit_is_refused_when_it_is_completed(store: Store) -> None:
    desk, ann = store.desk, store.ann
    desk.uploaded(ann, data=b"x" * 60)
    upload = desk.opened(ann, "b.mha")
    parts = [desk.send(upload, b"y" * 41)]

    refused = desk.complete(ann, upload, parts)

    assert refused.status_code == 403
    assert refused.get_json()["detail"].startswith("There is no room for 0.0 MB: your uploads take 0.0 of")
    assert desk.call("GET", f"uploads/{upload['pk']}/", ann).get_json()["status"] == "Aborted"
    assert [blob.size_bytes for blob in store.uploads.list()] == [60]
    desk.uploaded(ann, data=b"z" * 40)


def test_everybody_has_room_of_their_own(store: Store) -> None:
    store.desk.uploaded(store.ann, data=b"x" * 100)

    store.desk.uploaded(store.desk.person("ben"), data=b"x" * 100)


def test_completing_again_counts_once(store: Store) -> None:
    desk, ann = store.desk, store.ann
    upload = desk.opened(ann, "a.mha")
    parts = [desk.send(upload, b"x" * 60)]

    assert [desk.complete(ann, upload, parts).status_code for _ in range(2)] == [200, 200]
    desk.uploaded(ann, data=b"y" * 40)


def test_what_is_removed_makes_room_again(store: Store) -> None:
    store.desk.uploaded(store.ann, data=b"x" * 100)
    store.clock.later = timedelta(days=8)
    grace = Grace(images=timedelta(days=7), media=timedelta(days=7), uploads=timedelta(days=7))
    sweep = sweep_of(
        store.documents, store.uploads, store.images, store.clock, grace, quota_bytes=QUOTA_BYTES
    )

    list(sweep(False))

    store.desk.uploaded(store.ann, data=b"x" * 100)


def test_a_full_archive_takes_no_import(desk: Desk) -> None:
    desk.archives.full.add(ARCHIVE)
    ann = desk.person("ann", "uploader")
    sent = {"uploads": [desk.uploaded(ann)], "archive": ARCHIVE}

    refused = desk.call("POST", "cases/upload-sessions/", ann, json=sent)

    assert refused.status_code == 403
    assert refused.get_json()["detail"].startswith("The archive is full.")
