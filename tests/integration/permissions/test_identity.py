"""API tokens, sessions of the page, passwords: who is told to be whom, and how far a secret reaches."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient

from archive_shared.clock import SystemClock
from archive_shared.http import service_tokens
from archive_shared.http.sessions import CSRF_COOKIE, CSRF_HEADER, SECURE_NAME, csrf_word
from permissions.entrypoints.http.app import app_for
from permissions.use_cases.sign_in import set_password
from tests.support.permissions_service import (
    ARCHIVE,
    SECRET,
    SITE,
    PermissionsService,
    permissions_settings,
)

OTHER = "0d9e0f6f-4c3d-4e4f-8a2b-1a2b4c3d8e4f"
PASSWORD = "correct horse battery"
EVERYTHING = ("archive.view", "archive.use", "archive.upload", "archive.change")


def token(world: PermissionsService, who: str = "ed", **scope: Any) -> str:
    issued = world.ok("POST", "tokens/", who, json={"name": "script", **scope})
    return str(issued["token"])


def may(world: PermissionsService, secret: str, archive: str = ARCHIVE) -> list[bool]:
    return [world.may(secret, action, archive) for action in EVERYTHING]


# --- API tokens


def test_a_secret_is_shown_once_and_kept_nowhere(world: PermissionsService) -> None:
    secret = token(world)

    listed = world.ok("GET", "tokens/", "ed")["results"]

    assert secret not in str(listed)
    assert listed[-1]["ending"] == secret[-4:]
    assert all(secret not in str(document) for document in world.service.documents.find("tokens"))


def test_a_reading_token_looks_and_changes_nothing(world: PermissionsService) -> None:
    secret = token(world, scope="read")

    assert may(world, secret) == [True, True, False, False]
    assert not world.may(secret, "archive.create")
    assert world.call("GET", f"archives/{ARCHIVE}/members/", secret).status_code == 200
    for method, path in (
        ("POST", f"archives/{ARCHIVE}/members/"),
        ("POST", "tokens/"),
        ("PATCH", "users/me/"),
        ("POST", "notifications/read/"),
    ):
        assert world.call(method, path, secret).status_code == 403, path


def test_a_token_for_some_archives_reaches_no_others_and_nothing_else(world: PermissionsService) -> None:
    world.archive("ed", OTHER)
    secret = token(world, archives=[OTHER])

    assert may(world, secret, OTHER) == [True] * 4
    assert may(world, secret, ARCHIVE) == [False] * 4
    usable = world.internal("usable-archives", {"token": secret}).get_json()
    assert (usable["archives"], usable["everything"]) == ([OTHER], False)
    assert world.call("GET", f"archives/{OTHER}/members/", secret).status_code == 200
    assert world.call("GET", f"archives/{ARCHIVE}/members/", secret).status_code == 404
    for path in ("tokens/", "users/me/", "notifications/"):
        assert world.call("GET", path, secret).status_code == 403, path


def test_a_token_for_some_archives_has_no_power_of_an_administrator(world: PermissionsService) -> None:
    secret = token(world, "root", archives=[ARCHIVE])

    assert may(world, secret) == [False] * 4
    assert world.call("GET", "users/", secret).status_code == 403


def test_a_token_expires(world: PermissionsService) -> None:
    secret = token(world, expires="2026-11-24T12:00:00Z")
    assert may(world, secret) == [True] * 4

    world.clock.move(days=2)

    assert world.call("GET", "users/me/", secret).status_code == 401
    assert world.internal("standings", {"token": secret}).status_code == 401


def test_a_token_that_has_expired_already_is_not_made(world: PermissionsService) -> None:
    sent = {"name": "old", "expires": "2020-01-01T00:00:00Z"}

    assert world.call("POST", "tokens/", "ed", json=sent).status_code == 400


def test_when_a_token_was_used_last_is_known_to_the_minute(world: PermissionsService) -> None:
    secret = token(world)
    assert world.ok("GET", "tokens/", "ed")["results"][-1]["last_used"] is None

    world.call("GET", f"archives/{ARCHIVE}/members/", secret)
    first = world.ok("GET", "tokens/", "ed")["results"][-1]["last_used"]
    world.call("GET", f"archives/{ARCHIVE}/members/", secret)
    same = world.ok("GET", "tokens/", "ed")["results"][-1]["last_used"]
    world.clock.move(minutes=2)
    world.call("GET", f"archives/{ARCHIVE}/members/", secret)

    assert first == same
    assert world.ok("GET", "tokens/", "ed")["results"][-1]["last_used"] > first


def test_a_revoked_token_is_worthless_at_once_and_that_is_announced(world: PermissionsService) -> None:
    secret = token(world)
    listed = world.ok("GET", "tokens/", "ed")["results"][-1]

    world.ok("DELETE", f"tokens/{listed['pk']}/", "ed")

    assert world.call("GET", "users/me/", secret).status_code == 401
    assert world.internal("decisions", {"token": secret, "questions": []}).status_code == 401
    assert world.call("DELETE", f"tokens/{listed['pk']}/", "ed").status_code == 404
    stored = world.service.documents.get("tokens", listed["pk"])
    assert stored is not None
    assert [event["type"] for event in stored["outbox"]] == ["archive.token.revoked.v1"]


def test_nobody_touches_the_tokens_of_others(world: PermissionsService) -> None:
    listed = world.ok("GET", "tokens/", "ed")["results"][0]

    assert world.call("DELETE", f"tokens/{listed['pk']}/", "us").status_code == 404
    sent = {"name": "x", "user": world.user("ed").id}
    assert world.call("POST", "tokens/", "us", json=sent).status_code == 403
    assert world.ok("GET", "tokens/", "us")["count"] == 1


def test_who_may_not_sign_in_any_more_has_no_good_token(world: PermissionsService) -> None:
    world.ok("PATCH", f"users/{world.user('us').id}/", "root", json={"active": False})

    assert world.call("GET", "users/me/", "us").status_code == 401
    stored = world.service.documents.get("users", world.user("us").id)
    assert stored is not None
    assert stored["outbox"][-1]["type"] == "archive.user.changed.v1"


@pytest.mark.parametrize("secret", ["map_wrong", "x", "a.b.c", "é"])
def test_a_wrong_secret_is_nobodys(world: PermissionsService, secret: str) -> None:
    assert world.internal("decisions", {"token": secret, "questions": []}).status_code == 401
    assert world.internal("standings", {"token": secret}).status_code == 401


def test_services_prove_who_they_are(world: PermissionsService) -> None:
    for path in ("decisions", "standings", "usable-archives", "first-editors"):
        for headers in ({}, {"X-Service-Token": "made-up"}):
            answer = world.http.post(f"/internal/v1/{path}/", json={}, headers=headers)
            assert answer.status_code == 401, path


def test_what_proves_a_service_lives_for_a_minute_and_is_signed_with_our_secret(
    world: PermissionsService,
) -> None:
    ours, another = SECRET, b"another secret of thirty-two bytes!"
    made = {
        "fresh": (ours, 0),
        "an hour old": (ours, 3600),
        "a minute old": (ours, 61),
        "forged": (another, 0),
    }

    answers = {name: ask_with_proof(world, secret, age_s) for name, (secret, age_s) in made.items()}

    assert answers == {"fresh": 200, "an hour old": 401, "a minute old": 401, "forged": 401}


def ask_with_proof(world: PermissionsService, secret: bytes, age_s: float) -> int:
    with time_machine.travel(datetime.now(UTC) - timedelta(seconds=age_s), tick=False):
        proof = service_tokens.issue(secret, service="archive-api", clock=SystemClock())
    headers = {service_tokens.HEADER: proof}
    return world.http.post("/internal/v1/standings/", json={"token": None}, headers=headers).status_code


# --- Sessions of the page


@pytest.fixture
def browser(world: PermissionsService) -> FlaskClient:
    """A client that keeps cookies, of somebody with a password."""
    set_password(world.directory, world.user("ed"), PASSWORD)
    return app_for(world.service, permissions_settings()).test_client()


def sign_in(browser: FlaskClient, **sent: str) -> int:
    answer = browser.post(
        "/api/v1/sessions/", json=sent or {"username": "ed", "password": PASSWORD}, base_url=SITE
    )
    return answer.status_code


def proof(browser: FlaskClient) -> dict[str, str]:
    cookie = browser.get_cookie(CSRF_COOKIE, "archive.test")
    assert cookie is not None
    return {CSRF_HEADER: cookie.value}


def test_a_password_begins_a_session(browser: FlaskClient) -> None:
    assert sign_in(browser) == 201

    assert browser.get("/api/v1/users/me/", base_url=SITE).get_json()["username"] == "ed"


def test_a_token_begins_a_session_if_it_is_good_for_everything(
    world: PermissionsService, browser: FlaskClient
) -> None:
    assert sign_in(browser, token=token(world)) == 201
    assert sign_in(browser, token=token(world, scope="read")) == 403
    assert sign_in(browser, token=token(world, archives=[ARCHIVE])) == 403
    assert sign_in(browser, token="map_wrong") == 401


def test_scripts_cannot_read_the_session_and_other_sites_do_not_send_it(browser: FlaskClient) -> None:
    answer = browser.post("/api/v1/sessions/", json={"username": "ed", "password": PASSWORD}, base_url=SITE)

    cookies = {line.partition("=")[0]: line for line in answer.headers.getlist("Set-Cookie")}
    for wanted in ("HttpOnly", "Secure", "SameSite=Strict", "Path=/"):
        assert wanted in cookies[SECURE_NAME]
    assert "Domain" not in cookies[SECURE_NAME]
    assert "HttpOnly" not in cookies[CSRF_COOKIE]
    assert answer.headers["Cache-Control"] == "no-store"
    assert "map_" not in answer.get_data(as_text=True)


def test_a_session_changes_nothing_unless_the_page_itself_asks(browser: FlaskClient) -> None:
    sign_in(browser)

    for headers in ({}, {CSRF_HEADER: "made-up"}, {CSRF_HEADER: csrf_word("another")}):
        answer = browser.patch("/api/v1/users/me/", json={"mail": "off"}, headers=headers, base_url=SITE)
        assert answer.status_code == 403
    answer = browser.patch("/api/v1/users/me/", json={"mail": "off"}, headers=proof(browser), base_url=SITE)
    assert answer.get_json()["mail"] == "off"


def test_signing_out_ends_the_session_everywhere(world: PermissionsService, browser: FlaskClient) -> None:
    sign_in(browser)
    cookie = browser.get_cookie(SECURE_NAME, "archive.test")
    assert cookie is not None

    answer = browser.delete("/api/v1/sessions/current/", headers=proof(browser), base_url=SITE)

    assert answer.status_code == 204
    assert browser.get_cookie(SECURE_NAME, "archive.test") is None
    assert world.internal("standings", {"token": cookie.value}).status_code == 401


def test_a_session_ends_by_itself(world: PermissionsService, browser: FlaskClient) -> None:
    sign_in(browser)

    world.clock.move(hours=13)

    assert browser.get("/api/v1/users/me/", base_url=SITE).status_code == 401


def test_sessions_are_no_tokens_on_the_list(world: PermissionsService, browser: FlaskClient) -> None:
    sign_in(browser)

    assert [each["name"] for each in world.ok("GET", "tokens/", "ed")["results"]] == ["test"]


def test_a_new_password_ends_the_sessions_that_the_old_one_began(
    world: PermissionsService, browser: FlaskClient
) -> None:
    sign_in(browser)
    mine = f"users/{world.user('ed').id}/password/"

    assert world.call("PUT", mine, "ed", json={"password": "another long one"}).status_code == 400
    world.ok("PUT", mine, "ed", json={"password": "another long one", "present": PASSWORD})

    assert browser.get("/api/v1/users/me/", base_url=SITE).status_code == 401
    assert sign_in(browser) == 401
    assert sign_in(browser, username="ed", password="another long one") == 201


@pytest.mark.parametrize("password", ["short", "x" * 257])
def test_a_password_that_is_too_easy_or_absurd_is_refused(world: PermissionsService, password: str) -> None:
    answer = world.call("PUT", f"users/{world.user('us').id}/password/", "us", json={"password": password})

    assert list(answer.get_json()["errors"]) == ["password"]


def test_passwords_are_kept_as_argon2id(browser: FlaskClient, world: PermissionsService) -> None:
    [account] = world.service.documents.find("accounts")

    assert account["password"].startswith("$argon2id$")
    assert PASSWORD not in str(account)


# --- Guessing


def test_guessing_gets_slower_and_slower_and_then_even_the_right_password_waits(
    world: PermissionsService, browser: FlaskClient
) -> None:
    assert [sign_in(browser, username="ed", password="wrong") for _ in range(5)] == [401] * 5

    answer = browser.post("/api/v1/sessions/", json={"username": "ed", "password": PASSWORD}, base_url=SITE)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) == 2
    waits = []
    for _ in range(12):
        world.clock.move(minutes=16)
        assert sign_in(browser, username="ed", password="wrong") == 401
        blocked = browser.post(
            "/api/v1/sessions/", json={"username": "ed", "password": "wrong"}, base_url=SITE
        )
        waits.append(int(blocked.headers["Retry-After"]))
    assert waits == sorted(waits)
    assert waits[0] == 4
    assert waits[-1] == 15 * 60

    world.clock.move(minutes=16)
    assert sign_in(browser) == 201
    assert sign_in(browser, username="ed", password="wrong") == 401  # counted from the beginning again


def test_an_account_that_does_not_exist_answers_like_a_wrong_password(browser: FlaskClient) -> None:
    answers = [
        browser.post("/api/v1/sessions/", json={"username": name, "password": "wrong"}, base_url=SITE)
        for name in ("ed", "us", "nobody", "")
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.get_data() for answer in answers}) == 1


def test_who_may_not_sign_in_any_more_does_not_with_a_password_either(
    world: PermissionsService, browser: FlaskClient
) -> None:
    world.ok("PATCH", f"users/{world.user('ed').id}/", "root", json={"active": False})

    assert sign_in(browser) == 401
