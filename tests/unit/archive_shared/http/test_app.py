"""What every HTTP surface does alike: errors, bodies, pages, health."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Blueprint, Response
from flask.testing import FlaskClient
from marshmallow import Schema, fields

from archive_shared.errors import (
    ArchiveSystemError,
    Conflict,
    Duplicate,
    Forbidden,
    Invalid,
    NotFound,
    Unauthenticated,
    Unavailable,
)
from archive_shared.http import service_tokens
from archive_shared.http.app import build_app, json_response
from archive_shared.http.requests import bearer_token, body, page, page_body

SECRET = b"a secret of at least thirty-two bytes!"


class Value(Schema):
    socket = fields.String(required=True)


class Thing(Schema):
    title = fields.String(required=True)
    values = fields.List(fields.Nested(Value))


def client(view: Callable[[], Response], **ready: Callable[[], None]) -> FlaskClient:
    routes = Blueprint("test", __name__)
    routes.add_url_rule("/thing/", view_func=view, methods=["GET", "POST"])
    return build_app("test", blueprints=[routes], ready=ready).test_client()


def raising(error: Exception) -> Callable[[], Response]:
    def view() -> Response:
        raise error

    return view


def test_a_missing_slash_leads_to_the_same_site_whatever_the_client_calls_it() -> None:
    http = client(lambda: json_response({}))

    answer = http.get("/thing?limit=1", headers={"Host": "elsewhere.test"})

    assert (answer.status_code, answer.headers["Location"]) == (308, "/thing/?limit=1")
    assert b"elsewhere" not in answer.data


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Invalid({"title": ["Too long."]}), 400),
        (Unauthenticated("Invalid token."), 401),
        (Forbidden("No."), 403),
        (NotFound("archive 7 may not be seen"), 404),
        (Conflict("Not now."), 409),
        (Duplicate("taken"), 409),
        (Unavailable("no database"), 503),
    ],
)
def test_each_kind_of_error_has_its_status(error: ArchiveSystemError, status: int) -> None:
    answer = client(raising(error)).get("/thing/")

    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert answer.get_json()["status"] == status


def test_what_may_not_be_seen_looks_like_what_does_not_exist() -> None:
    hidden = client(raising(NotFound("archive 7 may not be seen"))).get("/thing/")

    assert hidden.get_json()["detail"] == "Not found."


def test_an_unexpected_error_tells_nothing_but_where_to_look() -> None:
    answer = client(raising(RuntimeError("password=hunter2"))).get("/thing/")

    assert answer.status_code == 500
    assert "hunter2" not in answer.text
    assert len(answer.headers["X-Request-Id"]) == 32


def test_an_unavailable_part_asks_to_try_again() -> None:
    assert client(raising(Unavailable("x"))).get("/thing/").headers["Retry-After"] == "1"


def test_a_missing_token_names_the_scheme() -> None:
    assert client(raising(Unauthenticated("x"))).get("/thing/").headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nowhere/", 404), ("DELETE", "/thing/", 405)]
)
def test_errors_of_the_framework_are_problems_too(method: str, path: str, status: int) -> None:
    answer = client(lambda: json_response({})).open(path, method=method)

    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"


def test_json_is_exactly_what_the_public_client_compares() -> None:
    assert (
        client(lambda: json_response({"a": 1})).get("/thing/").headers["Content-Type"] == "application/json"
    )


def echo() -> Response:
    return json_response(body(Thing()))


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ('{"title": 3}', "title"),
        ('{"titel": "x", "title": "x"}', "titel"),
        ('{"title": "x", "values": [{"socket": "a"}, {}]}', "values.1.socket"),
        ('{"title": NaN}', ""),
        ('{"title": "a\\u0000b"}', "title"),
        ('{"title": "x", "values": [{"socket": "\\ud800"}]}', "values.0.socket"),
        ('{"title": "x"', ""),
        ("[]", ""),
        ("[" * 100_000, ""),
        ("", ""),
    ],
)
def test_a_bad_body_names_the_field(data: str, field: str) -> None:
    answer = client(echo).post("/thing/", data=data, content_type="application/json")

    assert answer.status_code == 400
    assert list(answer.get_json()["errors"]) == [field]


def test_a_body_that_is_no_text_is_refused() -> None:
    answer = client(echo).post("/thing/", data=b"\xff\xfe", content_type="application/json")

    assert answer.status_code == 400


def test_another_content_type_is_refused() -> None:
    assert client(echo).post("/thing/", data="title=x").status_code == 415


def test_a_query_with_a_nul_character_is_refused() -> None:
    assert client(echo).get("/thing/?title=a%00b").status_code == 400


def test_an_address_with_a_nul_character_leads_nowhere() -> None:
    assert client(echo).get("/thing/%00/").status_code == 404


def test_a_body_that_is_too_large_is_refused() -> None:
    huge = json.dumps({"title": "x" * 17 * 1024 * 1024})

    assert client(echo).post("/thing/", data=huge, content_type="application/json").status_code == 413


@pytest.mark.parametrize(
    ("header", "token"),
    [("Bearer abc", "abc"), ("BEARER abc", "abc"), ("bearer  abc ", "abc"), (None, None)],
)
def test_the_scheme_of_a_token_is_read_in_any_case(header: str | None, token: str | None) -> None:
    headers = {"Authorization": header} if header else {}

    answer = client(lambda: json_response(bearer_token())).get("/thing/", headers=headers)

    assert answer.get_json() == token


@pytest.mark.parametrize("header", ["abc", "Basic abc", "Bearer", "Bearer a b"])
def test_a_malformed_token_is_refused(header: str) -> None:
    answer = client(lambda: json_response(bearer_token())).get("/thing/", headers={"Authorization": header})

    assert answer.status_code == 401


def listing() -> Response:
    wanted = page()
    results = list(range(250))[wanted.offset : wanted.offset + wanted.limit]
    return json_response(page_body(wanted, url="https://a.test/things/", count=250, results=results))


def followed(http: FlaskClient, query: str) -> list[int]:
    found: list[int] = []
    while True:
        answer = http.get(f"/thing/?{query}").get_json()
        found += answer["results"]
        if answer["next"] is None:
            return found
        query = answer["next"].split("?")[1]


def test_following_the_pages_gives_the_whole_list_once() -> None:
    assert followed(client(listing), "limit=99&colour=red") == list(range(250))


def test_links_between_pages_keep_the_other_parameters() -> None:
    answer = client(listing).get("/thing/?colour=red&offset=100").get_json()

    assert answer["next"] == "https://a.test/things/?colour=red&limit=100&offset=200"
    assert answer["previous"] == "https://a.test/things/?colour=red&limit=100&offset=0"


def test_a_page_past_the_end_is_empty() -> None:
    answer = client(listing).get("/thing/?offset=1000").get_json()

    assert (answer["results"], answer["next"], answer["count"]) == ([], None, 250)


def test_a_page_holds_at_most_a_thousand() -> None:
    def asked() -> Response:
        return json_response(page().limit)

    assert client(asked).get("/thing/?limit=5000").get_json() == 1000


@pytest.mark.parametrize("query", ["limit=x", "offset=-1", "limit=1.5", "offset=²"])
def test_a_page_that_is_no_number_is_refused_by_name(query: str) -> None:
    answer = client(listing).get(f"/thing/?{query}")

    assert answer.status_code == 400
    assert list(answer.get_json()["errors"]) == [query.split("=", maxsplit=1)[0]]


def unavailable() -> None:
    raise Unavailable("gone")


def test_readiness_names_what_does_not_answer() -> None:
    http = client(listing, documents=lambda: None, blobs=unavailable)

    answer = http.get("/readyz")

    assert answer.status_code == 503
    assert answer.get_json()["checks"] == {"documents": "ok", "blobs": "unavailable"}
    assert http.get("/livez").status_code == 200


class FixedClock:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


def guarded() -> Response:
    return json_response(service_tokens.require(SECRET))


def called(token: str) -> Any:
    return client(guarded).get("/thing/", headers={service_tokens.HEADER: token})


def test_a_service_token_says_who_calls() -> None:
    token = service_tokens.issue(SECRET, service="tiler", clock=FixedClock(datetime.now(UTC)))

    assert called(token).get_json() == "tiler"


def test_a_service_token_lives_a_minute() -> None:
    past = FixedClock(datetime.now(UTC) - timedelta(seconds=61))

    assert called(service_tokens.issue(SECRET, service="tiler", clock=past)).status_code == 401


def test_a_service_token_of_another_installation_is_refused() -> None:
    other = service_tokens.issue(
        b"another secret, just as long as ours!", service="tiler", clock=FixedClock(datetime.now(UTC))
    )

    assert called(other).status_code == 401
