"""Defects of the reference (spec/archives.md 8) that uploads and sessions could have as well."""

from typing import Any

import pytest

from archive_shared.clock import SystemClock
from archive_shared.errors import Unavailable
from archive_shared.events import SessionFailed, SessionSucceeded
from archive_shared.jobs.claims import Claims
from archive_shared.jobs.handler import JobPolicy
from ingest_worker.bootstrap import import_handler, sessions_of
from tests.integration.ingest_worker.conftest import Desk

IMAGE: dict[str, Any] = {
    "id": "an image",
    "name": "a.mha",
    "sources": ["a.mha"],
    "announced_sources": ["a.mha"],
    "sources_sha256": "ab" * 32,
    "removed": [],
    "notes": [],
    "pixels_sha256": "cd" * 32,
    "files": [],
    "description": {"width": 1, "height": 1},
    "slide": None,
}
REFUSED = {"file": "b.txt", "reasons": ["The file is of a kind that is not supported."]}


def imported(desk: Desk, token: str, *, images: list[Any], rejected: list[Any]) -> dict[str, Any]:
    """Let a worker import a session with this outcome, and return the session as its creator sees it."""
    sent = {"uploads": [desk.uploaded(token, name) for name in ("a.mha", "b.txt")], "archive": "chest-ct"}
    session = desk.call("POST", "cases/upload-sessions/", token, json=sent).get_json()
    documents = desk.service.documents
    handler = import_handler(documents)
    claims = Claims(sessions_of(documents), handler, owner="worker", policy=JobPolicy(), clock=SystemClock())
    claimed = claims.claim(session["pk"])
    assert claimed is not None
    result = {"images": images, "rejected": rejected}
    handler.keep(claimed, result)
    claims.succeed(claimed, result)
    shown: dict[str, Any] = desk.call("GET", f"cases/upload-sessions/{session['pk']}/", token).get_json()
    return shown


def announced(desk: Desk) -> set[str]:
    return {
        envelope["type"]
        for document in desk.service.documents.find("sessions")
        for envelope in document["outbox"]
    }


def test_d24_the_report_names_every_file_that_was_refused_with_its_reasons(desk: Desk) -> None:
    shown = imported(desk, desk.person("ann", "uploader"), images=[IMAGE], rejected=[REFUSED])

    assert shown["report"]["rejected"] == [REFUSED]
    assert [image["sources"] for image in shown["report"]["images"]] == [["a.mha"]]


def test_d41_an_import_of_some_files_succeeded_and_says_how_many_did_not(desk: Desk) -> None:
    shown = imported(desk, desk.person("ann", "uploader"), images=[IMAGE], rejected=[REFUSED])

    assert shown["status"] == "Succeeded"
    assert shown["error_message"] == "1 file(s) could not be imported."
    assert SessionSucceeded.TYPE in announced(desk)
    assert SessionFailed.TYPE not in announced(desk)


def test_d38_a_session_is_started_when_it_is_and_can_be_cancelled(desk: Desk) -> None:
    ann = desk.person("ann", "uploader")
    sent = {"uploads": [desk.uploaded(ann)], "archive": "chest-ct"}
    session = desk.call("POST", "cases/upload-sessions/", ann, json=sent).get_json()
    documents = desk.service.documents
    claims = Claims(
        sessions_of(documents),
        import_handler(documents),
        owner="worker",
        policy=JobPolicy(),
        clock=SystemClock(),
    )
    claims.claim(session["pk"])
    path = f"cases/upload-sessions/{session['pk']}/"

    assert desk.call("GET", path, ann).get_json()["status"] == "Started"
    assert desk.call("POST", f"{path}cancel/", ann).get_json()["status"] == "Cancelled"


def test_d44_a_blob_store_that_is_away_while_parts_are_joined_is_no_error_of_ours(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = desk.person("ann", "uploader")
    upload = desk.opened(ann)
    part = desk.send(upload, b"pixels")

    def away(*_: object) -> None:
        raise Unavailable("The blob store does not answer.")

    with monkeypatch.context() as patch:
        patch.setattr(desk.service.blobs, "finish_upload", away)
        assert desk.complete(ann, upload, [part]).status_code == 503
    assert desk.complete(ann, upload, [part]).status_code == 200
