"""How full the queues of the platform are, who listens to them, and for how long messages have been waiting.

RabbitMQ does not tell how old a message is, and to look at one counts as delivering it: after twenty looks it would be
a dead letter. So the age is read from the log, which nobody is harmed by.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from archive_shared.clock import Clock
from archive_shared.documents.overview import oldest_jobs
from archive_shared.errors import Unavailable
from archive_shared.messaging.connection import Connection, closing_down, connect
from archive_shared.messaging.dead_letters import list_dead_letters
from archive_shared.messaging.embedded import is_embedded
from archive_shared.messaging.event_log import EventLog, open_log
from archive_shared.messaging.looking import Depth, look_at
from archive_shared.messaging.topology import (
    DEAD_LETTERS,
    Topology,
    listeners,
    service_queue,
)
from archive_shared.operations.replaying import types_of_queue
from archive_shared.settings import StoreAddresses

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
        For how long the oldest message has been waiting, or of a queue of hints the oldest job; None when there is
        none, or when nobody can tell: of queues of others, and of jobs while the documents do not answer.
    """

    queue: str
    waiting: int | None
    consumers: int | None
    oldest_s: float | None


def report_queues(addresses: StoreAddresses, further: Iterable[str], *, clock: Clock) -> list[QueueReport]:
    """Look at the queues of the platform, and at further ones by name.

    Costs one reading of the log as far back as the oldest message that waits.
    """
    url, now = addresses.bus_url, clock.now()
    names = [*map(service_queue, listeners()), *JOB_QUEUES, DEAD_LETTERS, *further]
    with closing_down(connect(url, topology=Topology(exchanges=()))) as connection:
        depths = {name: look_at(connection, name, embedded=is_embedded(url)) for name in names}
        oldest = {
            name: _oldest_message(connection, open_log(url), name, depth.waiting, now)
            for name, depth in depths.items()
            if depth is not None and depth.waiting
        }
    oldest |= _oldest_jobs(addresses.documents_url, now)
    return [_report(name, depth, oldest.get(name), now) for name, depth in depths.items()]


def _report(name: str, depth: Depth | None, oldest: datetime | None, now: datetime) -> QueueReport:
    return QueueReport(
        queue=name,
        waiting=None if depth is None else depth.waiting,
        consumers=None if depth is None else depth.consumers,
        oldest_s=None if oldest is None else (now - oldest).total_seconds(),
    )


def _oldest_message(
    connection: Connection, log: EventLog, name: str, waiting: int, now: datetime
) -> datetime | None:
    if name == DEAD_LETTERS:
        return next((letter.at for letter in list_dead_letters(connection, limit=1)), None)
    wanted = types_of_queue(name)
    return _last_but(waiting, log, wanted, now) if wanted else None


def _oldest_jobs(documents_url: str, now: datetime) -> dict[str, datetime | None]:
    """Return by queue of hints since when its oldest job waits; hints are repeated, so their age says nothing."""
    try:
        by_service = oldest_jobs(documents_url, now)
    except Unavailable:  # queues are worth a look all the same
        return {}
    return {queue: by_service.get(queue.partition(".")[0]) for queue in JOB_QUEUES}


def _last_but(waiting: int, log: EventLog, wanted: Sequence[str], now: datetime) -> datetime | None:
    """Return when the first of the last so many wanted events was said: queues are first in, first out.

    Events that are tried again may be older; consumers hold those.
    """
    found: deque[datetime] = deque(maxlen=waiting)
    for window_s in _WINDOWS_S:
        found = deque(_said(log, wanted, now - timedelta(seconds=window_s)), maxlen=waiting)
        if len(found) == waiting:
            break
    return found[0] if found else None


def _said(log: EventLog, wanted: Sequence[str], since: datetime) -> Iterator[datetime]:
    return (event.at for event in log.read(since) if event.type in wanted and event.at is not None)
