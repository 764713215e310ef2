"""Who has which role on an archive, and how editors change it."""

import pytest

from tests.support.permissions_service import ARCHIVE, PermissionsService

MEMBERS = f"archives/{ARCHIVE}/members/"


def test_editors_see_everybody_and_their_roles(world: PermissionsService) -> None:
    world.give("us", "uploader", by="ed")

    listed = world.ok("GET", MEMBERS, "ed")["results"]

    assert {each["username"]: each["roles"] for each in listed} == {
        "ed": ["editor"],
        "up": ["uploader"],
        "us": ["uploader", "user"],
    }


def test_there_may_be_any_number_of_each(world: PermissionsService) -> None:
    world.people("a", "b")

    for name in ("a", "b"):
        for role in ("editor", "uploader", "user"):
            world.give(name, role, by="ed")

    assert world.roles("a") == world.roles("b") == ["editor", "uploader", "user"]


def test_the_last_editor_stays(world: PermissionsService) -> None:
    for who in ("ed", "root"):
        answer = world.call("DELETE", f"{MEMBERS}{world.user('ed').id}/editor/", who)
        assert answer.status_code == 409

    assert world.roles("ed") == ["editor"]


def test_an_archive_is_handed_over_to_somebody_else(world: PermissionsService) -> None:
    world.people("heir")
    world.give("heir", "editor", by="ed")

    world.take("ed", "editor", by="ed")

    assert (world.roles("ed"), world.roles("heir")) == ([], ["editor"])
    assert world.may("heir", "archive.change")
    assert not world.may("ed", "archive.change")


def test_two_editors_cannot_remove_one_another_at_once(world: PermissionsService) -> None:
    world.give("us", "editor", by="ed")

    world.take("ed", "editor", by="us")
    answer = world.call("DELETE", f"{MEMBERS}{world.user('us').id}/editor/", "ed")

    assert answer.status_code == 404
    assert world.roles("us") == ["editor", "user"]


def test_a_removed_role_is_gone_with_the_next_decision(world: PermissionsService) -> None:
    assert world.may("us", "archive.use")

    world.take("us", "user", by="ed")

    assert not world.may("us", "archive.use")
    assert world.internal("standings", {"token": world.tokens["us"]}).get_json()["roles"] == []


def test_removing_one_role_leaves_the_others(world: PermissionsService) -> None:
    world.give("us", "uploader", by="ed")

    world.take("us", "user", by="ed")

    assert world.roles("us") == ["uploader"]
    assert world.may("us", "archive.upload")


def test_a_role_that_is_not_held_cannot_be_taken(world: PermissionsService) -> None:
    assert world.call("DELETE", f"{MEMBERS}{world.user('us').id}/editor/", "ed").status_code == 404
    assert world.call("DELETE", f"{MEMBERS}nobody/user/", "ed").status_code == 404


def test_granting_announces_the_role_in_the_same_write(world: PermissionsService) -> None:
    stored = world.service.documents.get("rosters", ARCHIVE)

    assert stored is not None
    assert [event["type"] for event in stored["outbox"]] == ["archive.role.granted.v1"] * 3
    assert [event["sequence"] for event in stored["outbox"]] == [1, 2, 3]
    assert stored["unfiled"] == []  # the acts are in the trail by now


def test_a_creator_becomes_first_editor_only_once(world: PermissionsService) -> None:
    world.internal("first-editors", {"archive": ARCHIVE, "user": world.user("out").id})

    assert world.roles("out") == []


@pytest.mark.parametrize("name", ["", "o", "ou", "%", "*", "out ward", "u"])
def test_looking_for_people_needs_their_whole_name(world: PermissionsService, name: str) -> None:
    assert world.ok("GET", f"users/find/?name={name}", "ed")["results"] == []


def test_looking_for_people_finds_the_one_with_that_name_or_address(world: PermissionsService) -> None:
    world.person("ann", email="Ann@clinic.example")

    for name in ("ann", " ANN ", "ann@clinic.example"):
        found = world.ok("GET", f"users/find/?name={name}", "ed")["results"]
        assert [each["username"] for each in found] == ["ann"]
        assert set(found[0]) == {"pk", "username"}


def test_nobody_is_found_by_an_address_they_only_say_is_theirs(world: PermissionsService) -> None:
    world.person("ann", email="ann@clinic.example")
    for address in ("ann@clinic.example", "boss@clinic.example"):
        world.ok("PATCH", "users/me/", "out", json={"email": address})

        found = world.ok("GET", f"users/find/?name={address}", "ed")["results"]

        assert [each["username"] for each in found] == (["ann"] if address.startswith("ann") else [])


def test_nobody_else_looks_for_people_and_nobody_pages_through_them(world: PermissionsService) -> None:
    for who in ("out", "us", "up"):
        assert world.call("GET", "users/find/?name=ed", who).status_code == 403
    for who in ("out", "us", "up", "ed"):
        assert world.call("GET", "users/", who).status_code == 403


def test_somebody_who_may_not_sign_in_any_more_gets_no_role(world: PermissionsService) -> None:
    world.ok("PATCH", f"users/{world.user('out').id}/", "root", json={"active": False})

    answer = world.call("POST", MEMBERS, "ed", json={"user": "out", "role": "user"})

    assert answer.status_code == 400
    assert world.ok("GET", "users/find/?name=out", "ed")["results"] == []
