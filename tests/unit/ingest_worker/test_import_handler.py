"""What a worker makes of the outcome of a session, however large it is."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from archive_shared.clock import SystemClock
from archive_shared.documents import Repository
from archive_shared.documents.sqlite import SqliteDocuments
from archive_shared.events import FileRejected
from archive_shared.identifiers import new_id
from archive_shared.jobs.claims import Claims
from archive_shared.jobs.handler import JobPolicy
from archive_shared.jobs.job import Job
from ingest_worker.bootstrap import COLLECTIONS, import_handler, sessions_of
from ingest_worker.domain.report import ConversionProgress
from ingest_worker.domain.session import SessionFile, SessionStatus, UploadSession

CLOCK = SystemClock()


@pytest.fixture
def documents(tmp_path: Path) -> SqliteDocuments:
    return SqliteDocuments(tmp_path / "ingest.db", COLLECTIONS)


@pytest.fixture
def sessions(documents: SqliteDocuments) -> Repository[UploadSession]:
    return sessions_of(documents)


@pytest.fixture
def claims(documents: SqliteDocuments, sessions: Repository[UploadSession]) -> Claims[UploadSession]:
    return Claims(sessions, import_handler(documents), owner="worker", policy=JobPolicy(), clock=CLOCK)


def claimed(
    sessions: Repository[UploadSession], claims: Claims[UploadSession], files: list[SessionFile]
) -> UploadSession:
    session = UploadSession(
        id=new_id(),
        creator="ann",
        creator_number=1,
        archive=None,
        item=None,
        socket="generic-medical-image",
        files=files,
        created_at=CLOCK.now(),
        job=Job.queued(CLOCK.now()),
    )
    sessions.add(session)
    found = claims.claim(session.id)
    assert found is not None
    return found


def refused(count: int, *, reason: str) -> dict[str, Any]:
    return {
        "images": [],
        "rejected": [{"file": f"{number:04}-{'x' * 120}", "reasons": [reason]} for number in range(count)],
    }


def test_a_session_of_thousands_of_refused_files_is_closed_with_all_reasons(
    documents: SqliteDocuments, sessions: Repository[UploadSession], claims: Claims[UploadSession]
) -> None:
    files = [SessionFile(new_id(), "x" * 128, "k" * 73, 1) for _ in range(2000)]
    session = claimed(sessions, claims, files)
    result = refused(4000, reason="The file is of a kind that is not supported. " * 4)

    for _ in range(2):  # a worker that died after the first time begins again
        import_handler(documents).keep(session, result)
    claims.succeed(session, result)

    kept = [documents.get("sessions", session.id), *documents.find("report_pages")]
    assert all(len(json.dumps(document)) < 1_000_000 for document in kept)
    events = [event for document in kept if document for event in document["outbox"]]
    told = [event["data"]["file"] for event in events if event["type"] == FileRejected.TYPE]
    assert sorted(told) == [each["file"] for each in result["rejected"]]


def test_an_outcome_too_large_to_store_fails_the_session_with_a_reason(
    sessions: Repository[UploadSession], claims: Claims[UploadSession]
) -> None:
    session = claimed(sessions, claims, [])

    claims.succeed(session, refused(1, reason="x" * 7_000_000))

    stored = sessions.require(session.id)
    assert stored.status is SessionStatus.FAILED
    assert "cannot be stored" in (stored.error_message or "")


def a_slide(*files: dict[str, Any]) -> dict[str, Any]:
    """Return a slide as the import program tells of it."""
    return {
        "id": new_id(),
        "name": "s.svs",
        "sources": ["s.svs"],
        "announced_sources": ["s.svs"],
        "sources_sha256": "cd",
        "removed": [],
        "notes": [],
        "pixels_sha256": "",
        "files": [],
        "description": {"width": None, "height": None},
        "slide": {"format": "svs", "files": files},
    }


def test_a_slide_is_announced_with_its_original_files(
    documents: SqliteDocuments, sessions: Repository[UploadSession], claims: Claims[UploadSession]
) -> None:
    session = claimed(sessions, claims, [SessionFile("u", "s.svs", "ann/u", 5)])
    file = {"name": "s.svs", "key": "i/1/slide/0", "size_bytes": 5, "sha256": "ab"}
    found = a_slide(file)

    import_handler(documents).keep(session, {"images": [found], "rejected": []})

    stored = documents.get("images", found["id"])
    assert stored is not None
    (announced,) = stored["outbox"]
    slide = {"format": "svs", "files": [file], "keep_labels": False, "names_key": ""}
    assert announced["data"]["slide"] == slide
    assert (announced["data"]["files"], announced["data"]["description"]["width"]) == ([], None)


def test_each_image_is_announced_with_how_many_came_of_its_session(
    documents: SqliteDocuments, sessions: Repository[UploadSession], claims: Claims[UploadSession]
) -> None:
    session = claimed(sessions, claims, [SessionFile("u", "two.zip", "ann/u", 5)])

    import_handler(documents).keep(session, {"images": [a_slide(), a_slide()], "rejected": []})

    told = [stored["outbox"][0]["data"]["session_image_count"] for stored in documents.find("images")]
    assert told == [2, 2]


def test_images_of_a_cancelled_session_are_not_announced(
    documents: SqliteDocuments, sessions: Repository[UploadSession], claims: Claims[UploadSession]
) -> None:
    session = claimed(sessions, claims, [SessionFile("u", "a.mha", "ann/u", 5)])
    sessions.change(session.id, UploadSession.cancel)

    import_handler(documents).keep(session, {"images": [{"id": new_id()}], "rejected": []})

    assert documents.count("images") == 0


def test_progress_that_is_reported_is_the_progress_of_the_session(
    documents: SqliteDocuments, sessions: Repository[UploadSession], claims: Claims[UploadSession]
) -> None:
    session = claimed(sessions, claims, [SessionFile("u", "a.mha", "ann/u", 5)])

    claims.report(session, asdict(ConversionProgress("storing", 1, 1, 3, 9)))

    shown = sessions.require(session.id).progress
    assert asdict(shown) == asdict(ConversionProgress("storing", 1, 1, 3, 9))
