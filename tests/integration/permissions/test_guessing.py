"""Guessing passwords is slowed down by account and by address, and does not lock out whom it is about."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from permissions.domain.guessing import FREE_ATTEMPTS, FREE_FROM_ADDRESS
from permissions.entrypoints.http.app import app_for
from permissions.use_cases.sign_in import set_password
from permissions.use_cases.tidy_up import tidy_up
from tests.support.permissions_service import PermissionsService, permissions_settings

PASSWORD = "correct horse battery"
HOME, CAFE, ATTACKER = "203.0.113.7", "203.0.113.200", "198.51.100.23"
GATEWAY = "172.18.0.5"


@pytest.fixture
def page(world: PermissionsService) -> FlaskClient:
    """The service as it is reached past a gateway in 172.16.0.0/12; ed, up and us have the same password."""
    for name in ("ed", "up", "us"):
        set_password(world.directory, world.user(name), PASSWORD)
    settings = permissions_settings(gateways=("172.16.0.0/12",))
    return app_for(world.service, settings).test_client(use_cookies=False)


def attempt(
    page: FlaskClient, password: str, *, peer: str | None, name: str = "ed", **headers: str
) -> TestResponse:
    given: dict[str, Any] = {"environ_base": {"REMOTE_ADDR": peer}} if peer else {}
    sent = {"username": name, "password": password}
    return page.post("/api/v1/sessions/", json=sent, headers=headers, **given)


def guess(page: FlaskClient, times: int, *, peer: str, name: str = "ed") -> list[int]:
    return [attempt(page, "wrong password", peer=peer, name=name).status_code for _ in range(times)]


def test_an_address_that_tries_many_accounts_has_to_wait_for_all_of_them(page: FlaskClient) -> None:
    names = [f"name-{number}" for number in range(FREE_FROM_ADDRESS)]
    assert {guess(page, 1, peer=ATTACKER, name=name)[0] for name in names} == {401}

    refused = attempt(page, PASSWORD, peer=ATTACKER)

    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) == 2
    assert attempt(page, PASSWORD, peer=HOME).status_code == 201


def test_signing_in_to_ones_own_account_hides_no_guessing_at_others(page: FlaskClient) -> None:
    for number in range(FREE_FROM_ADDRESS):
        guess(page, 1, peer=ATTACKER, name=f"name-{number}")
        if number % 10 == 0:
            assert attempt(page, PASSWORD, peer=ATTACKER, name="us").status_code == 201

    assert attempt(page, PASSWORD, peer=ATTACKER).status_code == 429


def test_strangers_lock_nobody_out_where_they_signed_in_before(page: FlaskClient) -> None:
    assert attempt(page, PASSWORD, peer=HOME).status_code == 201

    assert guess(page, FREE_ATTEMPTS + 1, peer=ATTACKER) == [401] * FREE_ATTEMPTS + [429]

    assert attempt(page, PASSWORD, peer=CAFE).status_code == 429  # whoever that is
    assert attempt(page, PASSWORD, peer=HOME).status_code == 201


def test_where_somebody_signed_in_before_guessing_is_slowed_down_as_well(page: FlaskClient) -> None:
    assert attempt(page, PASSWORD, peer=HOME).status_code == 201

    assert guess(page, FREE_ATTEMPTS + 1, peer=HOME) == [401] * FREE_ATTEMPTS + [429]


def test_a_full_clinic_behind_one_address_signs_in_whoever_mistypes(page: FlaskClient) -> None:
    assert attempt(page, PASSWORD, peer=HOME).status_code == 201
    for number in range(FREE_FROM_ADDRESS):
        guess(page, 1, peer=HOME, name=f"name-{number}")

    assert attempt(page, PASSWORD, peer=HOME, name="us").status_code == 429
    assert attempt(page, PASSWORD, peer=HOME).status_code == 201


def test_an_address_that_was_quiet_for_an_hour_begins_anew(
    world: PermissionsService, page: FlaskClient
) -> None:
    for number in range(FREE_FROM_ADDRESS):
        guess(page, 1, peer=ATTACKER, name=f"name-{number}")
    world.clock.move(minutes=61)

    tidy_up(world.directory)

    assert world.service.documents.count("places") == 0
    assert attempt(page, PASSWORD, peer=ATTACKER).status_code == 201


def test_a_gateway_is_believed_about_the_address_and_nobody_else(page: FlaskClient) -> None:
    for number in range(FREE_FROM_ADDRESS):
        forged = {"X-Forwarded-For": f"192.0.2.{number}"}
        attempt(page, "wrong password", peer=ATTACKER, name=f"name-{number}", **forged)
    through = {"X-Forwarded-For": f"{HOME}, {ATTACKER}"}  # what the client said itself stands before

    assert attempt(page, PASSWORD, peer=ATTACKER, **{"X-Forwarded-For": HOME}).status_code == 429
    assert attempt(page, PASSWORD, peer=GATEWAY, **through).status_code == 429
    assert attempt(page, PASSWORD, peer=GATEWAY, **{"X-Forwarded-For": HOME}).status_code == 201


def test_an_ipv6_customer_is_one_address_and_an_ipv4_one_is_one_on_any_socket(page: FlaskClient) -> None:
    for number in range(FREE_FROM_ADDRESS):
        guess(page, 1, peer=f"2001:db8:1:2::{number:x}", name=f"name-{number}")
        guess(page, 1, peer=f"::ffff:{ATTACKER}", name=f"other-{number}")

    assert attempt(page, PASSWORD, peer="2001:db8:1:2:ffff::1").status_code == 429
    assert attempt(page, PASSWORD, peer=ATTACKER).status_code == 429
    assert attempt(page, PASSWORD, peer="2001:db8:1:3::1").status_code == 201
    assert attempt(page, PASSWORD, peer=f"::ffff:{HOME}", name="us").status_code == 201


@pytest.mark.parametrize("peer", [None, "127.0.0.1", "::1", GATEWAY])
def test_where_the_address_is_not_known_only_the_account_counts(page: FlaskClient, peer: str | None) -> None:
    for number in range(FREE_FROM_ADDRESS + 1):
        assert attempt(page, "wrong password", peer=peer, name=f"name-{number}").status_code == 401

    assert attempt(page, PASSWORD, peer=peer).status_code == 201


def test_addresses_are_not_kept_in_clear(world: PermissionsService, page: FlaskClient) -> None:
    attempt(page, PASSWORD, peer=HOME)

    assert world.service.documents.count("places") == 2
    assert HOME not in str([world.service.documents.find(name) for name in ("places", "accounts", "trail")])
