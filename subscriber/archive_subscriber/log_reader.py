"""Reads the log for a replay, and knows up to where everything it read is settled."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import pika
from pika.exceptions import AMQPError

from archive_subscriber.delivery import OFFSET, Delivery
from archive_subscriber.link import Link, connect
from archive_subscriber.patterns import Interest
from archive_subscriber.pika_logs import not_logged_by_pika
from archive_subscriber.topology import LOG

_QUIET_S = 1.0
_MANY = 65_535


class LogReader:
    """Reads up to a given offset, over as many connections as it takes; what it has read it does not read again."""

    def __init__(self, wanted: Interest, receive: Callable[[Delivery], None]) -> None:
        self._wanted = wanted
        self._receive = receive
        self._link: Link
        self.forget()

    def forget(self) -> None:
        """Be ready to read everything again."""
        self._until = -1
        self._earliest: datetime | None = None
        self._seen: int | None = None
        self._outstanding: set[int] = set()
        self._is_reading = False
        self._is_at_end = False

    def begin(
        self,
        link: Link,
        next: int | None,
        start: str | int | datetime,
        *,
        earliest: datetime | None = None,
        until: int,
    ) -> None:
        """Read on behind what was read before, or from `next`, or where it all starts; leave out what was said earlier."""
        self._link = link
        self._earliest = earliest
        self._until = until
        self._is_reading = True
        if self._seen is not None:
            next = max(next or 0, self._seen + 1)
        if next is not None and next > until:
            self._is_at_end = True
        if not self._is_at_end:
            link.consume(LOG, self._take, {"x-stream-offset": start if next is None else next})
            if not self._finds_anything():
                self._is_at_end = True

    def has_just_ended(self) -> bool:
        """Say once per connection that everything up to the end was read."""
        was_reading, self._is_reading = self._is_reading, self._is_reading and not self._is_at_end
        return was_reading and not self._is_reading

    def settled(self, offset: int) -> None:
        self._outstanding.discard(offset)

    @property
    def is_settled(self) -> bool:
        """Whether everything is read and settled."""
        return self._is_at_end and not self._outstanding

    @property
    def next(self) -> int | None:
        """The offset below which everything is settled; None when nothing was read."""
        if self._is_at_end:
            return min(self._outstanding, default=self._until + 1)
        return None if self._seen is None else min(self._outstanding, default=self._seen + 1)

    def _finds_anything(self) -> bool:
        before = self._seen
        self._link.catch_up(LOG)
        if self._seen == before:
            self._link.rest(_QUIET_S)
            self._link.catch_up(LOG)
        return self._seen != before

    def _take(self, delivery: Delivery) -> None:
        offset = delivery.offset
        assert offset is not None
        if self._is_at_end or offset > self._until:
            self._is_at_end = True
            return
        if self._wanted.includes(delivery.type) and not delivery.was_said_before(self._earliest):
            self._outstanding.add(offset)
            self._receive(delivery)
        else:
            self._link.acknowledge(delivery)
        self._seen = offset
        self._is_at_end = offset == self._until


def last_offset(parameters: pika.URLParameters, *, after_s: float = 0.0) -> int:
    """Return the offset of the newest message in the log after a while, -1 when it is empty.

    What arrives while the consumer is ended costs the connection (see `Link.stop_reading`), so it has one of its own.
    """
    offsets = [-1]
    connection = connect(parameters)
    try:
        channel = connection.channel()
        channel.basic_qos(prefetch_count=_MANY)
        channel.basic_consume(
            LOG,
            lambda channel, method, properties, body: offsets.append(int(properties.headers[OFFSET])),
            arguments={"x-stream-offset": "last"},
        )
        connection.sleep(after_s)
        channel.queue_declare(LOG, passive=True)  # answered after all that was there has been delivered
        connection.process_data_events(0)
    finally:
        with suppress(AMQPError, OSError), not_logged_by_pika():
            connection.close()
    return max(offsets)
