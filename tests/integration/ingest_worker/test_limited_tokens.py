"""What a token that is for some archives only sees and does of its owner's uploads and sessions."""

from typing import Any

import pytest

from tests.integration.ingest_worker.conftest import ARCHIVE, ITEM, Desk

OTHER = "7a4f3a8e-1a2b-4c3d-8e4f-5a6b7c8d9e0f"
SESSIONS = "cases/upload-sessions/"


@pytest.fixture
def ann(desk: Desk) -> str:
    """Return the token of an uploader of two archives."""
    token = desk.person("ann", "uploader")
    desk.archives.slugs["other"] = OTHER
    desk.access.give(token, "uploader", OTHER)
    return token


@pytest.fixture
def limited(desk: Desk, ann: str) -> str:
    return desk.access.limit(ann, ARCHIVE)


def start(desk: Desk, token: str, **sent: Any) -> Any:
    return desk.call("POST", SESSIONS, token, json=sent)


def started(desk: Desk, token: str, name: str = "a.mha", **target: Any) -> str:
    answer = start(desk, token, uploads=[desk.uploaded(token, name)], **target)
    assert answer.status_code == 201, answer.text
    return str(answer.get_json()["pk"])


def listed(desk: Desk, path: str, token: str) -> set[str]:
    shown = desk.call("GET", path, token).get_json()
    assert shown["count"] == len(shown["results"])
    return {each["pk"] for each in shown["results"]}


@pytest.mark.parametrize(
    "target", [{"archive": "chest-ct"}, {"archive_item": ITEM, "interface": "generic-overlay"}]
)
def test_it_uploads_into_its_archive_and_follows_the_import_to_its_end(
    desk: Desk, limited: str, target: dict[str, str]
) -> None:
    upload = desk.opened(limited)
    base = f"uploads/{upload['pk']}/{upload['s3_upload_id']}"
    signed = desk.call("PATCH", f"{base}/generate-presigned-urls/", limited, json={"part_numbers": [1]})
    part = desk.send(upload, b"pixels")
    parts = desk.call("GET", f"{base}/list-parts/", limited).get_json()["parts"]
    done = desk.complete(limited, upload, [part])

    session = start(desk, limited, uploads=[upload["api_url"]], **target)

    assert list(signed.get_json()["presigned_urls"]) == ["1"]
    assert [each["PartNumber"] for each in parts] == [1]
    assert done.get_json()["status"] == "Completed"
    assert session.status_code == 201
    pk = session.get_json()["pk"]
    assert desk.call("GET", f"{SESSIONS}{pk}/", limited).get_json()["status"] == "Queued"
    assert listed(desk, SESSIONS, limited) == {pk}
    assert listed(desk, "uploads/", limited) == {upload["pk"]}
    assert desk.call("POST", f"{SESSIONS}{pk}/cancel/", limited).status_code == 200
    assert desk.call("POST", f"{SESSIONS}{pk}/retry/", limited).status_code == 200


def test_it_sees_sessions_for_its_archives_and_no_others_of_its_owner(
    desk: Desk, ann: str, limited: str
) -> None:
    here = started(desk, ann, archive="chest-ct")
    elsewhere, nowhere = started(desk, ann, archive="other"), started(desk, ann)

    assert listed(desk, SESSIONS, limited) == {here}
    assert listed(desk, SESSIONS, ann) == {here, elsewhere, nowhere}
    assert desk.call("GET", f"{SESSIONS}{here}/", limited).status_code == 200
    for pk in (elsewhere, nowhere):
        assert desk.call("GET", f"{SESSIONS}{pk}/", limited).status_code == 404
        for verb in ("cancel", "retry"):
            assert desk.call("POST", f"{SESSIONS}{pk}/{verb}/", limited).status_code == 404


def test_uploads_are_for_tokens_that_are_good_for_the_same_archives(
    desk: Desk, ann: str, limited: str
) -> None:
    """They are in no archive yet; a token that takes the place of an expired one goes on with them."""
    again, wider = desk.access.limit(ann, ARCHIVE), desk.access.limit(ann, OTHER, ARCHIVE)
    mine, hers = desk.opened(limited), desk.opened(ann, "hers.mha")

    assert listed(desk, "uploads/", limited) == listed(desk, "uploads/", again) == {mine["pk"]}
    assert listed(desk, "uploads/", wider) == set()
    assert listed(desk, "uploads/", ann) == {mine["pk"], hers["pk"]}
    assert desk.call("GET", f"uploads/{mine['pk']}/", ann).status_code == 200
    base = f"uploads/{hers['pk']}/{hers['s3_upload_id']}"
    for method, path, sent in (
        ("GET", f"uploads/{hers['pk']}/", None),
        ("GET", f"{base}/list-parts/", None),
        ("PATCH", f"{base}/generate-presigned-urls/", {"part_numbers": [1]}),
        ("PATCH", f"{base}/complete-multipart-upload/", {"parts": []}),
        ("PATCH", f"{base}/abort-multipart-upload/", {}),
    ):
        assert desk.call(method, path, limited, json=sent).status_code == 404


def test_it_imports_no_uploads_that_were_made_for_other_archives(desk: Desk, ann: str, limited: str) -> None:
    other = desk.access.limit(ann, OTHER)

    for token in (ann, other):
        refused = start(desk, limited, uploads=[desk.uploaded(token)], archive="chest-ct")
        assert (refused.status_code, refused.get_json()["errors"]) == (
            400,
            {"uploads": ["Object does not exist."]},
        )
    assert start(desk, ann, uploads=[desk.uploaded(other)], archive="chest-ct").status_code == 201


@pytest.mark.parametrize("dry_run", [False, True])
def test_it_must_name_the_archive_of_a_session(desk: Desk, limited: str, dry_run: bool) -> None:
    uploads = [desk.uploaded(limited)]

    nowhere = start(desk, limited, uploads=uploads, dry_run=dry_run)
    elsewhere = start(desk, limited, uploads=uploads, archive="other", dry_run=dry_run)

    assert nowhere.status_code == elsewhere.status_code == 400
    assert nowhere.get_json()["errors"] == {
        "archive": ["Your token is good for some archives only: name one."]
    }
    assert elsewhere.get_json()["errors"] == {"archive": ["Object does not exist."]}


def test_a_key_that_another_token_used_is_a_key_of_its_own(desk: Desk, ann: str, limited: str) -> None:
    """Scripts make keys of file names; with two tokens each gets an upload it can go on with."""
    headers = {"Idempotency-Key": "a.mha"}

    def opened(token: str) -> str:
        answer = desk.http.post(
            "/api/v1/uploads/",
            json={"filename": "a.mha"},
            headers=headers | {"Authorization": f"Bearer {token}"},
        )
        return str(answer.get_json()["pk"])

    assert opened(limited) == opened(limited)
    assert opened(limited) != opened(ann)
    assert desk.call("GET", f"uploads/{opened(limited)}/", limited).status_code == 200


@pytest.mark.parametrize("role", [None, "user"])
def test_who_may_not_upload_any_more_tries_no_import_again(desk: Desk, ann: str, role: str | None) -> None:
    """What came of it would be put into an archive they have no rights on."""
    session = started(desk, ann, archive="chest-ct")
    desk.call("POST", f"{SESSIONS}{session}/cancel/", ann)
    desk.access.take(ann, ARCHIVE)
    if role is not None:
        desk.access.give(ann, role, ARCHIVE)

    answer = desk.call("POST", f"{SESSIONS}{session}/retry/", ann)

    assert answer.status_code == (400 if role is None else 403)
    assert desk.call("GET", f"{SESSIONS}{session}/", ann).get_json()["status"] == "Cancelled"


def test_an_import_for_an_item_that_was_moved_is_tried_again_by_who_may_upload_there(
    desk: Desk, ann: str
) -> None:
    session = started(desk, ann, archive_item=ITEM, interface="generic-overlay")
    desk.call("POST", f"{SESSIONS}{session}/cancel/", ann)
    desk.archives.items[ITEM] = OTHER
    desk.access.take(ann, OTHER)

    assert desk.call("POST", f"{SESSIONS}{session}/retry/", ann).status_code == 400
