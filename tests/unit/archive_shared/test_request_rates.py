"""Limits on how often somebody may ask."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Blueprint, Response
from flask.testing import FlaskClient

from archive_shared.errors import Unauthenticated
from archive_shared.http import request_rates
from archive_shared.http.addresses import client_address
from archive_shared.http.app import build_app, json_response
from archive_shared.http.request_rates import Buckets, RequestRates

HOME, CAFE = "203.0.113.7", "203.0.113.200"


@dataclass
class Seconds:
    """A clock tests move."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Seconds:
    return Seconds()


@pytest.fixture
def page(clock: Seconds) -> Iterator[FlaskClient]:
    """An application that answers four requests a minute of a token and two of an address."""
    rates = RequestRates(Buckets(4, now_s=clock), Buckets(2, now_s=clock), client_address(()))
    routes = Blueprint("routes", __name__)

    @routes.get("/good/")
    def good() -> Response:
        return json_response({})

    @routes.get("/internal/question/")
    def internal() -> Response:
        return json_response({})

    @routes.get("/wrong/")
    def wrong() -> Response:
        raise Unauthenticated("Invalid token.")

    app = build_app("test", blueprints=[routes], ready={}, rates=rates)
    with app.test_client() as client:
        yield client


def ask(
    page: FlaskClient, path: str = "/good/", *, peer: str = HOME, **headers: str
) -> tuple[int, str | None]:
    answer = page.get(path, headers=headers, environ_base={"REMOTE_ADDR": peer})
    return answer.status_code, answer.headers.get("Retry-After")


def test_who_asks_too_often_hears_how_long_to_wait(page: FlaskClient, clock: Seconds) -> None:
    token = {"Authorization": "Bearer one"}
    answers = [ask(page, **token) for _ in range(6)]
    clock.now += 15

    assert answers == [(200, None)] * 4 + [(429, "15")] * 2
    assert [ask(page, **token)[0] for _ in range(2)] == [200, 429]


def test_tokens_do_not_share_a_limit_and_are_not_bound_to_an_address(page: FlaskClient) -> None:
    for _ in range(4):
        ask(page, Authorization="Bearer one")

    assert ask(page, Authorization="Bearer two")[0] == 200
    assert ask(page, peer=CAFE, Authorization="Bearer one")[0] == 429


def test_without_a_token_an_address_is_counted(page: FlaskClient) -> None:
    assert [ask(page)[0] for _ in range(3)] == [200, 200, 429]
    assert ask(page, peer=CAFE)[0] == 200


def test_a_session_is_counted_as_a_token(page: FlaskClient) -> None:
    page.set_cookie("archive-session", "secret")

    assert [ask(page)[0] for _ in range(5)] == [200] * 4 + [429]


def test_new_wrong_tokens_cost_their_address(page: FlaskClient) -> None:
    wrong = [ask(page, "/wrong/", Authorization=f"Bearer {number}")[0] for number in range(4)]

    assert wrong == [401, 401, 429, 429]


def test_an_address_that_is_not_known_is_not_counted(page: FlaskClient) -> None:
    assert {ask(page, peer="127.0.0.1")[0] for _ in range(10)} == {200}


def test_services_and_health_checks_are_not_counted(page: FlaskClient) -> None:
    assert {ask(page, "/internal/question/")[0] for _ in range(10)} == {200}
    assert {ask(page, "/livez")[0] for _ in range(10)} == {200}


def test_a_limit_of_nothing_is_none() -> None:
    buckets = Buckets(0)

    assert {buckets.take("somebody") for _ in range(10_000)} == {0.0}


def test_the_askers_that_came_longest_ago_are_forgotten(
    clock: Seconds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_rates, "MOST_ASKERS", 2)
    buckets = Buckets(1, now_s=clock)

    assert [buckets.take(name) > 0 for name in ("a", "b", "b", "c", "a")] == [
        False,
        False,
        True,
        False,
        False,
    ]
