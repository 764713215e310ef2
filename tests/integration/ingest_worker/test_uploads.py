"""Uploads: opened, sent in parts, resumed, completed, aborted, and refused by name when something is wrong."""

import pytest

from archive_shared.errors import Conflict
from tests.integration.ingest_worker.conftest import Desk

MIB = 1024 * 1024


def test_an_opened_upload_has_every_key_the_public_client_reads(desk: Desk) -> None:
    opened = desk.opened(desk.person("ann"), "ct_001.mha")

    assert opened["status"] == "Initialized"
    assert opened["filename"] == "ct_001.mha"
    assert opened["key"] == f"uploads/user-ann/{opened['pk']}"
    assert opened["api_url"] == f"https://archive.test/api/v1/uploads/{opened['pk']}/"
    assert opened["s3_upload_id"]
    assert opened["created"]


def test_links_are_signed_for_every_part_asked_for(desk: Desk) -> None:
    ann = desk.person("ann")
    opened = desk.opened(ann)
    path = f"uploads/{opened['pk']}/{opened['s3_upload_id']}/generate-presigned-urls/"

    answer = desk.call("PATCH", path, ann, json={"part_numbers": [1, 2, 3, 4, 5]})

    assert set(answer.get_json()["presigned_urls"]) == {"1", "2", "3", "4", "5"}


def test_parts_that_arrived_are_listed_for_resuming(desk: Desk) -> None:
    ann = desk.person("ann")
    opened = desk.opened(ann)
    sent = desk.send(opened, b"x" * 10)

    answer = desk.call("GET", f"uploads/{opened['pk']}/{opened['s3_upload_id']}/list-parts/", ann)

    assert answer.get_json()["parts"] == [sent | {"Size": 10}]


def test_completing_joins_the_parts_and_announces_the_upload(desk: Desk) -> None:
    ann = desk.person("ann")
    opened = desk.opened(ann)
    parts = [desk.send(opened, b"a" * 5 * MIB, 1), desk.send(opened, b"b", 2)]

    answer = desk.complete(ann, opened, parts)

    assert answer.get_json()["status"] == "Completed"
    assert answer.get_json()["size_bytes"] == 5 * MIB + 1
    stored = desk.service.documents.get("uploads", opened["pk"])
    assert stored is not None
    assert [event["type"] for event in stored["outbox"]] == ["archive.upload.completed.v1"]


def test_completing_twice_answers_the_same_and_announces_once(desk: Desk) -> None:
    ann = desk.person("ann")
    opened = desk.opened(ann)
    parts = [desk.send(opened, b"pixels")]

    first, second = (desk.complete(ann, opened, parts) for _ in range(2))

    assert second.status_code == 200
    assert second.get_json() == first.get_json()
    stored = desk.service.documents.get("uploads", opened["pk"])
    assert stored is not None
    assert len(stored["outbox"]) == 1


def test_an_empty_file_is_refused_and_nothing_is_stored(desk: Desk) -> None:
    ann = desk.person("ann")
    opened = desk.opened(ann, "empty.mha")

    answer = desk.complete(ann, opened, [desk.send(opened, b"")])

    assert answer.status_code == 400
    assert answer.get_json()["errors"] == {"parts": ["empty.mha is empty; send a file with content."]}
    assert list(desk.service.blobs.list()) == []
    assert desk.call("GET", f"uploads/{opened['pk']}/", ann).get_json()["status"] == "Aborted"


def test_refusing_an_empty_file_keeps_the_bytes_of_one_completed_meanwhile(desk: Desk) -> None:
    ann = desk.person("ann")
    opened = desk.opened(ann)
    seen_before = desk.service.uploads.repository.require(opened["pk"])
    desk.complete(ann, opened, [desk.send(opened, b"pixels")])

    with pytest.raises(Conflict):
        desk.service.uploads.complete(seen_before, [])

    assert desk.service.blobs.read(seen_before.key) == b"pixels"


def test_completing_without_parts_is_refused(desk: Desk) -> None:
    ann = desk.person("ann")
    opened = desk.opened(ann)

    assert desk.complete(ann, opened, []).status_code == 400


def test_a_part_that_was_not_sent_is_refused_and_the_upload_stays_open(desk: Desk) -> None:
    ann = desk.person("ann")
    opened = desk.opened(ann)
    sent = desk.send(opened, b"pixels")

    answer = desk.complete(ann, opened, [sent, {"ETag": '"0"', "PartNumber": 2}])

    assert answer.status_code == 400
    assert list(answer.get_json()["errors"]) == ["parts"]
    assert desk.complete(ann, opened, [sent]).status_code == 200


def test_aborting_forgets_the_bytes_and_empties_the_identifier(desk: Desk) -> None:
    ann = desk.person("ann")
    opened = desk.opened(ann)
    desk.send(opened, b"pixels")

    answer = desk.call(
        "PATCH", f"uploads/{opened['pk']}/{opened['s3_upload_id']}/abort-multipart-upload/", ann
    )

    assert answer.get_json()["status"] == "Aborted"
    assert answer.get_json()["s3_upload_id"] == ""


def test_a_completed_upload_takes_no_more_parts(desk: Desk) -> None:
    ann = desk.person("ann")
    opened = desk.opened(ann)
    desk.complete(ann, opened, [desk.send(opened, b"pixels")])
    path = f"uploads/{opened['pk']}/{opened['s3_upload_id']}"

    assert (
        desk.call("PATCH", f"{path}/generate-presigned-urls/", ann, json={"part_numbers": [1]}).status_code
        == 409
    )
    assert desk.call("PATCH", f"{path}/abort-multipart-upload/", ann).status_code == 409


@pytest.mark.parametrize(
    "filename", ["../x", "/x", "a/b.mha", "a\\b.mha", "", "x" * 129, "..", "a\nb", "tab\t.mha"]
)
def test_a_filename_that_is_no_plain_name_is_refused(desk: Desk, filename: str) -> None:
    answer = desk.call("POST", "uploads/", desk.person("ann"), json={"filename": filename})

    assert answer.status_code == 400
    assert list(answer.get_json()["errors"]) == ["filename"]
    assert desk.service.documents.count("uploads") == 0


@pytest.mark.parametrize(
    "filename", ["..x", "Ärzte 心.mha", "x" * 128, "a b.nii.gz", "Screenshot 10.00\u202fAM.png"]
)
def test_unusual_but_plain_filenames_are_taken(desk: Desk, filename: str) -> None:
    assert desk.opened(desk.person("ann"), filename)["filename"] == filename


@pytest.mark.parametrize(
    ("content", "status", "field"),
    [
        ({"json": {"filename": "a", "size": 3}}, 400, "size"),
        ({"json": {}}, 400, "filename"),
        ({"json": ["a"]}, 400, ""),
        ({"json": {"filename": 7}}, 400, "filename"),
        ({"data": b'{"filename": NaN}', "content_type": "application/json"}, 400, ""),
        ({"data": b"{", "content_type": "application/json"}, 400, ""),
        ({"data": b"filename=a", "content_type": "text/plain"}, 415, None),
    ],
)
def test_a_bad_body_is_one_problem_that_names_the_field(
    desk: Desk, content: dict[str, object], status: int, field: str | None
) -> None:
    answer = desk.call("POST", "uploads/", desk.person("ann"), **content)

    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert answer.get_json()["status"] == status
    assert answer.get_json()["detail"]
    assert field is None or list(answer.get_json()["errors"]) == [field]


@pytest.mark.parametrize("number", [0, 10_001, "1", 1.5])
def test_part_numbers_outside_the_standard_are_refused(desk: Desk, number: object) -> None:
    ann = desk.person("ann")
    opened = desk.opened(ann)
    path = f"uploads/{opened['pk']}/{opened['s3_upload_id']}/generate-presigned-urls/"

    answer = desk.call("PATCH", path, ann, json={"part_numbers": [number]})

    assert answer.status_code == 400
    assert list(answer.get_json()["errors"]) == ["part_numbers.0"]
