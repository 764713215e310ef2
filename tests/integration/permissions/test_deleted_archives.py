"""An archive that was deleted: nobody asks for it, gets a role on it or waits for an answer any more."""

import pytest

from archive_shared.events import ArchiveDeleted
from archive_shared.wire.cloud_events import ReceivedEvent
from permissions.domain.request import AccessRequest, Asking, request_id
from permissions.entrypoints.clerk import handlers
from tests.support.permissions_service import ARCHIVE, PermissionsService

REQUESTS = f"archives/{ARCHIVE}/requests/"
ADMISSION = f"archives/{ARCHIVE}/admission/"
MEMBERS = f"archives/{ARCHIVE}/members/"


def hear_of_deletion(world: PermissionsService, archive: str = ARCHIVE) -> None:
    """Deliver the event as the bus does."""
    handlers(world.directory)[ArchiveDeleted](
        ReceivedEvent(
            id="event-1",
            type=ArchiveDeleted.TYPE,
            source="archive-api",
            subject=archive,
            sequence=1,
            at=world.clock.now(),
            traceparent=None,
            event=ArchiveDeleted(archive=archive),
        )
    )


def test_who_waits_for_an_answer_is_told_that_none_comes(world: PermissionsService) -> None:
    world.ok("POST", REQUESTS, "out")

    hear_of_deletion(world)

    [asked] = world.ok("GET", "access-requests/", "out")["results"]
    assert (asked["state"], asked["reason"]) == ("rejected", "The archive was deleted.")
    [told] = world.ok("GET", "notifications/", "out")["results"]
    assert (told["kind"], told["text"]) == ("access.rejected", "The archive was deleted.")
    assert world.ok("GET", "notifications/?unread=true", "ed")["results"] == []


@pytest.mark.parametrize("who", ["ed", "us", "out", "root"])
def test_it_does_not_exist_any_more(world: PermissionsService, who: str) -> None:
    request = world.ok("POST", REQUESTS, "out")["pk"]

    hear_of_deletion(world)

    member = f"{world.user('us').id}/user/"
    calls: list[tuple[str, str, dict[str, str] | None]] = [
        ("GET", MEMBERS, None),
        ("POST", MEMBERS, {"user": "out", "role": "editor"}),
        ("DELETE", f"{MEMBERS}{member}", None),
        ("GET", ADMISSION, None),
        ("PATCH", ADMISSION, {"handling": "all"}),
        ("GET", REQUESTS, None),
        ("POST", REQUESTS, {}),
        ("POST", f"{REQUESTS}{request}/accept/", {}),
    ]
    answers = [world.call(method, path, who, json=sent) for method, path, sent in calls]
    assert [answer.status_code for answer in answers] == [404] * len(calls)
    assert (world.roles("out"), world.roles("us")) == ([], ["user"])


def test_what_was_done_to_it_can_still_be_read(world: PermissionsService) -> None:
    hear_of_deletion(world)

    assert world.ok("GET", f"archives/{ARCHIVE}/trail/", "ed")["count"] > 0
    assert world.may("us", "archive.use")  # by which the feed lets members hear of its end


def test_hearing_of_it_twice_or_of_an_archive_nobody_knows_changes_nothing(world: PermissionsService) -> None:
    world.ok("POST", REQUESTS, "out")
    hear_of_deletion(world)
    before = world.trail()

    hear_of_deletion(world)
    hear_of_deletion(world, "0d9e0f6f-4c3d-4e4f-8a2b-1a2b4c3d8e4f")

    assert world.trail() == before


def test_a_request_stored_while_it_is_deleted_does_not_wait_for_good(
    world: PermissionsService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deleted_meanwhile(**asked: object) -> AccessRequest:
        hear_of_deletion(world)
        return made(archive=ARCHIVE, user=world.user("out").person, asking=Asking(), at=world.clock.now())

    made = AccessRequest.make
    monkeypatch.setattr(AccessRequest, "make", deleted_meanwhile)

    assert world.call("POST", REQUESTS, "out").status_code == 404

    stored = world.directory.requests.require(request_id(ARCHIVE, world.user("out").id))
    assert stored.state.value == "rejected"
