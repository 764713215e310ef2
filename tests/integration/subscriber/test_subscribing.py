"""Subscribing: a service hears what it asked for, also what was said while it was away, and shares it among instances."""

import threading
import time
from urllib.parse import urlsplit

import pytest

from archive_subscriber import Event, Subscription, SubscriptionRefused
from tests.support.bus import Bus, a_deletion, an_item, settle_down, waiting
from tests.support.processes import wait_until
from tests.support.rabbitmq import RabbitMQServer
from tests.support.subscribing import (
    CREATED,
    QUEUE,
    dead_letters,
    hear,
    listening,
    make_queue,
    subscribe,
)

DELETED = "archive.item.deleted.v1"


def subjects(events: list[Event]) -> list[str]:
    return [event.subject for event in events]


def test_what_is_said_while_a_service_is_away_waits_for_it(bus: Bus) -> None:
    make_queue(bus)
    bus.publish(*[an_item(number) for number in range(50)])

    with listening(subscribe(bus)) as listener:
        listener.wait_for(50)

    assert listener.subjects == [f"item-{number}" for number in range(50)]
    assert bus.size(QUEUE) == 0


def test_what_was_said_before_the_first_start_is_not_heard_unless_asked_for(bus: Bus) -> None:
    bus.publish(an_item(1))

    with listening(subscribe(bus)) as listener:
        bus.publish(an_item(2))
        listener.wait_for(1)

    assert listener.subjects == ["item-2"]


def test_an_event_says_all_that_its_sender_said(bus: Bus) -> None:
    make_queue(bus)
    told = waiting(an_item(7, title="chest"), sequence=12)
    with bus.publisher() as publisher:
        publisher.publish(told)

    [event] = hear(subscribe(bus), 1)

    assert (event.id, event.type, event.source) == (told["id"], CREATED, "a-service")
    assert (event.subject, event.sequence, event.attempt, event.offset) == ("item-7", 12, 1, None)
    assert event.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ") == told["time"]
    assert event.data == {"item": "item-7", "archive": "archive-1", "title": "chest", "images": []}
    assert event.traceparent == told["traceparent"]


def test_patterns_choose_types(bus: Bus) -> None:
    make_queue(bus, types=["archive.*.deleted.v1", "archive.session.#"])
    bus.publish(an_item(1), a_deletion(2))

    heard = hear(subscribe(bus, types=["archive.*.deleted.v1", "archive.session.#"]), 1)

    assert subjects(heard) == ["item-2"]


def test_instances_of_one_service_share_its_events(bus: Bus) -> None:
    with (
        listening(subscribe(bus, prefetch=1)) as one,
        listening(subscribe(bus, prefetch=1)) as other,
    ):
        bus.publish(*[an_item(number) for number in range(60)])
        wait_until(lambda: len(one.handled) + len(other.handled) >= 60, timeout_s=20)

    assert sorted(one.subjects + other.subjects) == sorted(f"item-{number}" for number in range(60))
    assert one.handled
    assert other.handled


def test_two_services_both_hear_everything(bus: Bus) -> None:
    with listening(subscribe(bus, "one")) as one, listening(subscribe(bus, "other")) as other:
        bus.publish(an_item(1), an_item(2))
        one.wait_for(2)
        other.wait_for(2)

    assert one.subjects == other.subjects == ["item-1", "item-2"]


def test_a_subscriber_may_come_before_the_platform(bus: Bus) -> None:
    subscription = subscribe(bus)  # on a broker where nothing was ever declared

    with listening(subscription) as listener:
        bus.publish(an_item(1))
        listener.wait_for(1)

    assert listener.subjects == ["item-1"]


# --- Versions of a service that want different types -------------------------------------------------------------------


def test_an_old_instance_leaves_new_types_to_the_new_one(bus: Bus) -> None:
    with listening(subscribe(bus)) as old, listening(subscribe(bus, types=[CREATED, DELETED])) as new:
        bus.publish(*[a_deletion(number) for number in range(6)])
        new.wait_for(6, timeout_s=60)

    assert sorted(new.subjects) == [f"item-{number}" for number in range(6)]
    assert old.subjects == []


def test_a_type_that_is_dropped_is_not_heard_any_more(bus: Bus) -> None:
    make_queue(bus, types=[CREATED, DELETED])
    bus.publish(a_deletion(1))

    with listening(subscribe(bus, no_longer=[DELETED])) as listener:
        bus.publish(a_deletion(2), an_item(3))
        listener.wait_for(1)

    assert listener.subjects == ["item-3"]
    assert bus.size(QUEUE) == 0
    assert dead_letters(bus) == []


# --- Stopping ----------------------------------------------------------------------------------------------------------


def test_stopping_in_the_loop_finishes_the_event_in_hand_and_returns_the_rest(bus: Bus) -> None:
    make_queue(bus)
    bus.publish(an_item(1), an_item(2), an_item(3))
    heard = []

    with subscribe(bus) as subscription:
        for event in subscription:
            heard.append(event.subject)
            subscription.stop()

    assert heard == ["item-1"]
    assert subjects(hear(subscribe(bus), 2)) == ["item-2", "item-3"]


def test_stopping_from_another_thread_ends_a_loop_that_waits(bus: Bus) -> None:
    subscription = subscribe(bus)
    threading.Timer(1.0, subscription.stop).start()

    began_s = time.monotonic()
    heard = list(subscription)

    assert heard == []
    assert time.monotonic() - began_s < 30


def test_a_loop_without_a_with_block_works_too(bus: Bus) -> None:
    make_queue(bus)
    bus.publish(an_item(1), an_item(2))
    heard = []

    subscription = subscribe(bus)
    for event in subscription:
        heard.append(event.subject)
        if len(heard) == 2:
            subscription.stop()

    assert heard == ["item-1", "item-2"]
    assert bus.size(QUEUE) == 0


def test_leaving_a_loop_early_does_not_acknowledge(bus: Bus) -> None:
    make_queue(bus)
    bus.publish(an_item(1))

    with subscribe(bus) as subscription:
        for _ in subscription:
            break

    [event] = hear(subscribe(bus), 1)
    assert (event.subject, event.attempt) == ("item-1", 1)


def test_what_was_acknowledged_before_leaving_does_not_come_again(bus: Bus) -> None:
    make_queue(bus)
    bus.publish(an_item(1))

    with subscribe(bus) as subscription:
        for event in subscription:
            event.acknowledge()
            break

    assert hear(subscribe(bus), 0, quiet_s=1.5) == []


# --- Permissions -------------------------------------------------------------------------------------------------------


def test_a_wrong_password_is_told_at_once(bus: Bus) -> None:
    parts = urlsplit(bus.url)
    url = f"amqp://archive-tests:wrong@{parts.hostname}:{parts.port}{parts.path}"

    with pytest.raises(SubscriptionRefused, match="ProbableAuthenticationError"):
        next(iter(Subscription("a-subscriber", [CREATED], url=url)))


def test_the_permissions_the_readme_names_are_enough(bus: Bus, rabbitmq_server: RabbitMQServer) -> None:
    parts = urlsplit(bus.url)
    bus.publish(an_item(1))
    rabbitmq_server.rabbitmqctl("add_user", "humble", "secret")
    rabbitmq_server.rabbitmqctl(
        *["set_permissions", "-p", parts.path.strip("/"), "humble"],
        r"^a-subscriber\.(events|replay|replaying)$",
        r"^(a-subscriber\.(events|replay|replaying)|archive\.dead|amq\.default)$",
        r"^(a-subscriber\.(events|replay|replaying)|archive\.events(\.log)?)$",
    )
    humble = Bus(f"amqp://humble:secret@{parts.hostname}:{parts.port}{parts.path}")
    failing: dict[str, list[Exception]] = {"item-1": [ValueError("no")] * 3}

    with listening(subscribe(humble, since="first"), failing) as listener:
        bus.publish(an_item(2))
        listener.wait_for(1)
        wait_until(lambda: dead_letters(bus), timeout_s=20)
        settle_down(0.5)

    assert listener.subjects == ["item-2"]
    assert listener.error is None
