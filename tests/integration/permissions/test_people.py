"""Users, administrators and organisations."""

import pytest

from tests.support.permissions_service import ARCHIVE, PermissionsService


def test_administrators_create_users_and_others_do_not(world: PermissionsService) -> None:
    created = world.ok("POST", "users/", "root", json={"username": "New.Person"})

    assert created["username"] == "new.person"
    assert world.call("POST", "users/", "ed", json={"username": "x"}).status_code == 403


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"username": "root"}, "username"),
        ({"username": "has space"}, "username"),
        ({"username": ""}, "username"),
        ({}, "username"),
        ({"username": "ok", "admin": True}, "admin"),
        ({"username": "ok", "email": "nowhere"}, "email"),
    ],
)
def test_a_bad_user_is_refused_by_field(
    world: PermissionsService, body: dict[str, object], field: str
) -> None:
    count = world.ok("GET", "users/", "root")["count"]

    answer = world.call("POST", "users/", "root", json=body)

    assert answer.status_code == 400
    assert list(answer.get_json()["errors"]) == [field]
    assert world.ok("GET", "users/", "root")["count"] == count


def test_nobody_makes_themselves_more_than_they_are(world: PermissionsService) -> None:
    for who in ("ed", "us"):
        wishes: list[dict[str, object]] = [{"administrator": True}, {"verified": True}, {"organisations": []}]
        for sent in wishes:
            path = f"users/{world.user(who).id}/"
            assert world.call("PATCH", path, who, json=sent).status_code == 403
            assert world.call("PATCH", "users/me/", who, json=sent).status_code == 400


def test_the_platform_keeps_an_administrator(world: PermissionsService) -> None:
    mine = f"users/{world.user('root').id}/"

    for sent in ({"administrator": False}, {"active": False}):
        assert world.call("PATCH", mine, "root", json=sent).status_code == 409
    world.ok("PATCH", f"users/{world.user('ed').id}/", "root", json={"administrator": True})
    world.ok("PATCH", mine, "root", json={"administrator": False})

    assert world.call("GET", "users/", "root").status_code == 403
    assert world.call("GET", "users/", "ed").status_code == 200


def test_an_administrator_sees_and_may_all_and_loses_it_at_once(world: PermissionsService) -> None:
    world.ok("PATCH", f"users/{world.user('out').id}/", "root", json={"administrator": True})
    assert world.may("out", "archive.change")

    world.ok("PATCH", f"users/{world.user('out').id}/", "root", json={"administrator": False})

    assert not world.may("out", "archive.view")


def test_belonging_to_an_organisation_gives_no_right_on_any_archive(world: PermissionsService) -> None:
    """D23 of the reference: linking an organisation gave all its members sight of a private archive."""
    made = world.ok("POST", "organisations/", "root", json={"slug": "clinic", "title": "Clinic"})
    world.ok("PATCH", f"users/{world.user('out').id}/", "root", json={"organisations": [made["pk"]]})
    world.ok("PATCH", f"archives/{ARCHIVE}/admission/", "ed", json={"organisations": [made["pk"]]})

    assert not any(world.may("out", action) for action in ("archive.view", "archive.use", "archive.upload"))
    assert world.internal("usable-archives", {"token": world.tokens["out"]}).get_json()["archives"] == []
    assert world.call("GET", f"archives/{ARCHIVE}/members/", "out").status_code == 404


def test_an_organisation_that_does_not_exist_cannot_be_joined_or_named(world: PermissionsService) -> None:
    sent = {"organisations": ["nowhere"]}

    assert world.call("PATCH", f"users/{world.user('out').id}/", "root", json=sent).status_code == 400
    assert world.call("PATCH", f"archives/{ARCHIVE}/admission/", "ed", json=sent).status_code == 400


def test_an_organisation_tells_of_itself(world: PermissionsService) -> None:
    about = {
        "title": "Clinic of Utrecht",
        "website": "https://clinic.example",
        "country": "NL",
        "logo": "https://clinic.example/logo.png",
        "page": "# Clinic",
    }
    made = world.ok("POST", "organisations/", "root", json={"slug": "clinic", "title": "Clinic"})

    changed = world.ok("PATCH", f"organisations/{made['pk']}/", "root", json=about)

    assert (made["country"], made["logo"], made["page"]) == ("", "", "")
    assert changed == made | about
    world.ok("PATCH", f"organisations/{made['pk']}/", "root", json={"country": ""})
    assert world.ok("GET", f"organisations/{made['pk']}/", "us") == changed | {"country": ""}
    for bad in ({"country": "nl"}, {"country": "Netherlands"}, {"logo": "http://clinic.example/logo.png"}):
        assert world.call("PATCH", f"organisations/{made['pk']}/", "root", json=bad).status_code == 400


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("clin", ["Clinic North", "Clinic South"]),
        ("south CLIN", ["Clinic South"]),
        ("linic", []),
        ("uni", ["ETH"]),
        ("Clinic (South)", ["Clinic South"]),
    ],
)
def test_organisations_are_found_by_beginnings_of_words(
    world: PermissionsService, search: str, found: list[str]
) -> None:
    for slug, title in (("c-north", "Clinic North"), ("c-south", "Clinic South"), ("university", "ETH")):
        world.ok("POST", "organisations/", "root", json={"slug": slug, "title": title})

    page = world.ok("GET", f"organisations/?search={search}", "us")

    assert [each["title"] for each in page["results"]] == found
    assert page["count"] == len(found)


def test_organisations_are_made_by_administrators_and_seen_by_all(world: PermissionsService) -> None:
    made = world.ok("POST", "organisations/", "root", json={"slug": "clinic", "title": "Clinic"})

    assert world.ok("GET", f"organisations/{made['pk']}/", "out")["title"] == "Clinic"
    world.ok("PATCH", f"organisations/{made['pk']}/", "root", json={"title": "Hospital"})
    assert [each["title"] for each in world.ok("GET", "organisations/", "us")["results"]] == ["Hospital"]
    again = world.call("POST", "organisations/", "root", json={"slug": "clinic", "title": "Other"})
    assert list(again.get_json()["errors"]) == ["slug"]
    bad = {"slug": "x", "title": "x", "website": "javascript:alert(1)"}
    assert world.call("POST", "organisations/", "root", json=bad).status_code == 400
