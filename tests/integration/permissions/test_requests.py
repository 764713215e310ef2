"""Asking for access: what the archive's rule does, what editors do, and who is told."""

from typing import Any

import pytest

from permissions.domain.request import MOST_WITHDRAWN, request_id
from tests.support.permissions_service import ARCHIVE, PermissionsService

REQUESTS = f"archives/{ARCHIVE}/requests/"
ADMISSION = f"archives/{ARCHIVE}/admission/"
OTHER = "0d9e0f6f-4c3d-4e4f-8a2b-1a2b4c3d8e4f"


def ask(world: PermissionsService, who: str = "out", **sent: Any) -> dict[str, Any]:
    asked: dict[str, Any] = world.ok("POST", REQUESTS, who, json=sent)
    return asked


def set_rule(world: PermissionsService, **rule: Any) -> dict[str, Any]:
    changed: dict[str, Any] = world.ok("PATCH", ADMISSION, "ed", json=rule)
    return changed


def verify(world: PermissionsService, name: str, *, verified: bool = True) -> None:
    world.ok("PATCH", f"users/{world.user(name).id}/", "root", json={"verified": verified})


def state(world: PermissionsService, name: str = "out") -> str:
    request = world.directory.requests.get(request_id(ARCHIVE, world.user(name).id))
    assert request is not None
    return request.state.value


def told(world: PermissionsService, who: str, **query: str) -> list[tuple[str, bool]]:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    results = world.ok("GET", f"notifications/?{asked}", who)["results"]
    return [(each["kind"], each["read"]) for each in results]


@pytest.mark.parametrize(
    ("handling", "verified", "expected"),
    [
        ("manual", False, "pending"),
        ("manual", True, "pending"),
        ("verified", False, "pending"),
        ("verified", True, "accepted"),
        ("all", False, "accepted"),
        ("all", True, "accepted"),
    ],
)
def test_the_rule_of_the_archive_decides(
    world: PermissionsService, handling: str, verified: bool, expected: str
) -> None:
    set_rule(world, handling=handling)
    verify(world, "out", verified=verified)

    asked = ask(world, message="for the challenge")

    assert asked["state"] == expected
    assert world.may("out", "archive.use") is (expected == "accepted")
    assert told(world, "ed") == ([("access.requested", False)] if expected == "pending" else [])
    assert told(world, "out") == []


def test_an_editor_reads_the_message_and_accepts(world: PermissionsService) -> None:
    asked = ask(world, message="I work on lungs.")

    [listed] = world.ok("GET", f"{REQUESTS}?state=pending", "ed")["results"]
    accepted = world.ok("POST", f"{REQUESTS}{asked['pk']}/accept/", "ed")

    assert (listed["message"], listed["user"]["username"]) == ("I work on lungs.", "out")
    assert accepted["state"] == "accepted"
    assert world.roles("out") == ["user"]
    assert told(world, "out") == [("access.accepted", False)]
    assert told(world, "ed", unread="true") == []  # answered: nothing is left to do


def test_a_rejected_person_reads_why_and_may_ask_again_after_a_while(world: PermissionsService) -> None:
    asked = ask(world)

    world.ok("POST", f"{REQUESTS}{asked['pk']}/reject/", "ed", json={"reason": "Not this study."})

    assert world.ok("GET", ADMISSION, "out")["request"]["reason"] == "Not this study."
    assert told(world, "out") == [("access.rejected", False)]
    assert world.call("POST", REQUESTS, "out").status_code == 409
    world.clock.move(days=6.9)
    assert world.call("POST", REQUESTS, "out").status_code == 409
    world.clock.move(days=0.2)
    again = ask(world, message="Please.")
    assert (again["pk"], again["state"], again["reason"]) == (asked["pk"], "pending", "")


def test_a_rule_never_overrides_an_editors_no(world: PermissionsService) -> None:
    asked = ask(world)
    world.ok("POST", f"{REQUESTS}{asked['pk']}/reject/", "ed")
    world.clock.move(days=8)

    set_rule(world, handling="all")

    assert ask(world)["state"] == "pending"
    assert not world.may("out", "archive.use")


@pytest.mark.parametrize("asked_before", [True, False])
def test_who_was_removed_does_not_walk_in_again(world: PermissionsService, asked_before: bool) -> None:
    set_rule(world, handling="all")
    if asked_before:
        ask(world)
    else:
        world.give("out", "user", by="ed")

    world.take("out", "user", by="ed")

    assert world.call("POST", REQUESTS, "out").status_code == 409
    world.clock.move(days=8)
    assert ask(world)["state"] == "pending"
    assert not world.may("out", "archive.use")


def test_a_request_can_be_withdrawn_and_made_again_at_once(world: PermissionsService) -> None:
    asked = ask(world)

    world.ok("POST", f"{REQUESTS}{asked['pk']}/withdraw/", "out")

    assert state(world) == "withdrawn"
    assert told(world, "ed", unread="true") == []
    assert world.call("POST", f"{REQUESTS}{asked['pk']}/accept/", "ed").status_code == 409
    assert ask(world)["state"] == "pending"


def test_asking_and_taking_back_in_turns_does_not_fill_the_lists_of_editors(
    world: PermissionsService,
) -> None:
    for _ in range(MOST_WITHDRAWN):
        world.ok("POST", f"{REQUESTS}{ask(world)['pk']}/withdraw/", "out")
    in_time = (world.directory.clock.now() + world.directory.rules.cool_down).date()

    refused = world.call("POST", REQUESTS, "out", json={})

    assert refused.status_code == 409
    assert refused.get_json()["detail"] == (
        f"You took your request back {MOST_WITHDRAWN} times; you may ask again on {in_time.isoformat()}."
    )
    assert len(told(world, "ed")) == MOST_WITHDRAWN
    world.clock.move(days=8)
    world.ok("POST", f"{REQUESTS}{ask(world)['pk']}/withdraw/", "out")
    assert ask(world)["state"] == "pending"


def test_only_who_asked_withdraws(world: PermissionsService) -> None:
    asked = ask(world)

    for who in ("us", "ed", "root"):
        assert world.call("POST", f"{REQUESTS}{asked['pk']}/withdraw/", who).status_code == 404
    assert state(world) == "pending"


@pytest.mark.parametrize("decision", ["accept", "reject", "withdraw"])
def test_what_is_decided_is_decided(world: PermissionsService, decision: str) -> None:
    asked = ask(world)
    world.ok("POST", f"{REQUESTS}{asked['pk']}/accept/", "ed")

    who = "out" if decision == "withdraw" else "ed"

    assert world.call("POST", f"{REQUESTS}{asked['pk']}/{decision}/", who).status_code == 409
    assert world.roles("out") == ["user"]


def test_a_changed_rule_looks_again_at_what_is_pending(world: PermissionsService) -> None:
    world.people("known", "unknown")
    verify(world, "known")
    for who in ("known", "unknown"):
        ask(world, who)

    set_rule(world, handling="verified")
    assert (state(world, "known"), state(world, "unknown")) == ("accepted", "pending")
    assert told(world, "known") == [("access.accepted", False)]

    set_rule(world, handling="all")
    assert state(world, "unknown") == "accepted"
    assert world.may("unknown", "archive.use")


def test_somebody_who_is_verified_later_is_let_in_then(world: PermissionsService) -> None:
    set_rule(world, handling="verified")
    ask(world)

    verify(world, "out")

    assert state(world) == "accepted"
    assert world.may("out", "archive.use")


def test_terms_are_accepted_in_the_version_they_have(world: PermissionsService) -> None:
    set_rule(world, handling="all", terms="Do no harm.")
    assert world.call("POST", REQUESTS, "out").status_code == 400

    second = set_rule(world, terms="Do no harm, and cite us.")
    assert world.call("POST", REQUESTS, "out", json={"terms_version": 1}).status_code == 400
    asked = ask(world, terms_version=2)

    assert (second["terms_version"], asked["terms_version"], asked["state"]) == (2, 2, "accepted")


def test_who_agreed_to_other_terms_is_not_let_in_by_a_changed_rule(world: PermissionsService) -> None:
    set_rule(world, terms="Do no harm.")
    ask(world, terms_version=1)

    set_rule(world, terms="Pay.", handling="all")

    assert state(world) == "pending"


def test_a_member_has_no_reason_to_ask(world: PermissionsService) -> None:
    for who in ("us", "up", "ed"):
        assert world.call("POST", REQUESTS, who).status_code == 409


def test_asking_twice_is_one_request(world: PermissionsService) -> None:
    ask(world)

    assert world.call("POST", REQUESTS, "out").status_code == 409
    assert world.ok("GET", REQUESTS, "ed")["count"] == 1
    assert told(world, "ed") == [("access.requested", False)]


def test_a_role_given_by_hand_accepts_the_request(world: PermissionsService) -> None:
    ask(world)

    world.give("out", "uploader", by="ed")

    assert state(world) == "accepted"
    assert world.roles("out") == ["uploader"]
    assert told(world, "ed", unread="true") == []


def test_an_archive_that_does_not_exist_cannot_be_asked(world: PermissionsService) -> None:
    assert world.call("POST", f"archives/{OTHER}/requests/", "out").status_code == 404
    assert world.call("GET", f"archives/{OTHER}/admission/", "out").status_code == 404


def test_an_editor_of_one_archive_decides_nothing_about_another(world: PermissionsService) -> None:
    """D2 of the reference: the request is found by its own number, whatever archive the address names."""
    world.person("eve")
    world.archive("eve", OTHER)
    asked = ask(world)

    for path in (OTHER, ARCHIVE):
        for decision in ("accept", "reject"):
            address = f"archives/{path}/requests/{asked['pk']}/{decision}/"
            assert world.call("POST", address, "eve").status_code == 404
    assert state(world) == "pending"
    assert world.roles("out") == []


def test_everybody_sees_what_they_asked_for_and_nothing_else(world: PermissionsService) -> None:
    world.person("eve")
    ask(world)

    assert [each["archive"] for each in world.ok("GET", "access-requests/", "out")["results"]] == [ARCHIVE]
    assert world.ok("GET", "access-requests/", "eve")["count"] == 0
    assert world.ok("GET", ADMISSION, "eve")["request"] is None


def test_a_request_is_announced_with_its_decision(world: PermissionsService) -> None:
    asked = ask(world)
    world.ok("POST", f"{REQUESTS}{asked['pk']}/reject/", "ed")

    stored = world.service.documents.get("requests", asked["pk"])

    assert stored is not None
    assert [event["type"] for event in stored["outbox"]] == [
        "archive.access.requested.v1",
        "archive.access.rejected.v1",
    ]


def test_d19_an_administrator_who_is_no_editor_accepts_for_good(world: PermissionsService) -> None:
    asked = ask(world)

    world.ok("POST", f"{REQUESTS}{asked['pk']}/accept/", "root", json={})

    assert state(world) == "accepted"
