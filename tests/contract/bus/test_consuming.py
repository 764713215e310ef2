"""Consuming: success acknowledges, failure is tried again, the hopeless becomes a dead letter, nothing is lost."""

import threading
import time
from collections.abc import Mapping

from structlog.testing import capture_logs

from archive_shared.clock import from_text
from archive_shared.errors import Invalid, Unavailable
from archive_shared.events import ItemCreated, ItemDeleted
from archive_shared.messaging.confirmed import send
from archive_shared.messaging.consumer import PREFETCH
from archive_shared.messaging.dead_letters import DeadLetter, list_dead_letters
from archive_shared.messaging.errors import TooMuchPoison
from archive_shared.messaging.topology import EVENTS
from archive_shared.messaging.verdicts import RetryPolicy
from archive_shared.tracing import current_trace_id
from archive_shared.wire.cloud_events import ReceivedEvent, encode
from tests.support.bus import (
    VISIBILITY_TIMEOUT_S,
    Bus,
    a_deletion,
    an_item,
    consuming,
    settle_down,
    waiting,
)
from tests.support.processes import wait_until

QUEUE = "a-listener.events"


class Listener:
    """Remembers what it handled; fails as often as it is told, per item."""

    def __init__(self, *, failing: dict[str, list[Exception]] | None = None) -> None:
        self.handled: list[str] = []
        self.tried_at_s: list[float] = []
        self._failing = failing or {}

    def __call__(self, received: ReceivedEvent) -> None:
        self.tried_at_s.append(time.monotonic())
        failures = self._failing.get(received.subject)
        if failures:
            raise failures.pop(0)
        self.handled.append(received.subject)


def dead_letters(bus: Bus) -> list[DeadLetter]:
    with bus.connected() as connection:
        return list_dead_letters(connection)


def wait_for_dead_letter(bus: Bus) -> DeadLetter:
    [letter] = wait_until(lambda: dead_letters(bus), timeout_s=15, what="a dead letter")
    return letter


def send_with(bus: Bus, headers: Mapping[str, str]) -> None:
    """Put an event into the queue whose headers say something besides, or instead."""
    event = encode(waiting(an_item(1)))
    with bus.connected() as connection:
        send(
            connection,
            exchange="",
            key=QUEUE,
            body=event.body,
            content_type=event.content_type,
            message_id=event.id,
            headers={**event.headers, **headers},
        )


def test_handled_events_are_acknowledged(bus: Bus) -> None:
    listener = Listener()
    bus.listen(QUEUE, ItemCreated)
    bus.publish(an_item(1), an_item(2))

    with consuming(bus, QUEUE, {ItemCreated: listener}):
        wait_until(lambda: len(listener.handled) == 2, timeout_s=10)

    assert listener.handled == ["item-1", "item-2"]
    assert bus.size(QUEUE) == 0


def test_a_handler_sees_the_event_and_its_trace(bus: Bus) -> None:
    seen: list[tuple[ReceivedEvent, str]] = []
    bus.listen(QUEUE, ItemCreated)
    told = waiting(an_item(1), sequence=3)
    with bus.publisher() as publisher:
        publisher.publish(told)

    with consuming(bus, QUEUE, {ItemCreated: lambda event: seen.append((event, current_trace_id()))}):
        wait_until(lambda: seen, timeout_s=10)

    [(received, trace)] = seen
    assert (received.event, received.sequence, received.at) == (an_item(1), 3, from_text(told["time"]))
    assert trace == told["traceparent"].split("-")[1]


def test_what_is_not_the_events_fault_is_tried_until_it_works(bus: Bus) -> None:
    outage: list[Exception] = [Unavailable("the database"), ConnectionResetError(), TimeoutError()] * 3
    listener = Listener(failing={"item-1": outage})
    bus.listen(QUEUE, ItemCreated)
    bus.publish(an_item(1))

    with consuming(bus, QUEUE, {ItemCreated: listener}):
        wait_until(lambda: listener.handled, timeout_s=15)

    assert listener.handled == ["item-1"]
    assert dead_letters(bus) == []


def test_a_failing_event_does_not_hold_up_the_others(bus: Bus) -> None:
    listener = Listener(failing={"item-1": [LookupError("not yet")] * 2})
    bus.listen(QUEUE, ItemCreated)
    bus.publish(an_item(1), an_item(2), an_item(3))

    with consuming(bus, QUEUE, {ItemCreated: listener}):
        wait_until(lambda: len(listener.handled) == 3, timeout_s=15)

    assert listener.handled == ["item-2", "item-3", "item-1"]


def test_an_event_that_keeps_failing_becomes_a_dead_letter(bus: Bus) -> None:
    listener = Listener(failing={"item-1": [LookupError("no such\nitem")] * 10})
    bus.listen(QUEUE, ItemCreated)
    bus.publish(an_item(1))

    with consuming(bus, QUEUE, {ItemCreated: listener}):
        letter = wait_for_dead_letter(bus)

    assert len(listener.tried_at_s) == 3
    assert letter.reason == "LookupError: no such item"
    assert (letter.queue, letter.routing_key, letter.attempts) == (QUEUE, ItemCreated.TYPE, 3)
    assert bus.size(QUEUE) == 0


def test_pauses_between_attempts_grow(bus: Bus) -> None:
    listener = Listener(failing={"item-1": [Unavailable("gone")] * 4})
    bus.listen(QUEUE, ItemCreated)
    bus.publish(an_item(1))

    with consuming(bus, QUEUE, {ItemCreated: listener}):
        wait_until(lambda: listener.handled, timeout_s=15)

    tries = listener.tried_at_s
    assert tries[-1] - tries[-2] > 0.045  # the longest pause is 0.1 s, halved at most by jitter


def test_an_invalid_event_is_not_tried_again(bus: Bus) -> None:
    listener = Listener(failing={"item-1": [Invalid({"title": ["is too long"]})]})
    bus.listen(QUEUE, ItemCreated)
    bus.publish(an_item(1))

    with consuming(bus, QUEUE, {ItemCreated: listener}):
        letter = wait_for_dead_letter(bus)

    assert letter.reason == "Invalid: title: is too long"
    assert listener.handled == []


def test_what_a_handler_choked_on_is_not_logged(bus: Bus) -> None:
    listener = Listener(failing={"item-1": [Invalid({"title": ["DOE^JANE is too long"]})]})
    bus.listen(QUEUE, ItemCreated)
    bus.publish(an_item(1))

    with capture_logs() as logged, consuming(bus, QUEUE, {ItemCreated: listener}):
        wait_for_dead_letter(bus)

    assert [line.get("error") for line in logged if line["log_level"] == "error"] == ["Invalid"]
    assert "DOE" not in str(logged)


def test_what_is_no_event_becomes_a_dead_letter_with_its_bytes(bus: Bus) -> None:
    garbage = bytes(range(256))
    bus.listen(QUEUE, ItemCreated)
    with bus.connected() as connection:
        send(
            connection,
            exchange=EVENTS,
            key=ItemCreated.TYPE,
            body=garbage,
            content_type=None,
            message_id="m-1",
            headers={"colour": "red"},
        )

    with consuming(bus, QUEUE, {ItemCreated: Listener()}):
        letter = wait_until(
            lambda: [each for each in dead_letters(bus) if each.queue == QUEUE], timeout_s=15
        )[0]

    assert letter.body == garbage
    assert "content type" in letter.reason
    assert (letter.headers, letter.message_id) == ({"colour": "red"}, "m-1")


def test_an_event_of_an_unknown_version_becomes_a_dead_letter(bus: Bus) -> None:
    bus.listen(QUEUE, ItemCreated)
    send_with(bus, {"ce-type": "archive.item.created.v9"})

    with consuming(bus, QUEUE, {ItemCreated: Listener()}):
        letter = wait_for_dead_letter(bus)

    assert "archive.item.created.v9" in letter.reason


def test_left_over_events_without_a_handler_are_let_go(bus: Bus) -> None:
    listener = Listener()
    bus.listen(QUEUE, ItemCreated, ItemDeleted)
    bus.publish(a_deletion(1), an_item(1))

    with consuming(bus, QUEUE, {ItemCreated: listener}):
        wait_until(lambda: listener.handled, timeout_s=10)
        bus.publish(a_deletion(2))

    assert bus.size(QUEUE) == 0
    assert dead_letters(bus) == []


def test_a_consumer_that_poisons_most_stops(bus: Bus) -> None:
    listener = Listener(failing={f"item-{number}": [Invalid({"": ["no"]})] for number in range(30)})
    bus.listen(QUEUE, ItemCreated)
    bus.publish(*map(an_item, range(30)))

    with consuming(bus, QUEUE, {ItemCreated: listener}) as consumer:
        consumer.join(20)

    assert isinstance(consumer.error, TooMuchPoison)
    assert len(dead_letters(bus)) == 10
    assert bus.size(QUEUE) == 20


def test_a_little_poison_stops_nobody(bus: Bus) -> None:
    listener = Listener(failing={f"item-{number}": [Invalid({"": ["no"]})] for number in range(0, 30, 3)})
    bus.listen(QUEUE, ItemCreated)
    bus.publish(*map(an_item, range(30)))

    with consuming(bus, QUEUE, {ItemCreated: listener}) as consumer:
        wait_until(lambda: len(listener.handled) == 20, timeout_s=20)
        assert consumer.is_alive()


def test_stopping_gives_back_what_waits_for_another_attempt(bus: Bus) -> None:
    listener = Listener(failing={"item-1": [Unavailable("gone")] * 1000})
    bus.listen(QUEUE, ItemCreated)
    bus.publish(an_item(1))
    with consuming(bus, QUEUE, {ItemCreated: listener}):
        wait_until(lambda: listener.tried_at_s, timeout_s=10)

    other = Listener()
    with consuming(bus, QUEUE, {ItemCreated: other}):
        wait_until(lambda: other.handled, timeout_s=10)

    assert other.handled == ["item-1"]


def test_events_are_handled_one_after_the_other_however_long_it_takes(bus: Bus) -> None:
    handled: list[str] = []

    def slow(received: ReceivedEvent) -> None:
        time.sleep(0.9 * VISIBILITY_TIMEOUT_S)
        handled.append(received.subject)

    bus.listen(QUEUE, ItemCreated)
    bus.publish(*map(an_item, range(4)))

    with consuming(bus, QUEUE, {ItemCreated: slow}):
        wait_until(lambda: len(handled) >= 4, timeout_s=30)
        settle_down(1)

    assert handled == ["item-0", "item-1", "item-2", "item-3"]


def test_a_consumer_that_is_idle_stops_when_told(bus: Bus) -> None:
    with consuming(bus, QUEUE, {ItemCreated: Listener()}) as consumer:
        settle_down(0.5)
        consumer.stop.set()
        consumer.join(60)

        assert not consumer.is_alive()


def test_a_consumer_waits_for_a_bus_that_is_not_there(bus: Bus) -> None:
    wrong = Bus("sqlite:////dev/null/bus.db") if bus.is_embedded else Bus("amqp://guest:guest@127.0.0.1:9/")

    with consuming(wrong, QUEUE, {ItemCreated: Listener()}) as consumer:
        settle_down(1)
        assert consumer.is_alive()
    assert consumer.error is None


def test_two_consumers_handle_each_event_once(bus: Bus) -> None:
    handled: list[str] = []
    lock = threading.Lock()

    def note(received: ReceivedEvent) -> None:
        with lock:
            handled.append(received.subject)

    bus.listen(QUEUE, ItemCreated)
    bus.publish(*map(an_item, range(40)))

    with consuming(bus, QUEUE, {ItemCreated: note}), consuming(bus, QUEUE, {ItemCreated: note}):
        wait_until(lambda: len(handled) >= 40, timeout_s=20)
        settle_down(0.5)

    assert sorted(handled) == sorted(f"item-{number}" for number in range(40))


class Pupils:
    """Handles events only after the one that tells what they need to know; some are beyond help even then."""

    def __init__(self, *, told_by: str, hopeless: str = "") -> None:
        self.handled: list[str] = []
        self._told_by, self._hopeless = told_by, hopeless

    def __call__(self, received: ReceivedEvent) -> None:
        if received.subject == self._hopeless:
            raise LookupError("nobody knows")
        if received.subject != self._told_by and self._told_by not in self.handled:
            raise Unavailable("nothing was heard of it yet")
        self.handled.append(received.subject)


def test_many_events_that_wait_do_not_keep_out_the_one_they_wait_for(bus: Bus) -> None:
    pupils, others = Pupils(told_by="item-teacher"), [an_item(number) for number in range(2 * PREFETCH)]
    bus.listen(QUEUE, ItemCreated)
    bus.publish(*others, an_item("teacher"))

    with consuming(bus, QUEUE, {ItemCreated: pupils}):
        wait_until(lambda: len(pupils.handled) >= len(others) + 1, timeout_s=60)

    assert sorted(pupils.handled) == sorted([*(event.item for event in others), "item-teacher"])
    assert dead_letters(bus) == []


def test_what_was_tried_before_an_event_was_put_back_counts(bus: Bus) -> None:
    pupils = Pupils(told_by="item-teacher", hopeless="item-0")
    patient = RetryPolicy(first_pause_s=0.02, longest_pause_s=0.1, most_failures=50)
    bus.listen(QUEUE, ItemCreated)
    bus.publish(*(an_item(number) for number in range(PREFETCH)))

    with consuming(bus, QUEUE, {ItemCreated: pupils}, policy=patient):
        letter = wait_for_dead_letter(bus)

    assert (letter.queue, letter.routing_key, letter.attempts) == (QUEUE, ItemCreated.TYPE, 50)
    assert not [name for name in letter.headers if name.startswith("x-put-back")]


def test_what_others_write_where_tries_are_counted_stops_nobody(bus: Bus) -> None:
    listener = Listener()
    bus.listen(QUEUE, ItemCreated)
    send_with(bus, {"x-put-back-failures": "many"})

    with consuming(bus, QUEUE, {ItemCreated: listener}):
        wait_until(lambda: listener.handled, timeout_s=10)
