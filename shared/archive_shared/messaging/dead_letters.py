"""Messages nobody could handle: set aside with the reason, to be looked at, retried or dropped by operators.

Consumers bury what they cannot handle; the broker buries what its consumer died of again and again. Both end
up in one queue. When one of these functions raises, the connection must be thrown away.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from kombu.connection import Connection
from kombu.messaging import Queue as KombuQueue

from archive_shared.clock import Clock, SystemClock, from_text, to_text
from archive_shared.identifiers import derived_id, new_id
from archive_shared.messaging.confirmed import send
from archive_shared.messaging.connection import broker_errors
from archive_shared.messaging.deliveries import PUT_BACK, Delivery
from archive_shared.messaging.topology import DEAD, DEAD_LETTERS

_ID, _QUEUE, _REASON = "x-dead-letter-id", "x-dead-letter-queue", "x-dead-letter-reason"
_ATTEMPTS, _AT, _KEY = "x-dead-letter-attempts", "x-dead-letter-at", "x-dead-letter-routing-key"
_OURS = "x-dead-letter-"
_BROKERS = ("x-death", "x-first-death", "x-last-death", "x-delivery-count")


@dataclass(frozen=True, kw_only=True)
class DeadLetter:
    """A message that was set aside.

    Parameters
    ----------
    queue
        Where it came from and would go again.
    attempts
        How often it was tried; None when the broker set it aside without saying.
    """

    id: str
    queue: str
    reason: str
    routing_key: str
    attempts: int | None
    at: datetime | None
    headers: Mapping[str, Any]
    content_type: str | None
    message_id: str
    body: bytes


def bury(
    connection: Connection,
    delivery: Delivery,
    *,
    queue: str,
    reason: str,
    attempts: int,
    clock: Clock | None = None,
) -> None:
    """Set a message aside, and acknowledge it once that is safe; raises like `send`."""
    ours: dict[str, Any] = {
        _ID: new_id(),
        _QUEUE: queue,
        _REASON: reason,
        _KEY: delivery.routing_key,
        _ATTEMPTS: attempts,
        _AT: to_text((clock or SystemClock()).now()),
    }
    send(
        connection,
        exchange=DEAD,
        key=delivery.routing_key,
        body=delivery.body,
        content_type=delivery.content_type,
        message_id=delivery.message_id or ours[_ID],
        headers={**original_headers(delivery.headers), **ours},
    )
    delivery.acknowledge()


def list_dead_letters(connection: Connection, *, limit: int = 1000) -> list[DeadLetter]:
    """Return the oldest dead letters; while we look, nobody else sees them."""
    with _taken(connection, limit) as found:
        return [letter for letter, _ in found]


def retry(connection: Connection, ids: Sequence[str], *, limit: int = 1000) -> int:
    """Put dead letters back into the queue they came from, and only there; return how many that were."""
    count = 0
    with _taken(connection, limit) as found:
        for letter, delivery in found:
            if letter.id in ids:
                _send_back(connection, letter)
                delivery.acknowledge()
                count += 1
    return count


def drop(connection: Connection, ids: Sequence[str], *, limit: int = 1000) -> int:
    """Forget dead letters for good; return how many that were."""
    count = 0
    with _taken(connection, limit) as found:
        for letter, delivery in found:
            if letter.id in ids:
                delivery.acknowledge()
                count += 1
    return count


@contextmanager
def _taken(connection: Connection, limit: int) -> Iterator[list[tuple[DeadLetter, Delivery]]]:
    """Hold the oldest dead letters; those not acknowledged stay where they are (after an error, once we hang up)."""
    with broker_errors(connection):
        channel = connection.channel()
        queue = KombuQueue(DEAD_LETTERS, no_declare=True)(channel)
    yield list(_fetch(connection, queue, limit))
    with broker_errors(connection):
        channel.close()


def _fetch(connection: Connection, queue: KombuQueue, limit: int) -> Iterator[tuple[DeadLetter, Delivery]]:
    for _ in range(limit):
        with broker_errors(connection):
            message = queue.get()
        if message is None:
            return
        delivery = Delivery(message, connection)
        yield _read(delivery), delivery


def _read(delivery: Delivery) -> DeadLetter:
    headers = delivery.headers
    death = (headers.get("x-death") or [{}])[0]
    queue = str(headers.get(_QUEUE) or headers.get("x-first-death-queue") or death.get("queue", ""))
    key = str(headers.get(_KEY) or delivery.routing_key)
    at = headers.get(_AT)
    return DeadLetter(
        id=str(headers.get(_ID) or derived_id(queue, key, delivery.message_id, delivery.body.hex())),
        queue=queue,
        reason=str(headers.get(_REASON) or f"given up by the broker: {death.get('reason', 'unknown')}"),
        routing_key=key,
        attempts=headers.get(_ATTEMPTS),
        at=from_text(at) if isinstance(at, str) else _aware(death.get("time")),
        headers=original_headers(headers),
        content_type=delivery.content_type,
        message_id=delivery.message_id,
        body=delivery.body,
    )


def _aware(time: datetime | None) -> datetime | None:
    return time and time.replace(tzinfo=UTC)  # drivers give AMQP's timestamps without the zone, which is UTC


def _send_back(connection: Connection, letter: DeadLetter) -> None:
    send(
        connection,
        exchange="",  # the default exchange: to that queue and to nobody else who heard it the first time
        key=letter.queue,
        body=letter.body,
        content_type=letter.content_type,
        message_id=letter.message_id,
        headers=letter.headers,
    )


def original_headers(headers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the headers a message was published with, without what consumers, brokers and `bury` noted in them."""
    return {
        name: value for name, value in headers.items() if not name.startswith((_OURS, PUT_BACK, *_BROKERS))
    }
