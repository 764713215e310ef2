"""RabbitMQ loses patience with who does not acknowledge (30 minutes) or does not answer (heartbeats); both made short here."""

import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from archive_shared.documents.sqlite import SqliteDocuments
from archive_shared.errors import Unavailable
from archive_shared.events import ItemCreated
from archive_shared.jobs.job import JobState
from archive_shared.messaging.connection import connecting, hang_up
from archive_shared.messaging.consumer import MOST_REDELIVERIES, consume
from archive_shared.messaging.deliveries import Deliveries
from archive_shared.wire.cloud_events import ReceivedEvent
from tests.support.announcing import add_task, tasks_in
from tests.support.bus import IMPATIENT, SPAWN, Bus, an_item, settle_down, start, take_and_hold
from tests.support.parts import QUEUE, run_relay, run_worker
from tests.support.processes import wait_until
from tests.support.rabbitmq import RabbitMQServer, running_rabbitmq
from tests.support.servers import installed
from tests.support.threads import running

PATIENCE_S = 3

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def hasty_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RabbitMQServer]:
    with running_rabbitmq(tmp_path_factory.mktemp("hasty"), installed("RabbitMQ")) as server:
        for name, value_ms in (("consumer_timeout", 1000 * PATIENCE_S), ("channel_tick_interval", 500)):
            server.rabbitmqctl("eval", f"application:set_env(rabbit, {name}, {value_ms}).")
        yield server


@pytest.fixture
def hasty_bus(hasty_broker: RabbitMQServer) -> Bus:
    return Bus(hasty_broker.vhost())


def test_the_broker_takes_messages_from_who_does_not_acknowledge(hasty_bus: Bus) -> None:
    """Else the tests below would show nothing."""
    hasty_bus.listen(QUEUE, ItemCreated)
    hasty_bus.publish(an_item(1))
    connection = hasty_bus.connect()
    deliveries = Deliveries(connection, QUEUE, prefetch=1)
    assert deliveries.next(10) is not None

    with pytest.raises(Unavailable, match="PreconditionFailed"):
        pump_for(deliveries, 5 * PATIENCE_S)
    hang_up(connection)


def pump_for(deliveries: Deliveries, seconds: int) -> None:
    for _ in range(seconds):
        deliveries.pump(1)


def test_a_job_may_take_longer_than_the_broker_waits_for_an_acknowledgement(
    hasty_bus: Bus, documents: SqliteDocuments
) -> None:
    add_task(documents, "t", seconds=3 * PATIENCE_S)

    with running(
        lambda stop: run_relay(hasty_bus, documents, stop),
        lambda stop: run_worker(hasty_bus, documents, stop),
    ):
        wait_until(lambda: is_done(documents, "t"), timeout_s=90)
        add_task(documents, "next")
        wait_until(lambda: is_done(documents, "next"), timeout_s=60)

    assert [tasks_in(documents).require(name).job.epoch for name in ("t", "next")] == [1, 1]


def is_done(documents: SqliteDocuments, name: str) -> bool:
    return tasks_in(documents).require(name).job.state is JobState.DONE


def test_an_event_may_wait_longer_than_the_broker_for_a_database_to_answer(hasty_bus: Bus) -> None:
    hasty_bus.listen(QUEUE, ItemCreated)
    hasty_bus.publish(an_item(1), an_item(2))
    answers = threading.Event()
    handled: list[str] = []

    def note(received: ReceivedEvent) -> None:
        if received.subject == "item-1" and not answers.is_set():
            raise Unavailable("the database")
        handled.append(received.subject)

    with running(lambda stop: consume(hasty_bus.connect, QUEUE, {ItemCreated: note}, stop, policy=IMPATIENT)):
        assert not answers.wait(4 * PATIENCE_S)
        answers.set()
        wait_until(lambda: "item-1" in handled, timeout_s=30, what="the event that waited")

    assert hasty_bus.size(QUEUE) == 0


def test_a_handler_may_wait_longer_than_the_heartbeats_for_a_store_to_answer(bus: Bus) -> None:
    bus.listen(QUEUE, ItemCreated)
    bus.publish(an_item(1))
    connect = connecting(bus.url, heartbeat_s=2, visibility_timeout_s=2)
    begun: list[str] = []

    def wait_for_a_store(received: ReceivedEvent) -> None:
        begun.append(received.subject)
        time.sleep(12)

    def listen(stop: threading.Event) -> None:
        consume(connect, QUEUE, {ItemCreated: wait_for_a_store}, stop)

    with running(listen, listen):
        wait_until(lambda: begun, timeout_s=30, what="the event")
        time.sleep(13)

    assert begun == ["item-1"]
    assert bus.size(QUEUE) == 0


def test_an_event_outlasts_more_outages_than_the_broker_delivers_it_times(bus: Bus) -> None:
    bus.listen(QUEUE, ItemCreated)
    bus.publish(an_item(1))
    handled: list[str] = []
    answers = threading.Event()

    def note(received: ReceivedEvent) -> None:
        if not answers.is_set():
            raise Unavailable("the database")
        handled.append(received.subject)

    def listen(stop: threading.Event) -> None:
        consume(bus.connect, QUEUE, {ItemCreated: note}, stop, policy=IMPATIENT)

    for _ in range(3):
        for _ in range(MOST_REDELIVERIES):
            take_and_hang_up(bus)
        with running(listen):
            settle_down(1)
    answers.set()

    with running(listen):
        wait_until(lambda: handled == ["item-1"], timeout_s=30, what="the event that waited")


def take_and_hang_up(bus: Bus) -> None:
    with bus.connected() as connection:
        deliveries = Deliveries(connection, QUEUE, prefetch=1)
        assert wait_until(lambda: deliveries.next(1), timeout_s=30, what="the message")


def test_what_a_hung_consumer_holds_goes_to_another_one(rabbitmq_server: RabbitMQServer) -> None:
    bus = Bus(rabbitmq_server.vhost())
    bus.listen(QUEUE, ItemCreated)
    bus.publish(an_item(1))
    held = SPAWN.Value("i", 0)
    consumer = start(take_and_hold, bus, QUEUE, 1, held, 2)
    wait_until(lambda: held.value == 1, timeout_s=60, what="the message being held")
    assert consumer.pid is not None

    os.kill(consumer.pid, signal.SIGSTOP)

    impatient = connecting(bus.url, heartbeat_s=2)()
    found = Deliveries(impatient, QUEUE, prefetch=1)
    delivery = wait_until(lambda: found.next(1), timeout_s=60, what="the message")
    assert delivery is not None
    assert delivery.redeliveries == 1
    hang_up(impatient)
    os.kill(consumer.pid, signal.SIGKILL)
    consumer.join(10)
