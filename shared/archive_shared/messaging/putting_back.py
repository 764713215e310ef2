"""Messages that wait for their next attempt at the end of their queue, because too many wait at a consumer already.

A broker delivers only so many messages to a consumer that has not settled the ones before. When all of them wait for
something, such as what a later message will tell, that one could never be delivered.
"""

from typing import Any

from kombu.connection import Connection

from archive_shared.messaging.confirmed import send
from archive_shared.messaging.dead_letters import original_headers
from archive_shared.messaging.deliveries import KEY, PUT_BACK, Delivery
from archive_shared.messaging.verdicts import History

_FAILURES, _OUTAGES = f"{PUT_BACK}failures", f"{PUT_BACK}outages"


def put_back(connection: Connection, delivery: Delivery, history: History, *, queue: str) -> None:
    """Send a message to the end of the queue it came from, and only there, with what was tried so far; raises like `send`."""
    ours: dict[str, Any] = {
        KEY: delivery.routing_key,
        _FAILURES: history.failures,
        _OUTAGES: history.outages,
    }
    send(
        connection,
        exchange="",
        key=queue,
        body=delivery.body,
        content_type=delivery.content_type,
        message_id=delivery.message_id,
        headers={**original_headers(delivery.headers), **ours},
    )
    delivery.acknowledge()


def history_of(delivery: Delivery) -> History:
    """Return how often a message was tried before it was put back; anybody may publish, so what is no number counts as never."""
    failures, outages = (delivery.headers.get(name) for name in (_FAILURES, _OUTAGES))
    return History(
        failures if isinstance(failures, int) else 0,
        outages if isinstance(outages, int) else 0,
    )
