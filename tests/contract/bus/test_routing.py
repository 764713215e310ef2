"""Routing: who gets what, in which order, and unchanged."""

import json

from archive_shared.events import ItemCreated, ItemDeleted
from archive_shared.messaging.topology import EVENTS, Binding, Queue, event_queue, service_queue
from archive_shared.wire.catalogue import ARCHIVE_API, TILER
from archive_shared.wire.cloud_events import decode
from tests.support.bus import JOBS, Bus, a_deletion, an_item, logged_types, waiting

PLAIN = {"x-queue-type": "quorum"}


def test_an_event_arrives_as_it_was_published(bus: Bus) -> None:
    bus.listen("q", ItemCreated)
    told = waiting(an_item(1, title="Größe ≥ 10 µm"), sequence=7)

    with bus.publisher() as publisher:
        publisher.publish(told)

    [delivery] = bus.take_all("q")
    received = decode(delivery.headers, delivery.content_type, delivery.body)
    assert received.event == an_item(1, title="Größe ≥ 10 µm")
    assert (received.id, received.sequence, received.source) == (told["id"], 7, "a-service")
    assert (received.subject, received.traceparent) == ("item-1", told["traceparent"])
    assert delivery.message_id == told["id"]
    assert (delivery.exchange, delivery.routing_key) == (EVENTS, ItemCreated.TYPE)


def test_every_queue_that_wants_an_event_gets_it(bus: Bus) -> None:
    bus.listen("one", ItemCreated)
    bus.listen("two", ItemCreated, ItemDeleted)
    bus.listen("other", ItemDeleted)

    bus.publish(an_item(1))

    assert [len(bus.take_all(queue)) for queue in ("one", "two", "other")] == [1, 1, 0]


def test_events_of_one_publisher_keep_their_order(bus: Bus) -> None:
    bus.listen("q", ItemCreated, ItemDeleted)

    bus.publish(*[event(number) for number in range(20) for event in (an_item, a_deletion)])

    arrived = [json.loads(delivery.body)["item"] for delivery in bus.take_all("q")]
    assert arrived == [f"item-{number}" for number in range(20) for _ in range(2)]


def test_an_event_waits_for_a_service_that_never_ran(bus: Bus) -> None:
    bus.publish(an_item(1))

    assert len(bus.take_all(service_queue(ARCHIVE_API))) == 1
    assert bus.take_all(service_queue(TILER)) == []


def test_patterns_match_words(bus: Bus) -> None:
    patterns = {
        "all": "#",
        "item": "archive.item.#",
        "exact": "archive.item.created.v1",
        "any": "archive.*.created.v1",
        "zero": "archive.item.created.v1.#",
        "word": "archive.*",
        "prefix": "archive.item.creat",
    }
    for name, pattern in patterns.items():
        bus.declare(Queue(name, PLAIN, bindings=[Binding(EVENTS, pattern)]))

    bus.publish(an_item(1))

    got = {name for name in patterns if bus.size(name)}
    assert got == {"all", "item", "exact", "any", "zero"}


def test_an_event_that_matches_twice_comes_once(bus: Bus) -> None:
    bus.declare(Queue("q", PLAIN, bindings=[Binding(EVENTS, "#"), Binding(EVENTS, ItemCreated.TYPE)]))

    bus.publish(an_item(1))

    assert len(bus.take_all("q")) == 1


def test_types_no_longer_wanted_stop_coming(bus: Bus) -> None:
    bus.listen("q", ItemCreated, ItemDeleted)

    bus.listen("q", ItemDeleted)
    bus.publish(an_item(1), a_deletion(1))

    assert [delivery.routing_key for delivery in bus.take_all("q")] == [ItemDeleted.TYPE]


def test_a_hint_goes_to_its_queue_only(bus: Bus) -> None:
    with bus.publisher() as publisher:
        publisher.hint(JOBS, "job-1")

    [hint] = bus.take_all(JOBS)
    assert json.loads(hint.body) == {"job": "job-1"}
    assert bus.take_all(service_queue(ARCHIVE_API)) == []


def test_a_queue_declared_with_other_arguments_stays_in_use(bus: Bus) -> None:
    bus.declare(Queue("q", PLAIN))

    bus.declare(event_queue("q", [ItemCreated.TYPE]))
    bus.publish(an_item(1))

    assert len(bus.take_all("q")) == 1


def test_declaring_twice_changes_nothing(bus: Bus) -> None:
    bus.publish(an_item(1))
    bus.publish(an_item(2))

    assert len(bus.take_all(service_queue(ARCHIVE_API))) == 2


def test_the_log_keeps_all_events_and_gives_them_again(bus: Bus) -> None:
    bus.publish(an_item(1), a_deletion(1))

    first, again = logged_types(bus), logged_types(bus)

    assert first == again == [ItemCreated.TYPE, ItemDeleted.TYPE]
