"""Events that wait to be published, per service and collection, and those that never will be as things are."""

from collections.abc import Set
from dataclasses import dataclass

from archive_shared.clock import Clock
from archive_shared.documents.overview import Outbox, list_outboxes
from archive_shared.errors import Unavailable
from archive_shared.messaging.connection import closing_down, connect
from archive_shared.messaging.embedded import is_embedded
from archive_shared.messaging.looking import look_at
from archive_shared.messaging.topology import LOG, Topology, listeners, service_queue, types_for

OVERDUE_S = 60.0


@dataclass(frozen=True, kw_only=True)
class OutboxReport:
    """What waits in one collection.

    Parameters
    ----------
    overdue
        How many events have been waiting for more than a minute: the relay does not run, or the bus refuses them.
    unroutable
        How many no queue wants, so that the relay keeps them; None when the bus does not answer.
    """

    service: str
    collection: str
    events: int
    oldest_s: float | None
    overdue: int
    unroutable: int | None


def report_outboxes(documents_url: str, bus_url: str, *, clock: Clock) -> list[OutboxReport]:
    """Look at the outboxes of all services, at most at 10,000 documents of each."""
    outboxes = list_outboxes(documents_url)
    types = {event.type for outbox in outboxes for event in outbox.events}
    unwanted = _unwanted(bus_url, types) if types else set()
    return [_report(outbox, unwanted, clock) for outbox in outboxes]


def _report(outbox: Outbox, unwanted: Set[str] | None, clock: Clock) -> OutboxReport:
    ages_s = [(clock.now() - event.at).total_seconds() for event in outbox.events]
    stuck = None if unwanted is None else [event for event in outbox.events if event.type in unwanted]
    return OutboxReport(
        service=outbox.service,
        collection=outbox.collection,
        events=len(outbox.events),
        oldest_s=max(ages_s, default=None),
        overdue=sum(age_s > OVERDUE_S for age_s in ages_s),
        unroutable=None if stuck is None else len(stuck),
    )


def _unwanted(bus_url: str, types: Set[str]) -> set[str] | None:
    """Return the types for which there is no queue, neither the log nor one of a listening service."""
    try:
        with closing_down(connect(bus_url, topology=Topology(exchanges=()))) as connection:

            def exists(queue: str) -> bool:
                return look_at(connection, queue, embedded=is_embedded(bus_url)) is not None

            if exists(LOG):
                return set()
            heard = {
                type
                for service in listeners()
                if exists(service_queue(service))
                for type in types_for(service)
            }
            return set(types - heard)
    except Unavailable:
        return None
