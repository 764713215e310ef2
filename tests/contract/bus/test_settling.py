"""Settling: acknowledged messages are gone, all others come back, to their own queue and to one consumer at a time."""

import time

import pytest

from archive_shared.events import ItemCreated
from archive_shared.messaging.connection import hang_up
from archive_shared.messaging.dead_letters import list_dead_letters
from archive_shared.messaging.deliveries import Deliveries, Delivery
from archive_shared.messaging.topology import DEAD, Queue
from tests.support.bus import (
    JOBS,
    SPAWN,
    VISIBILITY_TIMEOUT_S,
    Bus,
    an_item,
    kill,
    settle_down,
    start,
    take_and_hold,
    take_one_by_one,
    taken,
)
from tests.support.processes import wait_until

SOON_S = 4 * VISIBILITY_TIMEOUT_S


def next_one(deliveries: Deliveries, *, timeout_s: float = SOON_S) -> Delivery:
    deadline_s = time.monotonic() + timeout_s
    while time.monotonic() < deadline_s:
        found = deliveries.next(0.2)
        if found is not None:
            return found
    raise TimeoutError("no message came")


def test_what_was_acknowledged_is_gone(bus: Bus) -> None:
    bus.listen("q", ItemCreated)
    bus.publish(an_item(1))

    bus.take_all("q")

    settle_down(2 * VISIBILITY_TIMEOUT_S if bus.is_embedded else 0.2)
    assert bus.take_all("q") == []


def test_what_a_killed_consumer_held_comes_back_and_says_so(bus: Bus) -> None:
    bus.listen("q", ItemCreated)
    bus.publish(*map(an_item, range(5)))
    held = SPAWN.Value("i", 0)
    victim = start(take_and_hold, bus, "q", 5, held)
    wait_until(lambda: held.value == 5, timeout_s=30, what="taking")

    kill(victim)

    with bus.connected() as connection:
        deliveries = Deliveries(connection, "q", prefetch=10)
        again = [next_one(deliveries) for _ in range(5)]
        assert [delivery.redeliveries for delivery in again] == [1] * 5


def test_hanging_up_leaves_other_sockets_alone(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads that change the default timeout at once would leave one behind, for every socket made later."""
    set_for_all: list[float | None] = []
    monkeypatch.setattr("socket.setdefaulttimeout", set_for_all.append)
    connection = bus.connect()

    hang_up(connection)

    assert set(set_for_all) <= {None}


def test_hanging_up_lets_everything_go_at_once(bus: Bus) -> None:
    bus.listen("q", ItemCreated)
    bus.publish(*map(an_item, range(3)))
    connection = bus.connect()
    deliveries = Deliveries(connection, "q", prefetch=10)
    for _ in range(2):
        next_one(deliveries)

    hang_up(connection)

    began_s = time.monotonic()
    with bus.connected() as other:
        again = Deliveries(other, "q", prefetch=10)
        assert {next_one(again).message_id for _ in range(3)}
    assert time.monotonic() - began_s < VISIBILITY_TIMEOUT_S


def test_given_back_means_to_the_same_queue_only(bus: Bus) -> None:
    bus.listen("q", ItemCreated)
    bus.listen("sibling", ItemCreated)
    bus.publish(an_item(1))

    with bus.connected() as connection:
        deliveries = Deliveries(connection, "q", prefetch=1)
        next_one(deliveries).give_back()
        again = next_one(deliveries)
        again.acknowledge()

    assert again.redeliveries == 1
    assert len(bus.take_all("sibling")) == 1


def test_competing_consumers_share_the_work(bus: Bus) -> None:
    bus.listen("q", ItemCreated)
    bus.publish(*map(an_item, range(60)))
    boxes = [SPAWN.Queue() for _ in range(3)]
    consumers = [start(take_one_by_one, bus, "q", box) for box in boxes]

    got: list[str] = []
    deadline_s = time.monotonic() + 60
    while len(got) < 60 and time.monotonic() < deadline_s:
        for box in boxes:
            while not box.empty():
                got.append(box.get())
        time.sleep(0.05)
    for consumer in consumers:
        kill(consumer)

    assert len(got) == len(set(got)) == 60


def test_no_more_than_the_prefetch_is_held(bus: Bus) -> None:
    bus.listen("q", ItemCreated)
    bus.publish(*map(an_item, range(5)))

    with bus.connected() as connection:
        deliveries = Deliveries(connection, "q", prefetch=2)
        next_one(deliveries)
        next_one(deliveries)

        assert deliveries.next(0.5) is None
        assert bus.size("q") == 3


def test_a_paused_consumer_leaves_the_rest_to_others(bus: Bus) -> None:
    with bus.publisher() as publisher:
        publisher.hint(JOBS, "mine")
        publisher.hint(JOBS, "yours")

    with bus.connected() as busy, bus.connected() as free:
        deliveries = Deliveries(busy, JOBS, prefetch=1)
        mine = next_one(deliveries)
        deliveries.pause()
        mine.acknowledge()

        [yours] = taken(Deliveries(free, JOBS, prefetch=1))

        assert (mine.message_id, yours.message_id) == ("mine", "yours")


def test_a_consumer_may_resume(bus: Bus) -> None:
    with bus.connected() as connection:
        deliveries = Deliveries(connection, JOBS, prefetch=1)
        deliveries.pause()
        with bus.publisher() as publisher:
            publisher.hint(JOBS, "job")
        assert deliveries.next(0.3) is None

        deliveries.resume()

        assert next_one(deliveries).message_id == "job"


def test_a_slow_consumer_that_lives_keeps_its_message(bus: Bus) -> None:
    bus.listen("q", ItemCreated)
    bus.publish(an_item(1))

    with bus.connected() as slow, bus.connected() as other:
        deliveries = Deliveries(slow, "q", prefetch=1)
        mine = next_one(deliveries)
        competitor = Deliveries(other, "q", prefetch=1)
        deadline_s = time.monotonic() + 2.5 * VISIBILITY_TIMEOUT_S
        while time.monotonic() < deadline_s:
            deliveries.pump(0.1)
            assert competitor.next(0.1) is None
        mine.acknowledge()

    assert bus.take_all("q") == []


def test_acknowledging_too_late_takes_nothing_from_whoever_has_it_now(embedded_bus: Bus) -> None:
    embedded_bus.listen("q", ItemCreated)
    embedded_bus.publish(an_item(1))

    with embedded_bus.connected() as hung, embedded_bus.connected() as other:
        late = next_one(Deliveries(hung, "q", prefetch=1))
        time.sleep(VISIBILITY_TIMEOUT_S + 0.2)
        deliveries = Deliveries(other, "q", prefetch=1)
        current = next_one(deliveries)

        late.acknowledge()

        current.give_back()
        assert next_one(deliveries).redeliveries == 2


def test_what_kills_every_consumer_becomes_a_dead_letter(bus: Bus) -> None:
    deadly = {"x-queue-type": "quorum", "x-delivery-limit": 2, "x-dead-letter-exchange": DEAD}
    bus.declare(Queue("deadly", deadly))
    bus.listen("deadly", ItemCreated)
    bus.publish(an_item(1))

    for _ in range(3):
        connection = bus.connect()
        next_one(Deliveries(connection, "deadly", prefetch=1))
        hang_up(connection)

    assert bus.take_all("deadly") == []
    with bus.connected() as connection:
        [letter] = wait_until(lambda: list_dead_letters(connection), timeout_s=5)
    assert (letter.queue, letter.routing_key) == ("deadly", ItemCreated.TYPE)
    assert "delivery_limit" in letter.reason
