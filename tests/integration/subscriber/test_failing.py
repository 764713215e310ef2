"""When handling fails: tried again with growing pauses, then set aside with the reason; others do not wait for it."""

import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

import pika
import pytest

from archive_shared.messaging.dead_letters import retry
from archive_subscriber import Event, TryLater, Unusable
from tests.support.bus import Bus, an_item, settle_down
from tests.support.subscribing import (
    CREATED,
    QUEUE,
    dead_letters,
    hear,
    listening,
    make_queue,
    running_program,
    send_raw,
    subscribe,
    wait_for_dead_letter,
    wait_for_line,
)


def fail_once(bus: Bus, error: BaseException) -> Event:
    """Start the subscriber as a supervisor would; its loop dies of the first event."""
    seen = []
    with pytest.raises(type(error)), subscribe(bus) as subscription:  # noqa: PT012 (the loop is what raises)
        for event in subscription:
            seen.append(event)
            raise error
    return seen[0]


# --- One event after the other, in one process -------------------------------------------------------------------------


def test_an_event_that_failed_is_tried_again_with_growing_pauses(bus: Bus) -> None:
    make_queue(bus)
    bus.publish(an_item(1))

    with listening(subscribe(bus), {"item-1": [ValueError("no"), ValueError("no")]}) as listener:
        listener.wait_for(1)

    first, second, third = listener.tried_at_s
    assert listener.handled[0].attempt == 3
    assert second - first >= 0.1  # pauses of 0.2 and 0.4 s, spread by half
    assert third - second >= 0.2
    assert dead_letters(bus) == []
    assert bus.size(QUEUE) == 0


def test_other_events_do_not_wait_for_one_that_fails(bus: Bus) -> None:
    make_queue(bus)
    bus.publish(an_item(1), an_item(2), an_item(3))

    with listening(subscribe(bus), {"item-1": [ValueError("no")]}) as listener:
        listener.wait_for(3)

    assert listener.subjects == ["item-2", "item-3", "item-1"]


def test_after_its_attempts_it_becomes_a_dead_letter_with_the_reason(bus: Bus) -> None:
    make_queue(bus)
    bus.publish(an_item(1, title="chest"))

    with listening(subscribe(bus), {"item-1": [ValueError("no such ward")] * 3}) as listener:
        letter = wait_for_dead_letter(bus)

    assert len(listener.tried_at_s) == 3
    assert letter.reason == "ValueError: no such ward"
    assert (letter.queue, letter.routing_key, letter.attempts) == (QUEUE, CREATED, 3)
    assert letter.headers["ce-subject"] == "item-1"
    assert b"chest" in letter.body
    assert letter.at is not None
    assert bus.size(QUEUE) == 0


def test_what_is_not_the_events_fault_does_not_count(bus: Bus) -> None:
    make_queue(bus)
    bus.publish(an_item(1))
    outage: list[Exception] = [TryLater("the database"), ConnectionResetError(), TimeoutError()] * 2

    with listening(subscribe(bus), {"item-1": outage}) as listener:
        listener.wait_for(1)

    assert listener.handled[0].attempt == 7
    assert dead_letters(bus) == []


def test_the_unusable_is_not_tried_again(bus: Bus) -> None:
    make_queue(bus)
    bus.publish(an_item(1))

    with listening(subscribe(bus), {"item-1": [Unusable("of another hospital")]}) as listener:
        letter = wait_for_dead_letter(bus)

    assert letter.reason == "Unusable: of another hospital"
    assert len(listener.tried_at_s) == 1


def test_a_block_around_an_event_keeps_the_loop_going(bus: Bus) -> None:
    make_queue(bus)
    bus.publish(an_item(1), an_item(2))
    tried = []

    with subscribe(bus) as subscription:
        for event in subscription:
            with event:
                tried.append(event.subject)
                if len(tried) == 1:
                    raise ValueError("no")
            if len(tried) == 3:
                subscription.stop()

    assert tried == ["item-1", "item-2", "item-1"]
    assert bus.size(QUEUE) == 0


def test_an_operator_can_have_a_dead_letter_handled_again(bus: Bus) -> None:
    make_queue(bus)
    bus.publish(an_item(1))
    failing: dict[str, list[Exception]] = {"item-1": [ValueError("no")] * 3}

    with listening(subscribe(bus), failing) as listener:
        letter = wait_for_dead_letter(bus)
        with bus.connected() as connection:
            assert retry(connection, [letter.id]) == 1
        listener.wait_for(1)

    assert [(event.subject, event.attempt) for event in listener.handled] == [("item-1", 1)]


def test_what_an_error_quotes_is_not_logged(bus: Bus, caplog: pytest.LogCaptureFixture) -> None:
    make_queue(bus)
    bus.publish(an_item(1))
    caplog.set_level("INFO")

    with listening(subscribe(bus), {"item-1": [ValueError("DOE^JANE")] * 3}):
        wait_for_dead_letter(bus)

    assert "became a dead letter: ValueError" in caplog.text
    assert "DOE" not in caplog.text


# --- Undecodable ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("properties", "body", "reason"),
    [
        (pika.BasicProperties(content_type="application/json"), b"{}", "Undecodable: the header ce-id"),
        (
            pika.BasicProperties(content_type="text/plain"),
            b"{}",
            "Undecodable: the content type is text/plain",
        ),
        (pika.BasicProperties(), bytes(range(256)), "Undecodable: the content type is None"),
    ],
)
def test_what_is_no_event_becomes_a_dead_letter_with_its_bytes(
    bus: Bus, properties: pika.BasicProperties, body: bytes, reason: str
) -> None:
    with listening(subscribe(bus)) as listener:
        send_raw(bus, CREATED, body, properties)
        letter = wait_for_dead_letter(bus)
        bus.publish(an_item(1))
        listener.wait_for(1)

    assert letter.reason.startswith(reason)
    assert letter.body == body
    assert letter.routing_key == CREATED
    assert listener.subjects == ["item-1"]


# --- Over several lives of a subscriber ------------------------------------------------------------------------------------


def test_an_exception_out_of_the_loop_is_one_attempt(bus: Bus) -> None:
    make_queue(bus)
    bus.publish(an_item(1))

    first = fail_once(bus, ValueError("no"))
    failed_at_s = time.monotonic()
    second = fail_once(bus, ValueError("no"))

    assert (first.attempt, second.attempt) == (1, 2)
    assert second.id == first.id
    assert time.monotonic() - failed_at_s > 0.1


def test_after_too_many_lives_it_becomes_a_dead_letter_with_the_last_reason(bus: Bus) -> None:
    make_queue(bus)
    bus.publish(an_item(1), an_item(2))

    tried = [fail_once(bus, ValueError(f"no {life}")) for life in range(6)]
    letters = dead_letters(bus)

    assert sorted(event.subject for event in tried) == ["item-1"] * 3 + ["item-2"] * 3
    assert sorted(letter.headers["ce-subject"] for letter in letters) == ["item-1", "item-2"]
    last_lives = {event.subject: life for life, event in enumerate(tried)}  # whichever came first each time
    assert {letter.headers["ce-subject"]: letter.reason for letter in letters} == {
        subject: f"ValueError: no {life}" for subject, life in last_lives.items()
    }
    assert {letter.attempts for letter in letters} == {3}


def test_a_bare_loop_counts_attempts_too(bus: Bus) -> None:
    make_queue(bus)
    bus.publish(an_item(1))
    attempts = []

    for _ in range(3):
        with pytest.raises(ValueError, match="no"):  # noqa: PT012 (the loop is what raises)
            for event in subscribe(bus):
                attempts.append(event.attempt)
                raise ValueError("no")

    [letter] = dead_letters(bus)
    assert attempts == [1, 2, 3]
    assert letter.reason.startswith("LoopLeft: ")


def test_a_loop_that_is_begun_again_does_not_lose_the_event_it_broke_on(bus: Bus) -> None:
    make_queue(bus)
    bus.publish(an_item(1))
    attempts = []

    with subscribe(bus) as subscription:
        with suppress(ZeroDivisionError):
            for event in subscription:
                attempts.append(event.attempt / 0)
        for event in subscription:
            attempts.append(event.attempt)
            subscription.stop()

    assert attempts == [2]
    assert bus.size(QUEUE) == 0


def test_an_interrupt_is_no_attempt(bus: Bus) -> None:
    make_queue(bus)
    bus.publish(an_item(1))

    fail_once(bus, KeyboardInterrupt())

    assert [event.attempt for event in hear(subscribe(bus), 1)] == [1]


def test_an_event_that_waits_for_its_next_attempt_survives_a_stop(bus: Bus) -> None:
    make_queue(bus)
    bus.publish(an_item(1))
    with listening(subscribe(bus), {"item-1": [ValueError("no")] * 9}) as listener:
        while len(listener.tried_at_s) < 2:
            settle_down(0.02)

    [event] = hear(subscribe(bus), 1)

    assert event.attempt == 3


# --- Dying ---------------------------------------------------------------------------------------------------------------

HANGING = """
import logging, time
from archive_subscriber import Subscription

for event in Subscription("a-subscriber", ["archive.item.created.v1"]):
    print("handling", event.subject)
    time.sleep(3600)
"""

STOPPABLE = """
import time
from archive_subscriber import Subscription

with Subscription("a-subscriber", ["archive.item.created.v1"]) as subscription:
    subscription.stop_on_signals()
    subscription.wait_until_subscribed(20)
    print("ready")
    for event in subscription:
        print("handling", event.subject)
        time.sleep(2)
        print("handled", event.subject)
print("good bye")
"""


def test_what_a_killed_process_had_in_hand_is_handled_by_the_next(bus: Bus, tmp_path: Path) -> None:
    make_queue(bus)
    bus.publish(an_item(1), an_item(2))

    with running_program(HANGING, bus, tmp_path) as process:
        wait_for_line(process, "handling item-1")
        process.kill()

    assert [event.subject for event in hear(subscribe(bus), 2)] == ["item-1", "item-2"]


def test_sigterm_finishes_the_event_in_hand_and_exits_well(bus: Bus, tmp_path: Path) -> None:
    make_queue(bus)
    bus.publish(an_item(1), an_item(2))

    with running_program(STOPPABLE, bus, tmp_path) as process:
        wait_for_line(process, "handling item-1")
        process.send_signal(signal.SIGTERM)
        exit_code = process.wait(timeout_s=20)

    assert exit_code == 0
    assert process.log().splitlines() == ["ready", "handling item-1", "handled item-1", "good bye"]
    assert [event.subject for event in hear(subscribe(bus), 1)] == ["item-2"]


def test_sigterm_ends_a_process_that_waits_for_events(bus: Bus, tmp_path: Path) -> None:
    with running_program(STOPPABLE, bus, tmp_path) as process:
        wait_for_line(process, "ready")
        process.send_signal(signal.SIGTERM)

        assert process.wait(timeout_s=20) == 0


def test_an_error_that_nobody_expects_ends_the_loop(bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive_subscriber.link.Link.declare_shared", lambda link: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        next(iter(subscribe(bus)))

    assert not [thread for thread in threading.enumerate() if "subscription" in thread.name]
