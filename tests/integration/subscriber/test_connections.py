"""When the connection or the broker goes away: the subscriber comes back by itself, and nothing is lost."""

import logging
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pika
import pytest

from archive_shared.errors import Unavailable
from archive_subscriber import courier
from tests.support.bus import Bus, an_item, settle_down
from tests.support.processes import wait_until
from tests.support.rabbitmq import RabbitMQServer
from tests.support.subscribing import (
    QUEUE,
    Listener,
    has_consumer,
    listening,
    make_queue,
    subscribe,
)
from tests.support.toxic_proxy import ToxicProxy, toxic_proxy

HEARTBEAT_S = 2


@pytest.fixture
def proxy(bus: Bus) -> Iterator[ToxicProxy]:
    port = urlsplit(bus.url).port
    assert port
    with toxic_proxy(port) as proxy:
        yield proxy


@pytest.fixture
def behind(bus: Bus, proxy: ToxicProxy) -> Bus:
    """The broker as it is reached through the proxy, with short heartbeats."""
    parts = urlsplit(bus.url)
    address = f"{parts.username}:{parts.password}@127.0.0.1:{proxy.port}{parts.path}"
    return Bus(f"amqp://{address}?heartbeat={HEARTBEAT_S}")


def cut(proxy: ToxicProxy) -> None:
    proxy.refuse()
    settle_down(1)
    proxy.heal()


def black_out(proxy: ToxicProxy) -> None:
    proxy.fall_silent()
    settle_down(4 * HEARTBEAT_S)  # the broker gives the subscriber up after two or three
    proxy.heal()


def all_heard(listener: Listener, count: int) -> set[str]:
    wait_until(
        lambda: len(set(listener.subjects)) >= count, timeout_s=60, what=f"{count} events", interval_s=0.2
    )
    return set(listener.subjects)


def test_events_come_through_although_connections_break(bus: Bus, behind: Bus, proxy: ToxicProxy) -> None:
    make_queue(bus)

    with listening(subscribe(behind)) as listener:
        for start, trouble in ((0, cut), (100, black_out), (200, cut)):
            bus.publish(*[an_item(number) for number in range(start, start + 100)])
            trouble(proxy)
        heard = all_heard(listener, 300)
        wait_until(lambda: bus.size(QUEUE) == 0, timeout_s=60, what="an empty queue")

    assert heard == {f"item-{number}" for number in range(300)}
    assert len(listener.handled) == 300  # one instance recognises what is delivered again


def test_a_replay_goes_on_although_connections_break(bus: Bus, behind: Bus, proxy: ToxicProxy) -> None:
    bus.publish(*[an_item(number) for number in range(600)])
    subscription = subscribe(behind, since="first", prefetch=10)

    with listening(subscription, {"item-5": [ValueError("no")] * 2}) as listener:
        listener.wait_for(20)
        cut(proxy)
        bus.publish(an_item(600))
        heard = all_heard(listener, 601)

    assert heard == {f"item-{number}" for number in range(601)}
    assert len(listener.handled) == 601


def test_a_restart_of_the_broker_loses_nothing(bus: Bus, rabbitmq_server: RabbitMQServer) -> None:
    bus.publish(*[an_item(number) for number in range(50)])

    with listening(subscribe(bus, since="first"), {"item-1": [ValueError("no")] * 2}) as listener:
        listener.wait_for(10)
        rabbitmq_server.rabbitmqctl("stop_app")
        settle_down(2)
        assert not listener.subscription.is_connected
        rabbitmq_server.rabbitmqctl("start_app")
        wait_until(lambda: listener.subscription.is_connected, timeout_s=60)
        wait_until(lambda: _publishes(bus, range(50, 100)), timeout_s=60)
        heard = all_heard(listener, 100)

    assert heard >= {f"item-{number}" for number in range(100)}


def test_a_broker_that_is_not_there_yet_is_waited_for(bus: Bus, behind: Bus, proxy: ToxicProxy) -> None:
    make_queue(bus)
    bus.publish(an_item(1))
    proxy.refuse()
    threading.Timer(2, proxy.heal).start()

    with listening(subscribe(behind)) as listener:
        listener.wait_for(1)

    assert listener.subjects == ["item-1"]


# --- Long work in the loop's body ------------------------------------------------------------------------------------------


def test_a_body_longer_than_the_heartbeats_keeps_the_connection(
    bus: Bus, caplog: pytest.LogCaptureFixture
) -> None:
    make_queue(bus)
    bus.publish(an_item(1), an_item(2))
    caplog.set_level(logging.WARNING, "archive_subscriber")
    heard, heartbeat_s = [], 2 * HEARTBEAT_S  # on a busy machine those in between come a little late

    with subscribe(Bus(f"{bus.url}?heartbeat={heartbeat_s}")) as subscription:
        for event in subscription:
            heard.append(event.subject)
            if event.subject == "item-1":
                time.sleep(4 * heartbeat_s)  # the broker hangs up after two or three
            else:
                subscription.stop()

    assert heard == ["item-1", "item-2"]
    assert caplog.messages == []
    assert bus.size(QUEUE) == 0


def test_an_event_in_hand_while_the_connection_breaks_is_handled_once(
    bus: Bus, behind: Bus, proxy: ToxicProxy, caplog: pytest.LogCaptureFixture
) -> None:
    make_queue(bus)
    bus.publish(an_item(1), an_item(2))
    heard = []

    with subscribe(behind) as subscription:
        for event in subscription:
            heard.append(event.subject)
            if event.subject == "item-1":
                cut(proxy)
                time.sleep(3)  # long enough for it to be delivered again
            else:
                subscription.stop()

    assert heard == ["item-1", "item-2"]
    assert "connection given up" in caplog.text
    assert bus.size(QUEUE) == 0


def test_an_event_handled_while_there_is_no_connection_is_handled_once(
    bus: Bus, behind: Bus, proxy: ToxicProxy
) -> None:
    make_queue(bus)
    bus.publish(an_item(1))
    heard = []

    with subscribe(behind) as subscription:
        for event in subscription:
            heard.append(event.subject)
            if event.subject == "item-1":
                proxy.refuse()
                wait_until(lambda: not subscription.is_connected, timeout_s=20)
                threading.Timer(1, proxy.heal).start()
                bus.publish(an_item(2))  # behind the first, which is delivered again
            else:
                subscription.stop()

    assert heard == ["item-1", "item-2"]
    assert bus.size(QUEUE) == 0


def test_events_that_waited_in_a_cut_off_process_are_left_to_others(
    bus: Bus, behind: Bus, proxy: ToxicProxy
) -> None:
    make_queue(bus)
    bus.publish(*map(an_item, range(10)))

    with subscribe(behind) as cut_off:
        events = iter(cut_off)
        assert next(events).subject == "item-0"
        proxy.refuse()
        with listening(subscribe(bus)) as other:
            other.wait_for(10)
        proxy.heal()
        wait_until(lambda: has_consumer(bus, QUEUE), timeout_s=30)
        bus.publish(an_item("new"))
        following = next(events)

    assert following.subject == "item-new"


def test_closing_takes_little_time_although_the_broker_does_not_answer(
    behind: Bus, proxy: ToxicProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "CLOSING_TAKES_AT_MOST_S", 2.0)
    with subscribe(behind) as subscription:
        assert subscription.wait_until_subscribed(20)
        proxy.fall_silent()
        began_s = time.monotonic()

    assert time.monotonic() - began_s < 9  # pika alone would wait for ten


def test_a_queue_that_somebody_deletes_is_made_again(bus: Bus) -> None:
    with listening(subscribe(bus)) as listener:
        bus.publish(an_item(1))
        listener.wait_for(1)
        with pika.BlockingConnection(pika.URLParameters(bus.url)) as connection:
            connection.channel().queue_delete(QUEUE)
        wait_until(lambda: has_consumer(bus, QUEUE), timeout_s=20)
        bus.publish(an_item(2))
        listener.wait_for(2)

    assert listener.subjects == ["item-1", "item-2"]


def _publishes(bus: Bus, numbers: range) -> bool:
    """Publish items; return False when the broker is not quite ready."""
    try:
        bus.publish(*[an_item(number) for number in numbers])
    except Unavailable:
        return False
    return True
