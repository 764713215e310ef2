"""Buses under contract, and what other processes do to them; used by tests/contract/bus and tests/integration/messaging."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

import pika
from kombu.connection import Connection

from archive_shared.events import Event, ItemCreated, ItemDeleted, envelope
from archive_shared.messaging.broker_file import BrokerFile
from archive_shared.messaging.connection import HEARTBEAT_S, Connect, broker_errors, connecting, hang_up
from archive_shared.messaging.consumer import Handlers, consume
from archive_shared.messaging.declaring import KombuBroker, declare_queue
from archive_shared.messaging.deliveries import Deliveries, Delivery
from archive_shared.messaging.publisher import Publisher, connect_publisher
from archive_shared.messaging.topology import LOG, Queue, event_queue, platform_topology, without_others
from archive_shared.messaging.verdicts import RetryPolicy

# Never fork: a child would inherit the locks and sockets of connections its parent has open.
SPAWN = multiprocessing.get_context("spawn")

JOBS = "a-service.work"
VISIBILITY_TIMEOUT_S = 1.5
IMPATIENT = RetryPolicy(first_pause_s=0.02, longest_pause_s=0.1, most_failures=3)


@dataclass(frozen=True)
class Bus:
    """Where a bus under test is; can be sent to other processes."""

    url: str

    @property
    def is_embedded(self) -> bool:
        return self.url.startswith("sqlite:")

    @property
    def connect(self) -> Connect:
        return connecting(
            self.url, topology=platform_topology(JOBS), visibility_timeout_s=VISIBILITY_TIMEOUT_S
        )

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        connection = self.connect()
        try:
            yield connection
        finally:
            hang_up(connection)

    @contextmanager
    def publisher(self) -> Iterator[Publisher]:
        publisher = connect_publisher(self.url, JOBS)
        try:
            yield publisher
        finally:
            publisher.close()

    def publish(self, *events: Event, at: datetime | None = None) -> None:
        """Publish events that were said just now, or say so of another time."""
        with self.publisher() as publisher:
            for event in events:
                publisher.publish(waiting(event, at=at))

    def declare(self, queue: Queue) -> None:
        with self.connected() as connection, broker_errors(connection):
            declare_queue(queue, KombuBroker(connection))

    def listen(self, name: str, *types: type[Event]) -> None:
        """Make a queue that gets these events from now on."""
        self.declare(without_others(event_queue(name, [type.TYPE for type in types])))

    def size(self, queue: str) -> int:
        """Count the messages nobody has taken."""
        with self.connected() as connection, broker_errors(connection):
            return int(connection.channel().queue_declare(queue, passive=True).message_count)

    def take_all(self, queue: str) -> list[Delivery]:
        """Take and acknowledge what is there now."""
        with self.connected() as connection:
            deliveries = Deliveries(connection, queue, prefetch=100)
            return list(taken(deliveries))


def taken(deliveries: Deliveries, *, quiet_s: float = 0.4) -> Iterator[Delivery]:
    """Take and acknowledge messages until none came for a while."""
    while (delivery := deliveries.next(quiet_s)) is not None:
        delivery.acknowledge()
        yield delivery


def logged_types(bus: Bus) -> list[str]:
    """Read the log from its beginning, as a new subscriber would."""
    if bus.is_embedded:
        with closing(BrokerFile(Path(bus.url.removeprefix("sqlite:///")))) as broker:
            return [each.payload["headers"]["ce-type"] for each in broker.read_log(LOG, after=0, limit=100)]
    with pika.BlockingConnection(pika.URLParameters(bus.url)) as connection:
        channel = connection.channel()
        channel.basic_qos(prefetch_count=100)
        found = channel.consume(LOG, arguments={"x-stream-offset": "first"}, inactivity_timeout=1)
        types: list[str] = []
        for method, properties, _ in found:
            if method is None or properties is None:
                return types
            types.append(properties.headers["ce-type"])
            channel.basic_ack(method.delivery_tag)
        return types


def an_item(number: int | str, *, title: str = "t") -> ItemCreated:
    return ItemCreated(item=f"item-{number}", archive="archive-1", title=title, images=[])


def a_deletion(number: int | str) -> ItemDeleted:
    return ItemDeleted(item=f"item-{number}", archive="archive-1", images=[])


def waiting(event: Event, *, sequence: int = 1, at: datetime | None = None) -> dict[str, Any]:
    """Return an event as it waits in an outbox."""
    return envelope(event, source="a-service", sequence=sequence, at=at or datetime.now(UTC))


def start(work: Callable[..., object], *arguments: object) -> SpawnProcess:
    process = SPAWN.Process(target=work, args=arguments, daemon=True)
    process.start()
    return process


def kill(process: SpawnProcess) -> None:
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join(10)


@contextmanager
def consuming(
    bus: Bus, queue: str, handlers: Handlers, *, policy: RetryPolicy = IMPATIENT
) -> Iterator["RunningConsumer"]:
    """Consume in a thread for the length of a `with` block."""
    consumer = RunningConsumer(bus, queue, handlers, policy)
    consumer.start()
    try:
        yield consumer
    finally:
        consumer.stop.set()
        consumer.join(30)
        assert not consumer.is_alive()


class RunningConsumer(threading.Thread):
    """A consumer in a thread; `error` is what ended it, if anything did."""

    def __init__(self, bus: Bus, queue: str, handlers: Handlers, policy: RetryPolicy) -> None:
        super().__init__(daemon=True)
        self.stop = threading.Event()
        self.error: Exception | None = None
        self._arguments = (bus.connect, queue, handlers, self.stop)
        self._policy = policy

    def run(self) -> None:
        try:
            consume(*self._arguments, policy=self._policy)
        except Exception as error:
            self.error = error


# --- what other processes do; each runs until it is killed -------------------------------------------------------------


def take_and_hold(bus: Bus, queue: str, count: int, held: Any, heartbeat_s: int = HEARTBEAT_S) -> None:
    """Take some messages, say so, and neither acknowledge them nor let them go."""
    connect = connecting(bus.url, visibility_timeout_s=VISIBILITY_TIMEOUT_S, heartbeat_s=heartbeat_s)
    deliveries = Deliveries(connect(), queue, prefetch=count)
    mine: list[Delivery] = []
    while True:
        found = deliveries.next(0.2)
        if found is not None:
            mine.append(found)
            held.value = len(mine)


def take_one_by_one(bus: Bus, queue: str, mine: Any) -> None:
    """Take messages and acknowledge each after saying what it was."""
    deliveries = Deliveries(bus.connect(), queue, prefetch=5)
    while True:
        found = deliveries.next(0.2)
        if found is not None:
            mine.put(found.body.decode())
            found.acknowledge()


def publish_for_ever(bus: Bus, name: str, acknowledged: Any) -> None:
    """Publish one event after another, keeping count of those the bus confirmed."""
    with bus.publisher() as publisher:
        while True:
            publisher.publish(waiting(an_item(f"{name}-{acknowledged.value}")))
            acknowledged.value += 1


def hint_many(bus: Bus, jobs: Sequence[str]) -> None:
    with bus.publisher() as publisher:
        for job in jobs:
            publisher.hint(JOBS, job)


def settle_down(seconds: float) -> None:
    """Wait for something that should not happen."""
    time.sleep(seconds)
