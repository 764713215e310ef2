"""What the ingest worker removes: images that are gone, uploads nobody needs, and objects nobody knows."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archive_shared.blobs.folder import FolderBlobStore
from archive_shared.blobs.links import LinkSigner
from archive_shared.documents import Repository
from archive_shared.documents.sqlite import SqliteDocuments
from archive_shared.errors import NotFound
from archive_shared.events import ImageDeleted, ImageFile
from archive_shared.identifiers import new_id
from archive_shared.settings import Grace
from archive_shared.sweeping import Leftover, Stage
from archive_shared.wire.cloud_events import ReceivedEvent
from ingest_worker.bootstrap import COLLECTIONS, over, sessions_of, stored_images, sweep_of
from ingest_worker.domain.session import UploadSession
from ingest_worker.domain.stored_image import StoredImage
from ingest_worker.entrypoints.consumer import handlers
from ingest_worker.entrypoints.http.app import app_for
from tests.integration.ingest_worker.conftest import PUBLIC_URL, Desk
from tests.support.access import RoleBook
from tests.support.targets import ArchiveBook

WEEK = timedelta(days=7)


@dataclass
class LaterClock:
    """The time by the clock on the wall, and days later when a test says so."""

    later: timedelta = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.later


@dataclass
class Store:
    """The ingest worker's documents and buckets, and somebody who uploads."""

    folder: Path
    documents: SqliteDocuments
    uploads: FolderBlobStore
    images: FolderBlobStore
    clock: LaterClock
    desk: Desk
    ann: str

    @property
    def uploader(self) -> str:
        caller = self.desk.access.ask(self.ann, []).caller
        assert caller is not None
        return caller.id

    @property
    def stored(self) -> Repository[StoredImage]:
        return stored_images(self.documents)

    @property
    def sessions(self) -> Repository[UploadSession]:
        return sessions_of(self.documents)

    def sweep(self, *, dry_run: bool = False) -> list[Leftover]:
        grace = Grace(images=WEEK, media=WEEK, uploads=WEEK)
        return list(sweep_of(self.documents, self.uploads, self.images, self.clock, grace)(dry_run))

    def hear_that_it_is_gone(self, image: str) -> None:
        event = ImageDeleted(image=image)
        handlers(self.documents, self.images)[ImageDeleted](_received(event))

    def start(self, *uploads: str) -> dict[str, Any]:
        answer = self.desk.call("POST", "cases/upload-sessions/", self.ann, json={"uploads": list(uploads)})
        assert answer.status_code == 201, answer.text
        started: dict[str, Any] = answer.get_json()
        return started

    def end(self, session: dict[str, Any]) -> None:
        def finish(stored: UploadSession) -> None:
            stored.job = stored.job.finish()

        self.sessions.change(session["pk"], finish)

    def add_image(self, *keys: str, originals: list[str] | None = None) -> None:
        """Store an image with canonical files, and the objects of all of its files."""
        files = [
            ImageFile(id=new_id(), type="MHD", name="a", key=key, size_bytes=1, sha256="") for key in keys
        ]
        image = StoredImage(
            id=keys[0].split("/")[0] if keys else (originals or [""])[0].split("/")[0],
            session=new_id(),
            files=files,
            pixels_sha256="",
            originals=originals,
        )
        self.stored.add(image)
        for key in (*keys, *(originals or [])):
            self.images.put(key, b"x")


def _received(event: ImageDeleted) -> ReceivedEvent:
    return ReceivedEvent(
        id=new_id(),
        type=event.TYPE,
        source="archive-api",
        subject=event.image,
        sequence=1,
        at=datetime.now(UTC),
        traceparent=None,
        event=event,
    )


def store_in(folder: Path, *, quota_bytes: int = 0) -> Store:
    """Return the service on stores in a folder, and somebody who uploads."""
    access, clock = RoleBook(), LaterClock()
    signer = LinkSigner(b"s" * 32)
    uploads, images = (
        FolderBlobStore(folder / "blobs", bucket=bucket, signer=signer, public_url=PUBLIC_URL)
        for bucket in ("uploads", "images")
    )
    documents = SqliteDocuments(folder / "ingest.db", COLLECTIONS)
    archives = ArchiveBook(access)
    service = over(documents, uploads, access=access, archives=archives, clock=clock, quota_bytes=quota_bytes)
    desk = Desk(service, app_for(service, public_url=PUBLIC_URL).test_client(), access, archives)
    return Store(folder, documents, uploads, images, clock, desk, desk.person("ann"))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_in(tmp_path)


def keys(bucket: FolderBlobStore) -> list[str]:
    return [blob.key for blob in bucket.list()]


# --- images that are gone


def test_an_image_that_is_gone_loses_all_its_files_and_those_of_dead_attempts(store: Store) -> None:
    image, other = new_id(), new_id()
    store.add_image(f"{image}/2/{image}.mha", originals=[f"{image}/2/slide/0"])
    store.add_image(f"{other}/1/{other}.mha")
    store.images.put(f"{image}/1/{image}.mha", b"of an attempt that was fenced off")

    store.hear_that_it_is_gone(image)
    store.hear_that_it_is_gone(image)

    assert keys(store.images) == [f"{other}/1/{other}.mha"]
    assert store.stored.require(image).deleted


def test_what_the_tiler_keeps_of_an_image_is_left_to_the_tiler(store: Store) -> None:
    image = new_id()
    store.add_image(f"{image}/1/{image}.tif")
    store.images.put(f"{image}/pyramid/1-viewable.tif", b"x")

    store.hear_that_it_is_gone(image)
    store.clock.later = timedelta(days=30)
    store.sweep()

    assert keys(store.images) == [f"{image}/pyramid/1-viewable.tif"]


def test_an_image_nobody_knows_can_be_gone(store: Store) -> None:
    store.hear_that_it_is_gone(new_id())

    assert keys(store.images) == []


# --- objects of attempts that died


def test_objects_without_a_document_are_removed_once_no_attempt_can_be_under_way(store: Store) -> None:
    image, dead = new_id(), new_id()
    store.add_image(f"{image}/2/{image}.mha")
    store.images.put(f"{image}/1/{image}.mha", b"of an attempt that was fenced off")
    store.images.put(f"{dead}/1/{dead}.mha", b"of a worker that died before it stored the image")

    assert store.sweep() == []
    store.clock.later = timedelta(days=8)
    found = store.sweep(dry_run=True)
    assert {(each.name, each.stage) for each in found} == {
        (f"images/{image}/1/{image}.mha", Stage.DUE),
        (f"images/{dead}/1/{dead}.mha", Stage.DUE),
    }
    assert len(keys(store.images)) == 3
    store.sweep()

    assert keys(store.images) == [f"{image}/2/{image}.mha"]


@pytest.mark.parametrize("noted", [True, False], ids=["noted", "stored by an older version"])
def test_the_files_of_a_slide_stay(store: Store, noted: bool) -> None:
    image = new_id()
    original = f"{image}/1/slide/0"
    if noted:
        store.add_image(originals=[original])
    else:
        store.stored.add(StoredImage(id=image, session=new_id(), files=[], pixels_sha256=""))
        store.images.put(original, b"x")
    store.clock.later = timedelta(days=30)

    assert store.sweep() == []
    assert keys(store.images) == [original]


# --- uploads


def test_an_imported_upload_is_removed_after_its_grace_period(store: Store) -> None:
    upload = store.desk.uploaded(store.ann)
    store.end(store.start(upload))

    assert store.sweep() == []
    store.clock.later = timedelta(days=8)
    [found] = store.sweep()

    assert (found.kind, found.stage, found.size_bytes) == ("upload", Stage.REMOVED, 6)
    assert store.desk.call("GET", upload.removeprefix(f"{PUBLIC_URL}/api/v1/"), store.ann).get_json()[
        "removed"
    ]
    assert keys(store.uploads) == []
    assert store.sweep() == []


def test_an_upload_whose_import_waits_is_kept_however_long_that_takes(store: Store) -> None:
    store.start(store.desk.uploaded(store.ann))
    store.clock.later = timedelta(days=300)

    assert store.sweep() == []
    assert len(keys(store.uploads)) == 1


def test_an_upload_that_was_removed_cannot_be_imported_and_says_why(store: Store) -> None:
    upload = store.desk.uploaded(store.ann)
    store.clock.later = timedelta(days=8)
    store.sweep()

    answer = store.desk.call("POST", "cases/upload-sessions/", store.ann, json={"uploads": [upload]})

    assert answer.status_code == 400
    assert "upload it again" in answer.text


def test_an_abandoned_upload_is_aborted(store: Store) -> None:
    upload = store.desk.opened(store.ann)
    store.desk.send(upload, b"x" * 100)
    store.clock.later = timedelta(days=8)

    [found] = store.sweep(dry_run=True)
    assert found.stage is Stage.DUE
    store.sweep()

    shown = store.desk.call("GET", f"uploads/{upload['pk']}/", store.ann).get_json()
    assert shown["status"] == "Aborted"
    with pytest.raises(NotFound):
        store.uploads.parts(upload["key"].removeprefix("uploads/"), upload["s3_upload_id"])


def test_an_object_whose_upload_is_not_known_is_removed(store: Store) -> None:
    store.uploads.put(f"ann/{new_id()}", b"x")
    store.uploads.put("something/else", b"x")
    live = store.desk.uploaded(store.ann)
    store.start(live)
    store.clock.later = timedelta(days=8)

    store.sweep()

    assert len(keys(store.uploads)) == 1
