"""The log of all events, read by operators: from an offset or a time, to its end or for ever, taking nothing away."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest

from archive_shared.errors import NotFound, Unavailable
from archive_shared.events import ItemCreated
from archive_shared.messaging.event_log import LoggedEvent, Start, StreamLog, open_log
from archive_shared.wire.cloud_events import decode
from tests.support.bus import Bus, an_item, settle_down
from tests.support.processes import wait_until
from tests.support.resets import reset_connection

AGES_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def read(bus: Bus, start: Start = 0) -> list[LoggedEvent]:
    return list(open_log(bus.url).read(start))


def items(events: list[LoggedEvent]) -> list[str]:
    return [str(event.headers["ce-subject"]) for event in events]


@pytest.mark.parametrize("start", [0, AGES_AGO])
def test_it_is_read_from_the_beginning_to_its_end(bus: Bus, start: Start) -> None:
    bus.publish(*map(an_item, range(600)))  # more than are fetched at once

    assert items(read(bus, start)) == [f"item-{number}" for number in range(600)]


def test_it_is_read_from_an_offset(bus: Bus) -> None:
    bus.publish(*map(an_item, range(5)))
    third = read(bus)[2]

    assert items(read(bus, third.offset)) == ["item-2", "item-3", "item-4"]


def test_it_is_read_from_a_time(bus: Bus) -> None:
    bus.publish(an_item("old"))
    since = datetime.now(UTC)
    bus.publish(an_item("new"))

    assert items(read(bus, since)) == ["item-new"]


def test_a_time_is_that_of_who_said_it_whatever_the_brokers_clock_says(bus: Bus) -> None:
    ahead = datetime.now(UTC) + timedelta(seconds=30)
    bus.publish(an_item("old"), at=ahead - timedelta(seconds=1))
    bus.publish(an_item("new"), at=ahead)

    assert items(read(bus, ahead)) == ["item-new"]


def test_a_broker_that_is_slow_to_deliver_is_waited_for(
    rabbitmq_bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    rabbitmq_bus.publish(an_item(1))
    at_once = StreamLog._consume

    def slowly(log: StreamLog, position: Start | str) -> Iterator[LoggedEvent | None]:
        yield from [None] * 5
        yield from at_once(log, position)

    monkeypatch.setattr(StreamLog, "_consume", slowly)

    assert items(read(rabbitmq_bus)) == ["item-1"]


def test_a_connection_that_is_reset_the_moment_it_is_made_makes_it_unavailable(
    rabbitmq_bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    rabbitmq_bus.publish(an_item(1))
    reset_connection(monkeypatch)

    with pytest.raises(Unavailable, match="connected socket"):
        read(rabbitmq_bus)

    assert len(read(rabbitmq_bus)) == 1


@pytest.mark.parametrize("start", [1_000, datetime.now(UTC) + timedelta(days=1)])
def test_where_nothing_was_said_there_is_nothing(bus: Bus, start: Start) -> None:
    bus.publish(an_item(1))

    assert read(bus, start) == []


def test_events_are_as_they_were_published(bus: Bus) -> None:
    bus.publish(an_item(1, title="Größe ≥ 10 µm"))

    [event] = read(bus)

    received = decode(event.headers, event.content_type, event.body)
    assert received.event == an_item(1, title="Größe ≥ 10 µm")
    assert (event.type, event.message_id) == (ItemCreated.TYPE, received.id)
    assert event.at is not None
    assert not [name for name in event.headers if name.startswith("x-")]


def test_reading_takes_nothing_away(bus: Bus) -> None:
    bus.listen("q", ItemCreated)
    bus.publish(an_item(1))

    assert items(read(bus)) == items(read(bus)) == ["item-1"]
    assert len(bus.take_all("q")) == 1


@pytest.mark.parametrize(("start", "expected"), [(None, ["item-2"]), (0, ["item-1", "item-2"])])
def test_it_can_be_followed(bus: Bus, start: Start | None, expected: list[str]) -> None:
    bus.publish(an_item(1))
    heard: list[LoggedEvent] = []

    def follow() -> None:
        heard.extend(islice(open_log(bus.url).follow(start), len(expected)))

    thread = threading.Thread(target=follow)
    thread.start()
    settle_down(1)  # so that it follows when the second is said
    bus.publish(an_item(2))
    thread.join(20)

    wait_until(lambda: not thread.is_alive(), timeout_s=1)
    assert items(heard) == expected


def test_a_bus_nobody_has_used_has_no_log(bus: Bus) -> None:
    with pytest.raises(NotFound):
        read(bus)


def test_a_bus_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        read(Bus("amqp://nobody:secret@127.0.0.1:1/none"))
