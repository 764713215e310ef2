"""Another service, as it were: subscribes to item-created events with a queue of its own."""

import threading
import time
from types import TracebackType
from typing import Self

from archive_shared.events import ItemCreated
from archive_shared.messaging.connection import connecting
from archive_shared.messaging.consumer import consume
from archive_shared.messaging.topology import Topology, event_queue
from archive_shared.wire.cloud_events import ReceivedEvent

QUEUE = "demo.events"


class Subscriber:
    """Collects the item-created events of a `with` block."""

    def __init__(self, bus_url: str) -> None:
        topology = Topology(queues=[event_queue(QUEUE, [ItemCreated.TYPE])])
        self._connect = connecting(bus_url, topology=topology)
        self._heard: dict[str, ItemCreated] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen)

    def __enter__(self) -> Self:
        self._connect().release()  # declares the queue, so that nothing announced from now on is missed
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def wait_for(self, count: int, *, timeout_s: float) -> list[ItemCreated]:
        """Return the events heard once there are so many, or when the time is up."""
        deadline = time.monotonic() + timeout_s
        while len(self._heard) < count and time.monotonic() < deadline:
            time.sleep(0.1)
        return list(self._heard.values())

    def _listen(self) -> None:
        consume(self._connect, QUEUE, {ItemCreated: self._hear}, self._stop)

    def _hear(self, received: ReceivedEvent) -> None:
        assert isinstance(received.event, ItemCreated)
        self._heard[received.id] = received.event
