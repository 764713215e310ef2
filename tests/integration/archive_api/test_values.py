"""Values of every kind in the sockets of items: what is taken, what is refused and why, and what is shown."""

import json
from typing import Any

import pytest

from archive_api.use_cases.uploaded import ImportSession
from archive_shared.events import ItemValueAdded, ItemValueRemoved, ItemValueReplaced, SessionFailed
from archive_shared.identifiers import new_id
from tests.support.archive_service import SITE, Answer, ArchiveService
from tests.support.imports import SOCKET, an_import
from tests.support.sockets import a_socket

ITEMS = "/api/v1/archives/items/"
NOBODYS = "00000000-0000-4000-8000-000000000000"


def put(service: ArchiveService, token: str, item: str, *values: dict[str, Any], **more: Any) -> Answer:
    return service.call("PATCH", item, token, json={"values": list(values), **more})


def score(value: Any, socket: str = "score") -> dict[str, Any]:
    return {"interface": socket, "value": value}


def upload_url(upload: str) -> str:
    return f"{SITE}/api/v1/uploads/{upload}/"


def values_of(service: ArchiveService, token: str, item: str) -> dict[str, Any]:
    shown = service.call("GET", item, token).json["values"]
    return {each["interface"]["slug"]: each for each in shown}


def test_json_is_set_replaced_and_removed_and_each_is_announced(
    service: ArchiveService, editor: str, archive: str, item: str
) -> None:
    a_socket(service, "Score", "Float")
    place = {"item": item.split("/")[-2], "archive": archive, "socket": "score", "image": "", "kind": "json"}

    put(service, editor, item, score(0.5))
    put(service, editor, item, score(0.75))
    shown = values_of(service, editor, item)["score"]["value"]
    put(service, editor, item, removed=["score"])

    assert shown == 0.75
    assert values_of(service, editor, item) == {}
    assert service.announced(identifier=place["item"])[1:] == [
        ItemValueAdded(**place),
        ItemValueReplaced(**place, previous_image=""),
        ItemValueRemoved(**place),
    ]


@pytest.mark.parametrize("value", [1, 1.0, True, "1", None, [1, 2.0], {"a": None}, 2**80, 1e300, "ü\u2028"])
def test_any_json_comes_back_exactly_as_it_was_sent(
    service: ArchiveService, editor: str, item: str, value: Any
) -> None:
    a_socket(service, "Anything goes", "Anything")

    answer = put(service, editor, item, score(value, "anything-goes"))

    shown = values_of(service, editor, item)["anything-goes"]["value"]
    assert answer.status_code == 200, answer.text
    assert json.dumps(shown) == json.dumps(value)


def test_d45_values_that_python_finds_equal_are_different_values(
    service: ArchiveService, editor: str, item: str
) -> None:
    a_socket(service, "Anything goes", "Anything")
    numbers = []

    for value in (1, True, 1.0):
        put(service, editor, item, score(value, "anything-goes"))
        shown = values_of(service, editor, item)["anything-goes"]
        assert json.dumps(shown["value"]) == json.dumps(value)
        numbers.append(shown["pk"])

    assert len(set(numbers)) == 3


def test_equal_values_are_one_and_the_same_everywhere(
    service: ArchiveService, editor: str, archive: str, item: str
) -> None:
    a_socket(service, "Score", "Float")
    body = {"archive": f"{SITE}/api/v1/archives/{archive}/", "values": [score(0.5)]}
    other = service.call("POST", ITEMS, editor, json=body).json
    put(service, editor, item, score(0.5))

    assert values_of(service, editor, item)["score"]["pk"] == other["values"][0]["pk"]


REFUSED: list[tuple[str, Any, str]] = [
    ("Float", "high", "JSON does not fulfill schema: 'high' is not of type 'number'"),
    ("Float", True, "JSON does not fulfill schema: True is not of type 'number'"),
    ("Integer", 1.5, "JSON does not fulfill schema: 1.5 is not of type 'integer'"),
    ("Bool", 1, "JSON does not fulfill schema: 1 is not of type 'boolean'"),
    ("String", None, "value is required for interface kind String."),
    ("Multiple choice", ["a", 1], "JSON does not fulfill schema: 1 is not of type 'string'"),
    (
        "Point",
        {"type": "Point", "point": [1, 2, 3]},
        "JSON does not fulfill schema: 'version' is a required property",
    ),
    ("Chart", {"mark": "bar"}, "JSON does not fulfill schema: '$schema' is a required property"),
]


@pytest.mark.parametrize(("kind", "value", "reason"), REFUSED, ids=str)
def test_json_that_is_not_of_its_kind_is_refused_by_name_and_changes_nothing(
    service: ArchiveService, editor: str, item: str, kind: str, value: Any, reason: str
) -> None:
    a_socket(service, "Score", kind)

    answer = put(service, editor, item, score(value), title="new")

    assert answer.status_code == 400
    assert answer.json["errors"] == {"values.0.value": [reason]}
    assert service.call("GET", item, editor).json["title"] == ""


VERSION = {"version": {"major": 1, "minor": 0}}
TAKEN: list[tuple[str, Any]] = [
    ("String", "text"),
    ("Integer", -3),
    ("Float", 3),
    ("Bool", False),
    ("Choice", "a"),
    ("Multiple choice", []),
    ("Chart", {"$schema": "https://vega.github.io/schema/vega-lite/v5.json", "mark": "bar"}),
    ("Point", {**VERSION, "type": "Point", "point": [1, 2, 3.5], "name": "p", "probability": 0.5}),
    ("2D bounding box", {**VERSION, "type": "2D bounding box", "corners": [[0, 0, 0]] * 4}),
    (
        "Distance measurement",
        {**VERSION, "type": "Distance measurement", "start": [0, 0, 0], "end": [1, 1, 1]},
    ),
    ("Angle", {**VERSION, "type": "Angle", "lines": [[[0, 0, 0], [1, 1, 1]], [[0, 0, 0], [1, 0, 0]]]}),
    (
        "Three-point angle",
        {**VERSION, "type": "Three-point angle", "angle": [[0, 0, 0], [1, 0, 0], [1, 1, 0]]},
    ),
    ("Ellipse", {**VERSION, "type": "Ellipse", "major_axis": [[0, 0, 0]] * 2, "minor_axis": [[0, 0, 0]] * 2}),
    ("Line", {**VERSION, "type": "Line", "seed_points": [[0, 0, 0]], "path_point_lists": [[[0, 0, 0]]]}),
    (
        "Polygon",
        {
            **VERSION,
            "type": "Polygon",
            "seed_point": [0, 0, 0],
            "path_points": [[0, 0, 0]],
            "sub_type": "x",
            "groups": [],
        },
    ),
    ("Affine transform registration", {"3d_affine_transform": [[1, 0, 0, 0]] * 4}),
]


@pytest.mark.parametrize(("kind", "value"), TAKEN, ids=[kind for kind, _ in TAKEN])
def test_json_of_every_kind_is_taken(
    service: ArchiveService, editor: str, item: str, kind: str, value: Any
) -> None:
    a_socket(service, "Score", kind)

    answer = put(service, editor, item, score(value))

    assert answer.status_code == 200, answer.text
    assert values_of(service, editor, item)["score"]["value"] == value


def test_json_meets_the_schema_of_its_socket_too(service: ArchiveService, editor: str, item: str) -> None:
    a_socket(service, "Score", "Float", schema={"maximum": 1})

    answer = put(service, editor, item, score(1.5))

    assert "1.5 is greater than the maximum of 1" in answer.text


def test_d46_null_is_a_value_where_the_schema_allows_it_and_a_json_value_can_be_cleared(
    service: ArchiveService, editor: str, item: str
) -> None:
    a_socket(service, "Comment", "Anything", schema={"type": ["string", "null"]})

    put(service, editor, item, score("seen", "comment"))
    nulled = put(service, editor, item, score(None, "comment"))
    cleared = put(service, editor, item, removed=["comment"])

    assert [each["value"] for each in nulled.json["values"]] == [None]
    assert cleared.json["values"] == []


def test_d32_an_image_value_can_be_cleared_by_patch(
    service: ArchiveService, editor: str, archive: str
) -> None:
    event = an_import(archive=archive, image=new_id())
    service.hear(event)
    [found] = service.call("GET", f"{ITEMS}?archive={archive}", editor).json["results"]

    answer = put(service, editor, found["api_url"], removed=[SOCKET])

    assert answer.json["values"] == []


def test_d31_one_socket_twice_in_one_request_is_refused(
    service: ArchiveService, editor: str, item: str
) -> None:
    a_socket(service, "Score", "Float")

    answer = put(service, editor, item, score(1.0), score(2.0))

    assert answer.json["errors"] == {"values.1.interface": ["Another value is for the same socket."]}


FILES: list[tuple[str, str, bytes]] = [
    ("PDF file", "a.pdf", b"%PDF-1.7\n"),
    ("SQREG file", "a.sqreg", b"SQLite format 3\0more"),
    ("Thumbnail jpg", "a.jpeg", b"\xff\xd8\xff\xe0"),
    ("Thumbnail png", "a.png", b"\x89PNG\r\n\x1a\nmore"),
    ("MP4 file", "a.mp4", b"\0\0\0\x18ftypmp42"),
    ("ZIP file", "a.zip", b"PK\x03\x04more"),
    ("CSV file", "a.csv", b"a,b\r\n1,\xc3\xa4\r\n"),
    ("OBJ file", "a.obj", b"# mesh\nv 0 0 0\nf 1 1 1\n"),
    ("Newick tree-format file", "a.newick", b"(A,B,(C,D));"),
    ("BIOM format", "a.biom", b"\x89HDF\r\n\x1a\nmore"),
]


@pytest.mark.parametrize(("kind", "name", "content"), FILES, ids=[kind for kind, _, _ in FILES])
def test_a_file_of_every_kind_is_kept_and_leads_to_its_bytes(
    service: ArchiveService, editor: str, item: str, kind: str, name: str, content: bytes
) -> None:
    a_socket(service, "Report", kind)
    upload = service.uploads.upload(editor, name, content)

    answer = put(service, editor, item, {"interface": "report", "user_upload": upload_url(upload)})

    assert answer.status_code == 200, answer.text
    file = values_of(service, editor, item)["report"]["file"]
    assert file.endswith(f"/{name}")
    assert service.call("GET", file, editor).status_code == 302
    [stored] = service.library.media_blobs.list("values/")
    assert service.library.media_blobs.read(stored.key) == content


@pytest.mark.parametrize(("kind", "name", "_"), FILES, ids=[kind for kind, _, _ in FILES])
def test_d9_file_content_is_checked_against_the_kind_of_its_socket(
    service: ArchiveService, editor: str, item: str, kind: str, name: str, _: bytes
) -> None:
    a_socket(service, "Report", kind)
    upload = service.uploads.upload(editor, name, b"\x00\x01\x02 something else")

    answer = put(service, editor, item, {"interface": "report", "user_upload": upload_url(upload)})

    assert answer.json["errors"] == {"values.0": [f"The content of this file is not that of a {kind}."]}
    assert list(service.library.media_blobs.list("values/")) == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"a": 1}', None),
        (b"{", "The file could not be decoded as JSON."),
        (b'"text"', "JSON does not fulfill schema: 'text' is not of type 'object'"),
    ],
)
def test_json_that_is_kept_as_a_file_meets_its_schema(
    service: ArchiveService, editor: str, item: str, content: bytes, reason: str | None
) -> None:
    a_socket(service, "Notes", "Anything", store_in_database=False, schema={"type": "object"})
    upload = service.uploads.upload(editor, "notes.json", content)

    answer = put(service, editor, item, {"interface": "notes", "user_upload": upload_url(upload)})

    errors = answer.json.get("errors")
    assert errors == (None if reason is None else {"values.0": [reason]})


def test_an_upload_of_somebody_else_does_not_exist(service: ArchiveService, editor: str, item: str) -> None:
    a_socket(service, "Report", "PDF file")
    stranger = service.people.add_person("stranger")
    upload = service.uploads.upload(stranger, "a.pdf", b"%PDF-")

    answer = put(service, editor, item, {"interface": "report", "user_upload": upload_url(upload)})

    assert answer.json["errors"] == {"values.0": ["Invalid hyperlink - Object does not exist."]}


@pytest.mark.parametrize(
    ("kind", "source", "reason"),
    [
        (
            "Float",
            {"image": f"{SITE}/api/v1/cases/images/{NOBODYS}/"},
            "value is required for interface kind Float.",
        ),
        ("PDF file", {"value": 1}, "user_upload is required for interface kind PDF file."),
        ("PDF file", {}, "You must provide at least one of user_upload."),
        (
            "Image",
            {"value": 1},
            "image or upload_session or user_uploads is required for interface kind Image.",
        ),
        ("Float", {"value": 1, "user_uploads": []}, "You can only provide one source for each socket."),
    ],
    ids=str,
)
def test_a_source_that_does_not_fit_the_socket_is_refused(
    service: ArchiveService, editor: str, item: str, kind: str, source: dict[str, Any], reason: str
) -> None:
    a_socket(service, "Score", kind)

    answer = put(service, editor, item, {"interface": "score", **source})

    [found] = answer.json["errors"].values()
    assert found == [reason]


def test_uploads_become_a_value_once_they_are_imported(
    service: ArchiveService, editor: str, archive: str, item: str
) -> None:
    upload = service.uploads.upload(editor, "ct.mha", b"pixels")

    pending = put(service, editor, item, {"interface": SOCKET, "user_uploads": [upload_url(upload)]}).json
    session = pending["arriving"][0]["upload_session"].split("/")[-2]
    imported = an_import(item=item.split("/")[-2], archive=archive, image=new_id(), session=session)
    service.hear(imported)

    done = service.call("GET", item, editor).json
    assert (pending["state"], pending["reason"]) == ("pending", "A value is being imported.")
    assert pending["values"] == []
    assert done["arriving"] == []
    assert done["values"][0]["image"].endswith(f"{imported.image}/")


def test_an_import_that_is_done_before_its_item_waits_is_not_waited_for(
    service: ArchiveService, editor: str, archive: str, item: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload, image = service.uploads.upload(editor, "ct.mha", b"pixels"), new_id()
    start = service.uploads.start_import

    def start_and_import(*arguments: Any, **named: Any) -> ImportSession:
        session = start(*arguments, **named)
        service.hear(an_import(item=item.split("/")[-2], archive=archive, image=image, session=session.id))
        return session

    monkeypatch.setattr(service.uploads, "start_import", start_and_import)
    answer = put(service, editor, item, {"interface": SOCKET, "user_uploads": [upload_url(upload)]}).json

    assert answer["arriving"] == []
    assert answer["values"][0]["image"].endswith(f"{image}/")


def test_uploads_that_are_sent_again_once_they_are_imported_are_not_waited_for(
    service: ArchiveService, editor: str, archive: str, item: str
) -> None:
    upload = service.uploads.upload(editor, "ct.mha", b"pixels")
    wanted = {"interface": SOCKET, "user_uploads": [upload_url(upload)]}
    session = put(service, editor, item, wanted).json["arriving"][0]["upload_session"].split("/")[-2]
    service.hear(an_import(item=item.split("/")[-2], archive=archive, image=new_id(), session=session))
    done = service.call("GET", item, editor).json

    again = put(service, editor, item, wanted).json

    assert again["arriving"] == []
    assert again["values"][0]["image"] == done["values"][0]["image"]


@pytest.mark.parametrize("heard", ["before the item waits", "afterwards"])
def test_d33_an_import_that_fails_shows_in_the_item_with_its_reason(
    service: ArchiveService, editor: str, item: str, monkeypatch: pytest.MonkeyPatch, heard: str
) -> None:
    upload = service.uploads.upload(editor, "ct.txt", b"no pixels")
    start = service.uploads.start_import

    def start_and_fail(*arguments: Any, **named: Any) -> ImportSession:
        session = start(*arguments, **named)
        if heard != "afterwards":
            service.uploads.finish(session.id)
            service.hear(
                SessionFailed(session=session.id, creator="user-editor", reason="Nothing came of it.")
            )
        return session

    monkeypatch.setattr(service.uploads, "start_import", start_and_fail)
    answer = put(service, editor, item, {"interface": SOCKET, "user_uploads": [upload_url(upload)]})
    if heard == "afterwards":
        session = answer.json["arriving"][0]["upload_session"].split("/")[-2]
        service.hear(SessionFailed(session=session, creator="user-editor", reason="Nothing came of it."))

    shown = service.call("GET", item, editor).json
    assert (shown["state"], shown["reason"]) == ("failed", "An import failed: Nothing came of it.")
    assert shown["arriving"][0]["state"] == "failed"


def test_a_failed_import_can_be_tried_again(service: ArchiveService, editor: str, item: str) -> None:
    first = service.uploads.upload(editor, "ct.txt", b"no pixels")
    second = service.uploads.upload(editor, "ct.mha", b"pixels")
    answer = put(service, editor, item, {"interface": SOCKET, "user_uploads": [upload_url(first)]})
    session = answer.json["arriving"][0]["upload_session"].split("/")[-2]
    service.hear(SessionFailed(session=session, creator="user-editor", reason="Nothing came of it."))

    again = put(service, editor, item, {"interface": SOCKET, "user_uploads": [upload_url(second)]}).json

    assert (again["state"], again["arriving"][0]["reason"]) == ("pending", "")


def test_the_images_of_a_finished_session_can_be_taken(
    service: ArchiveService, editor: str, item: str
) -> None:
    imported = an_import(image=new_id(), creator="user-editor")
    service.hear(imported)
    session = service.uploads.import_session(editor, imported.image)
    url = f"{SITE}/api/v1/cases/upload-sessions/{session}/"

    answer = put(service, editor, item, {"interface": SOCKET, "upload_session": url})

    assert answer.json["values"][0]["image"].endswith(f"{imported.image}/")


def test_a_session_that_is_not_finished_fills_the_socket_later(
    service: ArchiveService, editor: str, item: str
) -> None:
    session = service.uploads.import_session(editor, finished=False)
    url = f"{SITE}/api/v1/cases/upload-sessions/{session}/"
    put(service, editor, item, {"interface": SOCKET, "upload_session": url})

    service.hear(an_import(image=new_id(), creator="user-editor", session=session))

    assert SOCKET in values_of(service, editor, item)


SEGMENTS = [{"name": "lung", "voxel_value": 1}, {"name": "tumour", "voxel_value": 2}]
IMAGES: list[tuple[str, dict[str, Any], str]] = [
    ("Segmentation", {"segments": [0, 1, 2]}, ""),
    (
        "Segmentation",
        {"segments": [0, 3]},
        "This segmentation is invalid as it contains the voxel values: [3].",
    ),
    ("Segmentation", {"segments": None}, "Image segments could not be determined"),
    ("Displacement field", {"timepoints": 3}, ""),
    ("Displacement field", {"timepoints": 2}, "3-component vector"),
    ("Displacement field", {"timepoints": None}, "must be a 4D image"),
    ("Displacement field", {"timepoints": 3, "color_space": "RGB"}, "cannot have a color component"),
    ("Heat Map", {}, ""),
]


@pytest.mark.parametrize(("kind", "about", "reason"), IMAGES, ids=str)
def test_an_image_fits_its_socket_or_is_refused(
    service: ArchiveService, editor: str, item: str, kind: str, about: dict[str, Any], reason: str
) -> None:
    a_socket(service, "Mask", kind, overlay_segments=SEGMENTS if kind == "Segmentation" else [])
    imported = an_import(image=new_id(), creator="user-editor", **about)
    service.hear(imported)
    image = f"{SITE}/api/v1/cases/images/{imported.image}/"

    answer = put(service, editor, item, {"interface": "mask", "image": image})

    if reason:
        assert answer.status_code == 400
        assert reason in answer.json["errors"]["values.0.image"][0]
    else:
        assert answer.status_code == 200, answer.text


def test_d5_an_import_into_a_socket_it_does_not_fit_is_not_placed(
    service: ArchiveService, editor: str, archive: str, item: str
) -> None:
    a_socket(service, "Mask", "Segmentation", overlay_segments=SEGMENTS)
    a_socket(service, "Text", "String")

    for socket in ("mask", "text"):
        service.hear(an_import(archive=archive, socket=socket, image=new_id(), segments=[0, 9]))
        service.hear(an_import(item=item.split("/")[-2], socket=socket, image=new_id(), segments=[0, 9]))

    listed = service.call("GET", f"{ITEMS}?archive={archive}", editor).json
    assert [(each["api_url"], each["values"]) for each in listed["results"]] == [(item, [])]


def test_values_are_in_order_of_kind_then_socket(service: ArchiveService, editor: str, item: str) -> None:
    for title, kind in (("Zeta", "Float"), ("Alpha", "Float"), ("Report", "PDF file")):
        a_socket(service, title, kind)
    imported = an_import(image=new_id(), creator="user-editor")
    service.hear(imported)
    upload = service.uploads.upload(editor, "a.pdf", b"%PDF-")

    put(
        service,
        editor,
        item,
        {"interface": SOCKET, "image": f"{SITE}/api/v1/cases/images/{imported.image}/"},
        {"interface": "report", "user_upload": upload_url(upload)},
        score(1.0, "zeta"),
        score(2.0, "alpha"),
    )

    assert list(values_of(service, editor, item)) == ["alpha", "zeta", "report", SOCKET]
