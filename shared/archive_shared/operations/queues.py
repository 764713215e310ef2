"""How full the queues of the platform are, who listens to them, and for how long messages have been waiting.

RabbitMQ does not tell how old a message is, and to look at one counts as delivering it: after twenty looks it would be
a dead letter. So the age is read from the log, which nobody is harmed by.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from archive_shared.clock import Clock
from archive_shared.messaging.connection import Connection, closing_down, connect
from archive_shared.messaging.dead_letters import list_dead_letters
from archive_shared.messaging.embedded import is_embedded
from archive_shared.messaging.event_log import EventLog, open_log
from archive_shared.messaging.looking import look_at
from archive_shared.messaging.topology import (
    DEAD_LETTERS,
    Topology,
    listeners,
    service_queue,
    types_for,
)

JOB_QUEUES = ("ingest-worker.import", "tiler.convert-slide", "tiler.fill-levels", "tiler.render")
"""The queues of hints; a test compares them with those the services use."""

_WINDOWS_S = (60, 3_600, 86_400, 30 * 86_400)


@dataclass(frozen=True, kw_only=True)
class QueueReport:
    """The state of one queue.

    Parameters
    ----------
    waiting
        Messages nobody has taken; None when there is no such queue.
    consumers
        Who listens; None where the bus does not know.
    oldest_s
        For how long the oldest message has been waiting; None when none does, or for hints: they are repeated, so
        their age means nothing.
    """

    queue: str
    waiting: int | None
    consumers: int | None
    oldest_s: float | None


def report_queues(url: str, further: Iterable[str], *, clock: Clock) -> list[QueueReport]:
    """Look at the queues of the platform, and at further ones by name.

    Costs one reading of the log as far back as the oldest message that waits.
    """
    names = [*map(service_queue, listeners()), *JOB_QUEUES, DEAD_LETTERS, *further]
    with closing_down(connect(url, topology=Topology(exchanges=()))) as connection:
        return [_report(connection, url, name, clock) for name in names]


def _report(connection: Connection, url: str, name: str, clock: Clock) -> QueueReport:
    depth = look_at(connection, name, embedded=is_embedded(url))
    oldest = None
    if depth is not None and depth.waiting:
        oldest = _oldest(connection, open_log(url), name, depth.waiting, clock.now())
    return QueueReport(
        queue=name,
        waiting=None if depth is None else depth.waiting,
        consumers=None if depth is None else depth.consumers,
        oldest_s=None if oldest is None else (clock.now() - oldest).total_seconds(),
    )


def _oldest(connection: Connection, log: EventLog, name: str, waiting: int, now: datetime) -> datetime | None:
    if name == DEAD_LETTERS:
        return next((letter.at for letter in list_dead_letters(connection, limit=1)), None)
    wanted = {
        type for service in listeners() if service_queue(service) == name for type in types_for(service)
    }
    return _last_but(waiting, log, wanted, now) if wanted else None


def _last_but(waiting: int, log: EventLog, wanted: set[str], now: datetime) -> datetime | None:
    """Return when the first of the last so many wanted events was said: queues are first in, first out.

    Events that are tried again may be older; consumers hold those.
    """
    found: deque[datetime] = deque(maxlen=waiting)
    for window_s in _WINDOWS_S:
        found = deque(_said(log, wanted, now - timedelta(seconds=window_s)), maxlen=waiting)
        if len(found) == waiting:
            break
    return found[0] if found else None


def _said(log: EventLog, wanted: set[str], since: datetime) -> Iterator[datetime]:
    return (event.at for event in log.read(since) if event.type in wanted and event.at is not None)
