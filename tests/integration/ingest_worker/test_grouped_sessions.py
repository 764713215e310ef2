"""Upload sessions that put their images together into items: what is refused, what is foreseen, what is announced."""

from typing import Any

import pytest

from archive_shared.clock import SystemClock
from archive_shared.documents import Repository
from archive_shared.events import ImageImported
from archive_shared.jobs.claims import Claims
from archive_shared.jobs.handler import JobPolicy
from ingest_worker.bootstrap import import_handler, sessions_of, stored_images
from ingest_worker.domain.session import UploadSession
from tests.integration.ingest_worker.conftest import ARCHIVE, ITEM, Desk

BY_NAME = {"by": "name", "pattern": "{item}_{socket}.*", "sockets": {"seg": "generic-overlay"}}


@pytest.fixture
def ann(desk: Desk) -> str:
    return desk.person("ann", "uploader")


def start(desk: Desk, token: str, *names: str, **more: Any) -> Any:
    uploads = [desk.uploaded(token, name) for name in names]
    sent = {"uploads": uploads, "archive": "chest-ct", **more}
    return desk.call("POST", "cases/upload-sessions/", token, json=sent)


def converted(name: str) -> dict[str, Any]:
    """Return an image as the import program tells of it."""
    return {
        "id": f"image of {name}",
        "name": name,
        "sources": [name],
        "announced_sources": [name],
        "sources_sha256": "ab" * 32,
        "removed": [],
        "notes": [],
        "pixels_sha256": "cd" * 32,
        "files": [],
        "description": {"width": 1, "height": 1},
        "slide": None,
    }


def test_a_dry_run_tells_where_files_would_belong_and_starts_nothing(desk: Desk, ann: str) -> None:
    answer = start(desk, ann, "p1_ct.mha", "p1_seg.mha", "x.mha", grouping=BY_NAME, dry_run=True)

    assert answer.get_json() == {
        "files": [
            {"file": "p1_ct.mha", "item": "p1", "socket": "generic-medical-image"},
            {"file": "p1_seg.mha", "item": "p1", "socket": "generic-overlay"},
            {"file": "x.mha", "item": "", "socket": "generic-medical-image"},
        ]
    }
    assert desk.call("GET", "cases/upload-sessions/", ann).get_json()["count"] == 0


def test_images_are_announced_with_the_item_they_share(desk: Desk, ann: str) -> None:
    session = start(desk, ann, "p1_ct.mha", "p1_seg.mha", grouping=BY_NAME).get_json()
    documents = desk.service.documents
    sessions: Repository[UploadSession] = sessions_of(documents)
    handler = import_handler(documents)
    claims = Claims(sessions, handler, owner="worker", policy=JobPolicy(), clock=SystemClock())
    claimed = claims.claim(session["pk"])
    assert claimed is not None
    result = {"images": [converted("p1_ct.mha"), converted("p1_seg.mha")], "rejected": []}

    handler.keep(claimed, result)
    claims.succeed(claimed, result)

    announced = [
        envelope["data"]
        for document in documents.find("images")
        for envelope in document["outbox"]
        if envelope["type"] == ImageImported.TYPE
    ]
    assert sorted((each["group"], each["socket"], each["sources_sha256"]) for each in announced) == [
        ("p1", "generic-medical-image", "ab" * 32),
        ("p1", "generic-overlay", "ab" * 32),
    ]
    shown = desk.call("GET", f"cases/upload-sessions/{session['pk']}/", ann).get_json()
    assert [(each["item"], each["socket"]) for each in shown["report"]["images"]] == [
        ("p1", "generic-medical-image"),
        ("p1", "generic-overlay"),
    ]
    assert len(stored_images(documents).find()) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"by": "colour"},
        {"by": "manifest"},
        {"by": "name", "pattern": "*"},
        {"by": "name", "pattern": "{item}.*", "sockets": {"a": "nothing-like-it"}},
        {"by": "manifest", "rows": [{"file": "a.mha", "item": "x", "socket": "nothing-like-it"}]},
        {"by": "manifest", "rows": [{"file": "a.mha", "item": "x"}, {"file": "a.mha", "item": "y"}]},
        {"by": "manifest", "rows": [{"file": "a.mha", "item": ""}]},
        {"by": "folder", "more": 1},
    ],
    ids=str,
)
def test_a_grouping_that_cannot_be_done_is_refused(desk: Desk, ann: str, wrong: dict[str, Any]) -> None:
    answer = start(desk, ann, "a.mha", grouping=wrong)

    assert answer.status_code == 400
    assert all(name.startswith("grouping") for name in answer.get_json()["errors"])


def test_only_uploads_into_an_archive_are_grouped(desk: Desk, ann: str) -> None:
    into_item = {"archive": None, "archive_item": ITEM, "interface": "generic-overlay"}

    assert start(desk, ann, "a_b.mha", grouping=BY_NAME, **into_item).status_code == 400
    assert start(desk, ann, "a_b.mha", grouping=BY_NAME, archive=None).status_code == 400


def test_an_archive_without_identities_takes_no_titles_from_file_names(desk: Desk, ann: str) -> None:
    desk.archives.deidentifying.add(ARCHIVE)
    rows = [{"file": "a_b.mha", "item": "case 1"}]

    assert start(desk, ann, "a_b.mha", grouping=BY_NAME).status_code == 400
    assert start(desk, ann, "a_b.mha", grouping={"by": "manifest", "rows": rows}).status_code == 201
