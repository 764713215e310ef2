"""Followers hear every event from now on, in every process, and know when they may have missed one."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from archive_shared.events import Event, RoleGranted, RoleRevoked
from archive_shared.messaging.following import Follower
from tests.support.bus import Bus, an_item
from tests.support.processes import wait_until

REVOKED = RoleRevoked(archive="a", user="ann", role="user", revoked_by="x")
GRANTED = RoleGranted(archive="a", user="ann", role="user", granted_by="x")


@dataclass
class Heard:
    """What a follower was told."""

    events: list[Event] = field(default_factory=list)
    gaps: int = 0

    def miss(self) -> None:
        self.gaps += 1


@contextmanager
def following(bus: Bus) -> Iterator[tuple[Follower, Heard]]:
    heard = Heard()
    follower = Follower(bus.url, [RoleRevoked, RoleGranted], hear=heard.events.append, missed=heard.miss)
    try:
        wait_until(follower.hears, timeout_s=30, what="hearing")
        yield follower, heard
    finally:
        follower.stop()


def test_every_follower_hears_every_event_of_its_kinds(bus: Bus) -> None:
    with following(bus) as (_, one), following(bus) as (_, other):
        bus.listen("a-service.events", type(an_item(1)))
        bus.publish(an_item(1), REVOKED, GRANTED)

        wait_until(lambda: len(one.events) == len(other.events) == 2, timeout_s=30, what="the events")
        assert one.events == other.events == [REVOKED, GRANTED]


def test_a_follower_hears_nothing_of_before_it_began_but_knows_that_it_may_have_missed_something(
    bus: Bus,
) -> None:
    bus.publish(REVOKED)

    with following(bus) as (_, heard):
        bus.publish(GRANTED)
        wait_until(lambda: heard.events, timeout_s=30, what="the event")

        assert heard.events == [GRANTED]
        assert heard.gaps == 1


def test_a_follower_that_is_not_asked_starts_nothing(bus: Bus) -> None:
    before = threading.active_count()

    follower = Follower(bus.url, [RoleRevoked], hear=lambda event: None, missed=lambda: None)

    assert threading.active_count() == before
    follower.stop()
    assert not follower.hears()


def test_while_the_broker_is_away_a_follower_does_not_claim_to_hear() -> None:
    follower = Follower("amqp://nobody:x@127.0.0.1:1/none", [RoleRevoked], hear=print, missed=print)

    assert not follower.hears()
    assert not follower.hears()

    follower.stop()
