"""Subscribers in threads and in processes of their own; used by tests/integration/subscriber."""

import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pika
from pika.exceptions import ChannelClosedByBroker

from archive_shared.events import ItemCreated
from archive_shared.messaging.dead_letters import DeadLetter, list_dead_letters
from archive_subscriber import Event, Retries, Subscription
from tests.support.bus import Bus
from tests.support.processes import ChildProcess, running_process, wait_until

ROOT = Path(__file__).parents[2]

CREATED = ItemCreated.TYPE
SERVICE = "a-subscriber"
QUEUE = f"{SERVICE}.events"
IMPATIENT = Retries(attempts=3, first_pause_s=0.2, longest_pause_s=0.4)


def subscribe(
    bus: Bus, service: str = SERVICE, types: Sequence[str] = (CREATED,), **options: Any
) -> Subscription:
    return Subscription(service, list(types), url=bus.url, retries=IMPATIENT, **options)


class Listener(threading.Thread):
    """Runs a subscription in a thread, keeping what it handled; fails as often per subject as it is told."""

    def __init__(self, subscription: Subscription, failing: dict[str, list[Exception]]) -> None:
        super().__init__(daemon=True)
        self.subscription = subscription
        self.handled: list[Event] = []
        self.tried_at_s: list[float] = []
        self.error: Exception | None = None
        self._failing = failing

    @property
    def subjects(self) -> list[str]:
        return [event.subject for event in self.handled]

    def run(self) -> None:
        try:
            with self.subscription:
                self.subscription.run(self._handle)
        except Exception as error:
            self.error = error

    def wait_for(self, count: int, *, timeout_s: float = 20) -> None:
        wait_until(lambda: len(self.handled) >= count, timeout_s=timeout_s, what=f"{count} events")

    def _handle(self, event: Event) -> None:
        self.tried_at_s.append(time.monotonic())
        errors = self._failing.get(event.subject)
        if errors:
            raise errors.pop(0)
        self.handled.append(event)


@contextmanager
def listening(
    subscription: Subscription, failing: dict[str, list[Exception]] | None = None
) -> Iterator[Listener]:
    """Subscribe in a thread for the length of a `with` block, which begins once the queue exists."""
    listener = Listener(subscription, failing or {})
    listener.start()
    try:
        assert subscription.wait_until_subscribed(20)
        yield listener
    finally:
        subscription.stop()
        listener.join(30)
        assert not listener.is_alive()


def make_queue(bus: Bus, **options: Any) -> None:
    """Subscribe and go away again."""
    with subscribe(bus, **options) as subscription:
        assert subscription.wait_until_subscribed(20)


def hear(subscription: Subscription, count: int, *, quiet_s: float = 0.5) -> list[Event]:
    """Return what a subscription hands out: so many events, and what comes in the moments after them."""
    with listening(subscription) as listener:
        listener.wait_for(count)
        time.sleep(quiet_s)
        return list(listener.handled)


def dead_letters(bus: Bus) -> list[DeadLetter]:
    with bus.connected() as connection:
        return list_dead_letters(connection)


def wait_for_dead_letter(bus: Bus) -> DeadLetter:
    [letter] = wait_until(lambda: dead_letters(bus), timeout_s=20, what="a dead letter")
    return letter


def send_raw(bus: Bus, key: str, body: bytes, properties: pika.BasicProperties) -> None:
    """Publish any message to all who listen."""
    with pika.BlockingConnection(pika.URLParameters(bus.url)) as connection:
        connection.channel().basic_publish("archive.events", key, body, properties)


def running_program(program: str, bus: Bus, folder: Path) -> AbstractContextManager[ChildProcess]:
    """Run a subscriber written as a Python program, with our packages, in a process of its own."""
    script = folder / "program.py"
    script.write_text(program)
    return running_process(
        [sys.executable, "-u", script], log_path=folder / "log", environment={"ARCHIVE_BUS_URL": bus.url}
    )


def wait_for_line(process: ChildProcess, line: str, *, timeout_s: float = 20) -> None:
    process.wait_until_ready(lambda: line in process.log(), timeout_s=timeout_s)


def has_consumer(bus: Bus, queue: str) -> bool:
    """Say whether a queue exists and somebody listens to it."""
    with pika.BlockingConnection(pika.URLParameters(bus.url)) as connection:
        try:
            found = connection.channel().queue_declare(queue, passive=True)
        except ChannelClosedByBroker:
            return False
        return bool(found.method.consumer_count)
