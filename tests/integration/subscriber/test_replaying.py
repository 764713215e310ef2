"""Replaying: a new subscriber gets the past first, once, and nothing between past and present is lost."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pika
import pytest

from archive_shared.messaging.event_log import open_log
from archive_shared.operations.replaying import send_again
from archive_subscriber import replay
from tests.support.bus import Bus, a_deletion, an_item, settle_down
from tests.support.processes import wait_until
from tests.support.subscribing import (
    CREATED,
    QUEUE,
    hear,
    listening,
    make_queue,
    running_program,
    subscribe,
    wait_for_dead_letter,
    wait_for_line,
)


@contextmanager
def publishing(bus: Bus) -> Iterator[list[str]]:
    """Publish one item after the other for the length of a `with` block; give their subjects."""
    published: list[str] = []
    stop = threading.Event()

    def publish() -> None:
        while not stop.is_set():
            items = [an_item(number) for number in range(len(published), len(published) + 20)]
            bus.publish(*items)
            published.extend(item.item for item in items)

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        yield published
    finally:
        stop.set()
        thread.join()


# --- Where the past begins -----------------------------------------------------------------------------------------------


def test_a_new_subscriber_gets_everything_from_the_beginning(bus: Bus) -> None:
    bus.publish(*[an_item(number) for number in range(300)])

    with listening(subscribe(bus, since="first")) as listener:
        bus.publish(an_item("new"))
        listener.wait_for(301)

    assert listener.subjects == [*(f"item-{number}" for number in range(300)), "item-new"]
    assert [event.offset for event in listener.handled[:300]] == list(range(300))


def test_a_replay_can_begin_at_an_offset(bus: Bus) -> None:
    bus.publish(*[an_item(number) for number in range(10)])

    heard = hear(subscribe(bus, since=7), 3)

    assert [event.subject for event in heard] == ["item-7", "item-8", "item-9"]


def test_a_replay_can_begin_at_a_time(bus: Bus) -> None:
    bus.publish(an_item("old"))
    since = datetime.now(UTC)
    bus.publish(an_item("recent"), an_item("new"))

    heard = hear(subscribe(bus, since=since), 2)

    assert [event.subject for event in heard] == ["item-recent", "item-new"]


def test_a_time_is_that_of_who_said_it_whatever_the_brokers_clock_says(bus: Bus) -> None:
    ahead = datetime.now(UTC) + timedelta(seconds=30)
    bus.publish(an_item("old"), at=ahead - timedelta(seconds=1))
    bus.publish(an_item("new"), at=ahead)

    heard = hear(subscribe(bus, since=ahead), 1)

    assert [event.subject for event in heard] == ["item-new"]


@pytest.mark.parametrize("since", [1_000, datetime.now(UTC) + timedelta(days=1), "next", None])
def test_where_there_is_no_past_the_present_begins_at_once(bus: Bus, since: replay.Since) -> None:
    bus.publish(an_item("old"))

    with listening(subscribe(bus, since=since)) as listener:
        bus.publish(an_item("new"))
        listener.wait_for(1)

    assert listener.subjects == ["item-new"]


def test_an_empty_log_is_a_short_past(bus: Bus) -> None:
    with listening(subscribe(bus, since="first")) as listener:
        bus.publish(an_item(1))
        listener.wait_for(1)

    assert listener.subjects == ["item-1"]


def test_only_what_was_asked_for_is_replayed(bus: Bus) -> None:
    bus.publish(an_item(1), a_deletion(2), an_item(3), a_deletion(4))

    heard = hear(subscribe(bus, since="first"), 2)

    assert [event.subject for event in heard] == ["item-1", "item-3"]


# --- Once, and nothing lost ----------------------------------------------------------------------------------------------


def test_between_past_and_present_nothing_is_lost_or_doubled(bus: Bus) -> None:
    with publishing(bus) as published, listening(subscribe(bus, since="first")) as listener:
        wait_until(lambda: listener.handled and listener.handled[-1].offset is None, timeout_s=30)
        settle_down(1)
        enough = len(published)
        listener.wait_for(enough)

    heard = listener.subjects
    assert set(heard) >= set(published[:enough])
    assert len(heard) == len(set(heard))
    assert heard == sorted(heard, key=lambda subject: int(subject.removeprefix("item-")))


def test_a_service_that_starts_again_does_not_replay_again(bus: Bus) -> None:
    bus.publish(an_item(1))
    assert len(hear(subscribe(bus, since="first"), 1)) == 1

    bus.publish(an_item(2))
    heard = hear(subscribe(bus, since="first"), 1)

    assert [event.subject for event in heard] == ["item-2"]


def test_asking_for_another_past_replays_again(bus: Bus) -> None:
    bus.publish(an_item(1), an_item(2))
    hear(subscribe(bus, since="first"), 2)

    heard = hear(subscribe(bus, since=1), 1)

    assert [event.subject for event in heard] == ["item-2"]


def test_a_new_queue_gets_its_past_although_the_process_dies_before_it_begins(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus.publish(an_item(1), an_item(2))
    hear(subscribe(bus, since="first"), 2)
    with pika.BlockingConnection(pika.URLParameters(bus.url)) as connection:
        connection.channel().queue_delete(QUEUE)

    with monkeypatch.context() as patch:
        patch.setattr(replay.Replay, "begin", lambda replay, link: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            next(iter(subscribe(bus, since="first")))
    heard = hear(subscribe(bus, since="first"), 2)

    assert [event.subject for event in heard] == ["item-1", "item-2"]


def test_what_operators_send_again_is_handled_again(bus: Bus) -> None:
    with listening(subscribe(bus)) as listener:
        bus.publish(an_item(1))
        listener.wait_for(1)
        with bus.connected() as connection:
            list(send_again(connection, open_log(bus.url), QUEUE, start=0, patterns=[CREATED]))
        listener.wait_for(2)

    assert listener.subjects == ["item-1", "item-1"]


def test_a_service_that_has_a_queue_already_can_ask_for_the_past(bus: Bus) -> None:
    make_queue(bus)
    bus.publish(an_item(1), an_item(2))
    assert len(hear(subscribe(bus), 2)) == 2

    heard = hear(subscribe(bus, since="first"), 2)

    assert [event.subject for event in heard] == ["item-1", "item-2"]


def test_what_is_in_the_log_and_in_the_queue_is_handed_out_once(bus: Bus) -> None:
    make_queue(bus)
    bus.publish(an_item(1), an_item(2))

    heard = hear(subscribe(bus, since="first"), 2)

    assert [event.subject for event in heard] == ["item-1", "item-2"]
    assert bus.size(QUEUE) == 0


SLOW = """
import time
from archive_subscriber import Subscription

with Subscription("a-subscriber", ["archive.item.created.v1"], since="first") as subscription:
    for event in subscription:
        print("handled", event.subject, event.offset)
        time.sleep(0.02)
"""


def test_an_interrupted_replay_goes_on(bus: Bus, tmp_path: Path) -> None:
    bus.publish(*[an_item(number) for number in range(500)])
    with running_program(SLOW, bus, tmp_path) as process:
        wait_for_line(process, "handled item-300", timeout_s=60)  # it notes its progress every five seconds
        process.kill()
        before = [int(line.split()[2]) for line in process.log().splitlines()]

    bus.publish(an_item(500))
    with listening(subscribe(bus, since="first")) as listener:
        wait_until(lambda: "item-500" in listener.subjects, timeout_s=30)

    after = [event.offset for event in listener.handled]
    assert set(before) | set(after) >= set(range(500))
    assert after[0] is not None
    assert 100 < after[0] <= before[-1] + 1
    assert listener.subjects[-1] == "item-500"


def test_stopping_in_the_middle_notes_how_far_it_is(bus: Bus) -> None:
    bus.publish(*[an_item(number) for number in range(200)])
    first = []
    with subscribe(bus, since="first") as subscription:
        for event in subscription:
            first.append(event.subject)
            if len(first) == 70:
                subscription.stop()

    second = [event.subject for event in hear(subscribe(bus, since="first"), 130)]

    assert first + second == [f"item-{number}" for number in range(200)]


def test_a_replayed_event_that_fails_becomes_a_dead_letter_too(bus: Bus) -> None:
    bus.publish(*[an_item(number) for number in range(5)])

    with listening(subscribe(bus, since="first"), {"item-1": [ValueError("no")] * 3}) as listener:
        letter = wait_for_dead_letter(bus)
        listener.wait_for(4)

    assert letter.headers["ce-subject"] == "item-1"
    assert letter.queue == QUEUE
    assert not [name for name in letter.headers if name.startswith("x-")]
    assert hear(subscribe(bus, since="first"), 0, quiet_s=2) == []


def test_a_replayed_event_that_waits_for_its_next_attempt_survives_a_stop(bus: Bus) -> None:
    bus.publish(an_item(1), an_item(2))
    with listening(subscribe(bus, since="first"), {"item-1": [ValueError("no")] * 9}) as listener:
        listener.wait_for(1)
        wait_until(lambda: len(listener.tried_at_s) >= 3, timeout_s=10)

    heard = hear(subscribe(bus, since="first"), 1)

    assert [event.subject for event in heard] == ["item-1"]
    assert heard[0].attempt >= 2


# --- Several instances ---------------------------------------------------------------------------------------------------


def test_one_instance_replays_while_the_other_hears_the_present(bus: Bus) -> None:
    bus.publish(*[an_item(number) for number in range(50)])

    with (
        listening(subscribe(bus, since="first")) as one,
        listening(subscribe(bus, since="first")) as other,
    ):
        one.wait_for(50)
        bus.publish(*[an_item(f"new-{number}") for number in range(50)])
        wait_until(lambda: len(one.handled) + len(other.handled) >= 100, timeout_s=20)

    assert one.subjects[:50] == [f"item-{number}" for number in range(50)]
    assert other.subjects
    assert len(set(one.subjects + other.subjects)) == len(one.subjects + other.subjects) == 100


def test_another_instance_takes_a_replay_over(
    bus: Bus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "LOOK_EVERY_S", 0.5)
    bus.publish(*[an_item(number) for number in range(200)])

    with running_program(SLOW, bus, tmp_path) as first:
        wait_for_line(first, "handled item-50", timeout_s=60)
        with listening(subscribe(bus, since="first")) as second:
            settle_down(1.5)
            assert second.subjects == []
            first.kill()
            wait_until(lambda: "item-199" in second.subjects, timeout_s=60)

    before = {line.split()[1] for line in first.log().splitlines()}
    assert before | set(second.subjects) == {f"item-{number}" for number in range(200)}
