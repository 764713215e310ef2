"""Bad input: one problem that names the field and the reason, and nothing stored."""

import base64
import io
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive_shared.identifiers import new_id
from tests.support.archive_service import SITE, ArchiveService
from tests.support.imports import SOCKET, an_import
from tests.support.pictures import a_picture
from tests.support.sockets import a_socket

ARCHIVES = "/api/v1/archives/"
ITEMS = "/api/v1/archives/items/"
IMAGE = f"{SITE}/api/v1/cases/images/{new_id()}/"  # of no image there is


def encoded(picture: bytes) -> str:
    return base64.b64encode(picture).decode()


def stored(service: ArchiveService) -> list[object]:
    blobs = [blob.key for blob in service.library.media_blobs.list()]
    return [
        [service.api.documents.find(name) for name in ("archives", "items")],
        blobs,
        dict(service.people.roles),
    ]


BAD_ARCHIVES: list[tuple[dict[str, Any], str, str]] = [
    ({}, "title", "Missing data for required field."),
    ({"title": ""}, "title", "Length must be between 1 and 255."),
    ({"title": " \t "}, "title", "Control characters are not allowed."),
    ({"title": "   "}, "title", "Length must be between 1 and 255."),
    ({"title": "x" * 300}, "title", "Length must be between 1 and 255."),
    ({"title": None}, "title", "Field may not be null."),
    ({"title": 7}, "title", "Not a valid string."),
    ({"title": "two\nlines"}, "title", "Control characters are not allowed."),
    ({"title": "\ud800"}, "title", "Must not contain NUL characters or half surrogate pairs."),
    ({"title": "nul\x00"}, "title", "Must not contain NUL characters or half surrogate pairs."),
    ({"title": "ok", "description": "x" * 20_001}, "description", "Longer than maximum length 20000."),
    ({"title": "ok", "public": "yes"}, "public", "Must be true or false."),
    ({"title": "ok", "public": 1}, "public", "Must be true or false."),
    ({"title": "ok", "slug": "mine"}, "slug", "Unknown field."),
    ({"title": "ok", "titel": "typo"}, "titel", "Unknown field."),
    ({"title": "ok", "logo": "???"}, "logo", "Must be a picture as base64 text."),
    ({"title": "ok", "logo": "é"}, "logo", "Must be a picture as base64 text."),
    ({"title": "ok", "logo": 5}, "logo", "Must be a picture as base64 text."),
    ({"title": "ok", "logo": encoded(b"text")}, "logo", "The logo is not a PNG, JPEG or WebP picture."),
    (
        {"title": "ok", "logo": encoded(a_picture(600, 600))},
        "logo",
        "The logo is 600 × 600 pixels; it must be square and at least 640 × 640 pixels.",
    ),
    (
        {"title": "ok", "logo": encoded(a_picture(640, 800))},
        "logo",
        "The logo is 640 × 800 pixels; it must be square and at least 640 × 640 pixels.",
    ),
]
BAD_ARCHIVE_IDS = [f"{field}-{number}" for number, (_, field, _) in enumerate(BAD_ARCHIVES)]


@pytest.mark.parametrize(("body", "field", "reason"), BAD_ARCHIVES, ids=BAD_ARCHIVE_IDS)
def test_a_bad_archive_is_refused_by_field(
    service: ArchiveService, editor: str, body: dict[str, Any], field: str, reason: str
) -> None:
    before = stored(service)

    answer = service.call("POST", ARCHIVES, editor, json=body)

    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": "The request is not valid.",
        "errors": {field: [reason]},
    }
    assert stored(service) == before


@pytest.mark.parametrize(
    ("body", "field"),
    [(body, field) for body, field, _ in BAD_ARCHIVES if body.get("title") != ""],
    ids=[field for body, field, _ in BAD_ARCHIVES if body.get("title") != ""],
)
def test_a_bad_change_of_an_archive_changes_nothing(
    service: ArchiveService, editor: str, archive: str, body: dict[str, Any], field: str
) -> None:
    before = stored(service)
    if not body:
        body = {"title": "ok", "created": "2020-01-01"}
        field = "created"

    answer = service.call("PATCH", f"{ARCHIVES}{archive}/", editor, json=body)

    assert answer.status_code == 400
    assert list(answer.json["errors"]) == [field]
    assert stored(service) == before


def test_a_bad_form_is_refused_by_field(service: ArchiveService, editor: str) -> None:
    picture = (io.BytesIO(a_picture(600, 600)), "logo.png")
    form = {"title": "x" * 300, "public": "maybe", "other": "1", "logo": picture}
    before = stored(service)

    answer = service.call("POST", ARCHIVES, editor, data=form, content_type="multipart/form-data")

    assert answer.status_code == 400
    assert sorted(answer.json["errors"]) == ["other", "public", "title"]
    assert stored(service) == before


UNREADABLE = {
    (b'{"title": "ok"}', "text/plain"): 415,
    (b"title=ok", "application/x-www-form-urlencoded"): 415,
    (b'{"title": "ok"}', ""): 415,
    (b'{"title": "ok"', "application/json"): 400,
    (b"", "application/json"): 400,
    (b'["ok"]', "application/json"): 400,
    (b'"ok"', "application/json"): 400,
    (b'{"title": NaN}', "application/json"): 400,
    (b'{"title": Infinity}', "application/json"): 400,
    (b'{"title": "\xff"}', "application/json"): 400,
    (b"[" * 100_000, "application/json"): 400,
}
FORMS = {(b"", "multipart/form-data"): 400, (b"garbage", "multipart/form-data; boundary=x"): 400}
NO_FORMS = dict.fromkeys(FORMS, 415)  # items have no files to send


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [(ARCHIVES, body, status) for body, status in (UNREADABLE | FORMS).items()]
    + [(ITEMS, body, status) for body, status in (UNREADABLE | NO_FORMS).items()],
)
def test_a_body_that_cannot_be_read_is_refused(
    service: ArchiveService, editor: str, path: str, body: tuple[bytes, str], status: int
) -> None:
    data, content_type = body
    before = stored(service)

    answer = service.call("POST", path, editor, data=data, content_type=content_type)

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json["status"] == status
    assert stored(service) == before


def test_a_number_that_its_schema_cannot_be_applied_to_is_refused(
    service: ArchiveService, editor: str, archive: str
) -> None:
    a_socket(service, "Dose", "Float", schema={"multipleOf": 0.5})
    body = {
        "archive": f"{SITE}/api/v1/archives/{archive}/",
        "values": [{"interface": "dose", "value": 10**400}],
    }

    answer = service.call("POST", ITEMS, editor, json=body)

    assert (answer.status_code, list(answer.json["errors"])) == (400, ["values.0.value"])


TOO_DEEP = "[" * 101 + "]" * 101
JSON_NOBODY_CAN_KEEP = ["1e999", "[-1e999]", '{"a": 1e400}', TOO_DEEP, '"\\u0000"', '{"a\\udfff": 1}']
WRITES = {
    "values.0.value": (ITEMS, '"archive": "{archive}", "values": [{"interface": "any", "value": %s}]'),
    "rows.0.values.0.value": (
        f"{ITEMS}bulk/",
        '"archive": "{archive}", "rows": [{"operation": "create", "values": [{"interface": "any", "value": %s}]}]',
    ),
    "schema.default": (
        "/api/v1/components/interfaces/",
        '"title": "S", "kind": "Anything", "schema": {"default": %s}',
    ),
    "default_value": (
        "/api/v1/components/interfaces/",
        '"title": "S", "kind": "Anything", "default_value": %s',
    ),
    "example_value": (
        "/api/v1/components/interfaces/",
        '"title": "S", "kind": "Anything", "example_value": %s',
    ),
}


@pytest.mark.parametrize("field", WRITES)
def test_json_that_cannot_be_kept_is_refused_wherever_it_stands(
    service: ArchiveService, editor: str, archive: str, field: str
) -> None:
    a_socket(service, "Any", "Anything")
    administrator = service.people.add_person("boss", administrator=True)
    path, content = WRITES[field]
    content = content.replace("{archive}", f"{SITE}/api/v1/archives/{archive}/")
    before = stored(service)

    for value in JSON_NOBODY_CAN_KEEP:
        body = "{" + content.replace("%s", value) + "}"
        token = editor if path.startswith(ITEMS) else administrator
        answer = service.call("POST", path, token, data=body, content_type="application/json")
        assert answer.status_code == 400, value
        [named] = answer.json["errors"]
        assert named.startswith(field), value
    assert stored(service) == before


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=8,
    )
    | st.integers(1, 150).map(lambda depth: json.loads("[" * depth + "]" * depth))
    | st.integers(300, 4000).map(lambda digits: 10**digits)
)
def test_any_json_is_kept_as_it_is_or_refused_by_name(
    service: ArchiveService, editor: str, archive: str, value: Any
) -> None:
    for title, kind in (("Any", "Anything"), ("Float", "Float")):
        if service.library.sockets.get(title.lower()) is None:
            a_socket(service, title, kind)
    body = {
        "archive": f"{SITE}/api/v1/archives/{archive}/",
        "values": [{"interface": name, "value": value} for name in ("any", "float")],
    }

    for sent in (body, body | {"values": body["values"][:1]}):
        answer = service.call("POST", ITEMS, editor, data=json.dumps(sent), content_type="application/json")

        assert answer.status_code in (201, 400), answer.text
        if answer.status_code == 201:
            assert answer.json["values"][0]["value"] == value
    service.settle()


def test_a_body_that_is_too_large_is_refused(service: ArchiveService, editor: str) -> None:
    answer = service.call("POST", ARCHIVES, editor, json={"title": "ok", "logo": "A" * 17_000_000})

    assert answer.status_code == 413
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"archive": ["Missing data for required field."]}),
        ({"archive": None}, {"archive": ["Field may not be null."]}),
        ({"archive": "chest-ct"}, {"archive": ["Invalid hyperlink - No URL match."]}),
        (
            {"archive": f"{SITE}/api/v1/archives/../items/"},
            {"archive": ["Invalid hyperlink - No URL match."]},
        ),
        (
            {"archive": f"{SITE}/api/v1/archives/{new_id()}/"},
            {"archive": ["Invalid hyperlink - Object does not exist."]},
        ),
        ({"title": "x" * 256}, {"title": ["Longer than maximum length 255."]}),
        ({"title": "two\nlines"}, {"title": ["Control characters are not allowed."]}),
        ({"name": "typo"}, {"name": ["Unknown field."]}),
        ({"values": {}}, {"values": ["Not a valid list."]}),
        (
            {"values": [{"interface": SOCKET, "image": IMAGE}] * 101},
            {"values": ["Longer than maximum length 100."]},
        ),
        ({"values": [7]}, {"values.0": ["Invalid input type."]}),
        ({"values": [{"image": None}]}, {"values.0.interface": ["Missing data for required field."]}),
        (
            {"values": [{"interface": SOCKET}]},
            {"values.0.image": ["You must provide at least one of image, upload_session, user_uploads."]},
        ),
        (
            {"values": [{"interface": SOCKET, "image": "x"}]},
            {"values.0.image": ["Invalid hyperlink - No URL match."]},
        ),
        (
            {"values": [{"interface": SOCKET, "image": IMAGE}]},
            {"values.0.image": ["Invalid hyperlink - Object does not exist."]},
        ),
        (
            {"values": [{"interface": SOCKET, "user_uploads": ["u"]}]},
            {"values.0.user_uploads.0": ["Invalid hyperlink - No URL match."]},
        ),
        ({"values": [{"interface": SOCKET, "socket": "x"}]}, {"values.0.socket": ["Unknown field."]}),
    ],
)
def test_a_bad_item_is_refused_by_field(
    service: ArchiveService, editor: str, archive: str, body: dict[str, Any], errors: dict[str, list[str]]
) -> None:
    if body and "archive" not in body:
        body = {"archive": f"{SITE}/api/v1/archives/{archive}/", **body}
    before = stored(service)

    answer = service.call("POST", ITEMS, editor, json=body)

    assert answer.status_code == 400
    assert answer.json["errors"] == errors
    assert stored(service) == before


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_values_for_unknown_or_doubled_sockets_change_nothing(
    service: ArchiveService, editor: str, archive: str, method: str
) -> None:
    event = an_import(archive=archive)
    service.hear(event)
    [item] = service.library.items.find()
    url = f"{SITE}/api/v1/cases/images/{event.image}/"
    before = stored(service)

    unknown = [{"interface": "cancer-score", "image": url}, {"interface": SOCKET, "image": url}]
    doubled = [{"interface": SOCKET, "image": url}, {"interface": SOCKET, "image": url}]
    answers = [
        service.call(method, f"{ITEMS}{item.id}/", editor, json={"title": "new", "values": values})
        for values in (unknown, doubled)
    ]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert answers[0].json["errors"] == {
        "values.0.interface": ["Object with slug=cancer-score does not exist."]
    }
    assert answers[1].json["errors"] == {"values.1.interface": ["Another value is for the same socket."]}
    assert stored(service) == before


def test_putting_an_item_needs_its_values(service: ArchiveService, editor: str, archive: str) -> None:
    service.hear(an_import(archive=archive))
    [item] = service.library.items.find()

    answer = service.call("PUT", f"{ITEMS}{item.id}/", editor, json={"title": "new"})

    assert answer.json["errors"] == {"values": ["Missing data for required field."]}
    assert service.library.items.require(item.id) == item


@pytest.mark.parametrize("path", [ARCHIVES, ITEMS, "/api/v1/cases/images/", "/api/v1/components/interfaces/"])
@pytest.mark.parametrize(("name", "value"), [("limit", "ten"), ("limit", "-1"), ("offset", "1.5")])
def test_a_bad_page_is_refused_by_parameter(
    service: ArchiveService, editor: str, path: str, name: str, value: str
) -> None:
    answer = service.call("GET", f"{path}?{name}={value}", editor)

    assert answer.status_code == 400
    assert list(answer.json["errors"]) == [name]


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", f"{ARCHIVES}x/"), ("DELETE", ARCHIVES), ("PUT", ITEMS), ("POST", "/api/v1/cases/images/")],
)
def test_a_method_nobody_offers_is_a_problem_too(
    service: ArchiveService, editor: str, method: str, path: str
) -> None:
    answer = service.call(method, path, editor)

    assert answer.status_code == 405
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize("header", ["", "Bearer", "Basic abc", "Bearer a b", "Bearer nobodys"])
def test_a_malformed_or_unknown_token_is_refused(service: ArchiveService, header: str) -> None:
    answer = service.call("GET", ARCHIVES, headers={"Authorization": header})

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json["detail"] == "Invalid token."
