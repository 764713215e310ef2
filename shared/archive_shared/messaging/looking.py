"""Looking at a queue from outside; for operators' tools."""

from dataclasses import dataclass

from amqp.exceptions import NotFound

from archive_shared.messaging.connection import Connection, broker_errors


@dataclass(frozen=True)
class Depth:
    """How full a queue is.

    Parameters
    ----------
    waiting
        Messages nobody has taken.
    consumers
        Who listens; None where the bus does not know.
    """

    waiting: int
    consumers: int | None


def look_at(connection: Connection, queue: str, *, embedded: bool) -> Depth | None:
    """Return how full a queue is, None when there is no such queue; takes nothing from it."""
    with broker_errors(connection):
        channel = connection.channel()
        try:
            found = channel.queue_declare(queue, passive=True)
        except NotFound:  # the broker has closed the channel
            return None
        channel.close()
    return Depth(int(found.message_count), None if embedded else int(found.consumer_count))
