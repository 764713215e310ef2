"""Sending events of the past again, to one queue and to nobody else."""

from collections.abc import Iterator, Sequence

from archive_shared.messaging.binding_keys import matches
from archive_shared.messaging.confirmed import send
from archive_shared.messaging.connection import Connection
from archive_shared.messaging.event_log import EventLog, LoggedEvent, Start
from archive_shared.messaging.topology import listeners, service_queue, types_for


def types_of_queue(queue: str) -> list[str]:
    """Return the types a service of the platform listens to in a queue; none for a queue of others."""
    return [type for service in listeners() if service_queue(service) == queue for type in types_for(service)]


def of_types(events: Iterator[LoggedEvent], patterns: Sequence[str]) -> Iterator[LoggedEvent]:
    """Leave out events that fit no pattern (`*` is one word, `#` any number); without patterns, none."""
    split = [pattern.split(".") for pattern in patterns]
    return (
        event
        for event in events
        if not split or any(matches(pattern, event.type.split(".")) for pattern in split)
    )


def send_again(
    connection: Connection, log: EventLog, queue: str, *, start: Start, patterns: Sequence[str]
) -> Iterator[LoggedEvent]:
    """Put what was said from there on into a queue, and give each event once the bus has it.

    When it breaks in the middle it can be begun again: whoever consumes events knows that they come twice. Raises like
    `archive_shared.messaging.confirmed.send`.
    """
    for event in of_types(log.read(start), patterns):
        send(
            connection,
            exchange="",
            key=queue,
            body=event.body,
            content_type=event.content_type,
            message_id=event.message_id,
            headers=event.headers,
        )
        yield event
