"""Consuming events: decode, hand to the handler, acknowledge afterwards; what cannot be handled becomes a dead letter."""

import threading
from collections.abc import Callable, Mapping

from archive_shared.events import Event
from archive_shared.messaging.connection import Connect
from archive_shared.wire.cloud_events import ReceivedEvent

Handler = Callable[[ReceivedEvent], None]
Handlers = Mapping[type[Event], Handler]


def consume(connect: Connect, queue: str, handlers: Handlers, stop: threading.Event) -> None:
    """Handle the events of a queue until asked to stop.

    A handler must be idempotent: it may get an event twice, late, or out of order. When it returns, the event is
    acknowledged. When it raises `Unavailable` (or the connection breaks) the event is tried again until it works;
    `Invalid` makes it a dead letter at once; any other exception after some more attempts.

    Parameters
    ----------
    connect
        Opens a connection (`connecting(url, ...)`); used again whenever a connection broke.
    queue
        `service_queue("<service>")`; it is declared and bound for the types handled.

    Raises
    ------
    TooMuchPoison
        Too large a share of the events could not be handled: the code is broken, not the events.
    """
    raise NotImplementedError
