"""Upload sessions: started for a target, once, and refused with reasons."""

from typing import Any

import pytest

from archive_shared.identifiers import new_id
from ingest_worker.domain.session import UploadSession
from ingest_worker.domain.session_report import SessionImage
from ingest_worker.domain.upload import Upload
from ingest_worker.entrypoints.http.schemas import identifier_in
from tests.integration.ingest_worker.conftest import ARCHIVE, ITEM, Desk


def started(desk: Desk, token: str, **body: Any) -> Any:
    return desk.call("POST", "cases/upload-sessions/", token, json=body)


@pytest.mark.parametrize(
    "reference", ["chest-ct", ARCHIVE, f"https://archive.test/api/v1/archives/{ARCHIVE}/"]
)
def test_a_session_is_queued_for_an_archive_named_in_any_way(desk: Desk, reference: str) -> None:
    ann = desk.person("ann", "uploader")
    upload = desk.uploaded(ann)

    answer = started(desk, ann, uploads=[upload], archive=reference)

    assert answer.status_code == 201
    assert answer.get_json()["status"] == "Queued"
    assert answer.get_json()["creator"] == 1
    assert answer.get_json()["uploads"] == [upload]
    assert answer.get_json()["image_set"] == []
    stored = desk.service.sessions.repository.require(answer.get_json()["pk"])
    assert (stored.archive, stored.socket) == (ARCHIVE, "generic-medical-image")
    assert [file.name for file in stored.files] == ["a.mha"]


@pytest.mark.parametrize("deidentify", [True, False])
def test_a_session_follows_its_archive_in_what_it_may_keep(desk: Desk, deidentify: bool) -> None:
    desk.archives.deidentifying |= {ARCHIVE} if deidentify else set()
    ann = desk.person("ann", "uploader")
    body = {"uploads": [desk.uploaded(ann)], "archive_item": ITEM, "interface": "generic-overlay"}

    answer = started(desk, ann, **body)

    stored = desk.service.sessions.repository.require(answer.get_json()["pk"])
    assert stored.deidentify is deidentify


@pytest.mark.parametrize("deidentify", [True, False])
def test_labels_are_kept_where_the_archive_wants_them_and_images_have_an_identity(
    desk: Desk, deidentify: bool
) -> None:
    desk.archives.keeping_labels |= {ARCHIVE}
    desk.archives.deidentifying |= {ARCHIVE} if deidentify else set()
    ann = desk.person("ann", "uploader")

    answer = started(desk, ann, uploads=[desk.uploaded(ann)], archive=ARCHIVE)

    stored = desk.service.sessions.repository.require(answer.get_json()["pk"])
    assert stored.keep_labels is not deidentify


def test_asking_twice_starts_one_session(desk: Desk) -> None:
    ann = desk.person("ann", "uploader")
    uploads = [desk.uploaded(ann, "a.mha"), desk.uploaded(ann, "b.mha")]

    first = started(desk, ann, uploads=uploads, archive="chest-ct")
    again = started(desk, ann, uploads=uploads[::-1], archive="chest-ct")

    assert again.status_code == 201
    assert again.get_json()["pk"] == first.get_json()["pk"]
    assert desk.service.documents.count("sessions") == 1


def test_an_upload_belongs_to_one_session(desk: Desk) -> None:
    ann = desk.person("ann", "uploader")
    shared, other = desk.uploaded(ann, "a.mha"), desk.uploaded(ann, "b.mha")
    started(desk, ann, uploads=[shared], archive="chest-ct")

    answer = started(desk, ann, uploads=[shared, other], archive="chest-ct")

    assert answer.status_code == 400
    assert answer.get_json()["errors"] == {"uploads": ["a.mha is already part of another upload session."]}


def test_a_refused_session_leaves_its_other_uploads_free(desk: Desk) -> None:
    ann = desk.person("ann", "uploader")
    taken, free = desk.uploaded(ann, "a.mha"), desk.uploaded(ann, "b.mha")
    started(desk, ann, uploads=[taken], archive="chest-ct")
    started(desk, ann, uploads=[free, taken], archive="chest-ct")

    assert started(desk, ann, uploads=[free], archive="chest-ct").status_code == 201


def test_an_upload_is_not_taken_from_a_session_that_is_being_stored(desk: Desk) -> None:
    ann = desk.person("ann", "uploader")
    upload = desk.uploaded(ann)
    desk.service.sessions.uploads.change(identifier_in(upload), lambda stored: bind(stored, new_id()))

    answer = started(desk, ann, uploads=[upload], archive="chest-ct")

    assert answer.status_code == 400
    assert desk.service.documents.count("sessions") == 0


def bind(upload: Upload, session: str) -> None:
    upload.session = session


@pytest.mark.parametrize("reference", [ITEM, f"https://archive.test/api/v1/archives/items/{ITEM}/"])
def test_a_session_may_fill_a_socket_of_one_item(desk: Desk, reference: str) -> None:
    ann = desk.person("ann", "uploader")

    answer = started(
        desk, ann, uploads=[desk.uploaded(ann)], archive_item=reference, interface="generic-overlay"
    )

    stored = desk.service.sessions.repository.require(answer.get_json()["pk"])
    assert (stored.archive, stored.item, stored.socket) == (ARCHIVE, ITEM, "generic-overlay")


def test_a_session_without_a_target_is_kept_for_later(desk: Desk) -> None:
    ann = desk.person("ann")

    answer = started(desk, ann, uploads=[desk.uploaded(ann)])

    assert answer.status_code == 201
    assert desk.service.sessions.repository.require(answer.get_json()["pk"]).archive is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"uploads": []}, "uploads"),
        ({"uploads": ["nonsense"]}, "uploads"),
        (
            {"uploads": ["https://archive.test/api/v1/uploads/6f4f3a8e-1a2b-4c3d-8e4f-5a6b7c8d9e00/"]},
            "uploads",
        ),
        ({"archive": "unknown"}, "archive"),
        ({"archive": "chest-ct", "archive_item": ITEM, "interface": "x"}, "archive_item"),
        ({"interface": "generic-overlay"}, "interface"),
        ({"archive": "chest-ct", "interface": "unknown-socket"}, "interface"),
        ({"archive_item": ITEM}, "interface"),
        ({"archive": "chest-ct", "colour": "red"}, "colour"),
    ],
)
def test_a_bad_session_is_refused_by_field_and_nothing_is_stored(
    desk: Desk, body: dict[str, Any], field: str
) -> None:
    ann = desk.person("ann", "uploader")
    upload = desk.uploaded(ann)

    answer = started(desk, ann, **({"uploads": [upload]} | body))

    assert answer.status_code == 400
    assert list(answer.get_json()["errors"]) == [field]
    assert desk.service.documents.count("sessions") == 0


def test_names_in_a_session_are_unique(desk: Desk) -> None:
    ann = desk.person("ann", "uploader")

    answer = started(desk, ann, uploads=[desk.uploaded(ann), desk.uploaded(ann)], archive="chest-ct")

    assert answer.get_json()["errors"] == {"uploads": ["Filenames must be unique."]}


def test_an_incomplete_upload_cannot_be_imported(desk: Desk) -> None:
    ann = desk.person("ann", "uploader")

    answer = started(desk, ann, uploads=[desk.opened(ann)["api_url"]], archive="chest-ct")

    assert answer.get_json()["errors"] == {"uploads": ["a.mha is not uploaded completely."]}


def test_uploads_of_others_do_not_exist(desk: Desk) -> None:
    ann, bob = desk.person("ann", "uploader"), desk.person("bob", "uploader")

    answer = started(desk, bob, uploads=[desk.uploaded(ann)], archive="chest-ct")

    assert answer.get_json()["errors"] == {"uploads": ["Object does not exist."]}


@pytest.mark.parametrize(("role", "status"), [(None, 400), ("user", 403), ("uploader", 201), ("editor", 201)])
@pytest.mark.parametrize("public", [True, False])
def test_only_uploaders_and_editors_import_into_an_archive(
    desk: Desk, role: str | None, status: int, public: bool
) -> None:
    if public:
        desk.archives.public.add(ARCHIVE)
    ann = desk.person("ann", role)

    answer = started(desk, ann, uploads=[desk.uploaded(ann)], archive="chest-ct")

    assert answer.status_code == status


OWN = {
    # route: statuses for anonymous, somebody else, the owner
    ("GET", "/api/v1/uploads/"): (401, 200, 200),
    ("POST", "/api/v1/uploads/"): (401, 201, 201),
    ("GET", "/api/v1/uploads/<pk>/"): (401, 404, 200),
    ("PATCH", "/api/v1/uploads/<pk>/<multipart_id>/generate-presigned-urls/"): (401, 404, 200),
    ("GET", "/api/v1/uploads/<pk>/<multipart_id>/list-parts/"): (401, 404, 200),
    ("PATCH", "/api/v1/uploads/<pk>/<multipart_id>/complete-multipart-upload/"): (401, 404, 200),
    ("PATCH", "/api/v1/uploads/<pk>/<multipart_id>/abort-multipart-upload/"): (401, 404, 200),
    ("GET", "/api/v1/cases/upload-sessions/"): (401, 200, 200),
    ("POST", "/api/v1/cases/upload-sessions/"): (401, 400, 201),
    ("GET", "/api/v1/cases/upload-sessions/<pk>/"): (401, 404, 200),
    ("POST", "/api/v1/cases/upload-sessions/<pk>/cancel/"): (401, 404, 200),
    ("POST", "/api/v1/cases/upload-sessions/<pk>/retry/"): (401, 404, 200),
    ("GET", "/livez"): (200, 200, 200),
    ("GET", "/readyz"): (200, 200, 200),
}


def test_every_route_has_a_row_in_the_table(desk: Desk) -> None:
    rules = desk.http.application.url_map.iter_rules()
    routes = {
        (method, rule.rule) for rule in rules for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }

    assert routes == set(OWN)


@pytest.mark.parametrize(("method", "route"), OWN)
@pytest.mark.parametrize("who", range(3), ids=["anonymous", "somebody-else", "owner"])
def test_what_is_uploaded_is_its_owners_alone(desk: Desk, method: str, route: str, who: int) -> None:
    ann, bob = desk.person("ann", "uploader"), desk.person("bob", "editor")
    opened, done = desk.opened(ann), desk.uploaded(ann, "done.mha")
    part = desk.send(opened, b"pixels")
    session = started(desk, ann, uploads=[desk.uploaded(ann, "other.mha")], archive="chest-ct").get_json()[
        "pk"
    ]
    bodies = {
        "generate-presigned-urls": {"part_numbers": [1]},
        "complete-multipart-upload": {"parts": [part]},
        "upload-sessions": {"uploads": [done], "archive": "chest-ct"},
        "uploads": {"filename": "new.mha"},
    }
    pk = session if "sessions" in route else opened["pk"]
    path = route.replace("<pk>", pk).replace("<multipart_id>", opened["s3_upload_id"])

    content: dict[str, Any] = (
        {} if method == "GET" else {"json": bodies.get(route.rstrip("/").rsplit("/", 1)[-1], {})}
    )
    token = [None, bob, ann][who]
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = desk.http.open(path, method=method, headers=headers, **content)

    assert answer.status_code == OWN[method, route][who], answer.text


def test_lists_show_only_ones_own(desk: Desk) -> None:
    ann, bob = desk.person("ann", "uploader"), desk.person("bob", "uploader")
    started(desk, ann, uploads=[desk.uploaded(ann)], archive="chest-ct")

    assert desk.call("GET", "uploads/", ann).get_json()["count"] == 1
    assert desk.call("GET", "cases/upload-sessions/", ann).get_json()["count"] == 1
    assert desk.call("GET", "uploads/", bob).get_json()["results"] == []
    assert desk.call("GET", "cases/upload-sessions/", bob).get_json()["results"] == []


def test_a_wrong_token_is_refused(desk: Desk) -> None:
    assert desk.call("GET", "uploads/", "wrong").status_code == 401
    assert desk.http.get("/api/v1/uploads/", headers={"Authorization": "Basic abc"}).status_code == 401


def act(desk: Desk, token: str, session: str, verb: str) -> Any:
    return desk.call("POST", f"cases/upload-sessions/{session}/{verb}/", token)


def test_a_cancelled_session_can_be_tried_again(desk: Desk) -> None:
    ann = desk.person("ann", "uploader")
    session = started(desk, ann, uploads=[desk.uploaded(ann)], archive="chest-ct").get_json()["pk"]

    cancelled = act(desk, ann, session, "cancel").get_json()
    again = act(desk, ann, session, "cancel").get_json()
    retried = act(desk, ann, session, "retry").get_json()

    assert (cancelled["status"], cancelled["error_message"]) == ("Cancelled", "The import was cancelled.")
    assert again == cancelled
    assert (retried["status"], retried["error_message"]) == ("Queued", None)


def test_a_session_that_waits_is_not_queued_twice(desk: Desk) -> None:
    ann = desk.person("ann", "uploader")
    session = started(desk, ann, uploads=[desk.uploaded(ann)], archive="chest-ct").get_json()["pk"]

    assert act(desk, ann, session, "retry").status_code == 200
    assert desk.service.sessions.repository.require(session).job.epoch == 0


def test_a_session_that_succeeded_is_over(desk: Desk) -> None:
    ann = desk.person("ann", "uploader")
    session = started(desk, ann, uploads=[desk.uploaded(ann)], archive="chest-ct").get_json()["pk"]

    def succeed(stored: UploadSession) -> None:
        stored.close([SessionImage("i", "a.mha", ["a.mha"])], [])
        stored.job = stored.job.finish()

    desk.service.sessions.repository.change(session, succeed)

    assert act(desk, ann, session, "cancel").status_code == 409
    assert act(desk, ann, session, "retry").status_code == 409
