"""What a queue delivers over one connection, kept alive while it is being worked on; for consumers and workers."""

import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from kombu.connection import Connection
from kombu.message import Message
from kombu.messaging import Consumer
from kombu.messaging import Queue as KombuQueue

from archive_shared.messaging.connection import broker_errors

PUMP_EVERY_S = 1.0
PUT_BACK = "x-put-back-"
"""What headers begin with that `putting_back` adds."""

KEY = f"{PUT_BACK}routing-key"
_AT_ONCE_S = 0.001


class Delivery:
    """A message that must be acknowledged, or it will be delivered again."""

    def __init__(self, message: Message, connection: Connection) -> None:
        self._message = message
        self._connection = connection
        self.headers: Mapping[str, Any] = message.headers
        self.content_type: str | None = message.content_type
        self.body = _bytes(message.body)
        self.message_id = str((message.properties or {}).get("message_id") or "")
        self.exchange = str((message.delivery_info or {}).get("exchange", ""))
        self.routing_key = str(self.headers.get(KEY) or (message.delivery_info or {}).get("routing_key", ""))

    @property
    def redeliveries(self) -> int:
        """How often it was delivered before and not acknowledged, as far as the broker says."""
        return int(self.headers.get("x-delivery-count", 0))

    def acknowledge(self) -> None:
        with broker_errors(self._connection):
            self._message.ack()

    def give_back(self) -> None:
        """Have it delivered again, to anybody, from the same queue."""
        with broker_errors(self._connection):
            self._message.requeue()


class Deliveries:
    """The messages of one queue.

    `next` and `pump` keep the connection's heartbeats going, so one of them must be called about once a second.
    All methods raise `Unavailable` when the connection is of no use any more.
    """

    def __init__(self, connection: Connection, queue: str, *, prefetch: int) -> None:
        self._connection = connection
        self._waiting: deque[Message] = deque()
        self._pumped_at_s = 0.0
        with broker_errors(connection):
            self._consumer = Consumer(
                connection.channel(),
                [KombuQueue(queue, no_declare=True)],
                auto_declare=False,
                on_message=self._waiting.append,
                prefetch_count=prefetch,
            )
            self._consumer.consume()

    def next(self, timeout_s: float) -> Delivery | None:
        """Return the next message, None when there is none within the time given."""
        if not self._waiting or time.monotonic() - self._pumped_at_s > PUMP_EVERY_S:
            self.pump(_AT_ONCE_S if self._waiting else timeout_s)
        return Delivery(self._waiting.popleft(), self._connection) if self._waiting else None

    def pump(self, timeout_s: float = _AT_ONCE_S) -> None:
        """Take in what arrives within the time given, and send a heartbeat if it is time."""
        with broker_errors(self._connection):
            with suppress(TimeoutError):
                self._connection.drain_events(timeout=timeout_s)
            self._connection.heartbeat_check()
        self._pumped_at_s = time.monotonic()

    def pause(self) -> None:
        """Ask for no more messages."""
        with broker_errors(self._connection):
            self._consumer.cancel()

    def resume(self) -> None:
        with broker_errors(self._connection):
            self._consumer.consume()


def _bytes(body: str | bytes | memoryview | None) -> bytes:
    return body.encode() if isinstance(body, str) else bytes(body or b"")
