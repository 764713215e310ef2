"""What is declared on the bus: exchanges, queues and what they are bound to. Plain data; `declaring` makes it so.

```
relays ──► archive.events (topic) ─┬─► <service>.events        one per service that listens
                                   └─► archive.events.log      stream: everything, for replay
relays ──► archive.jobs (direct) ────► <service>.<kind>        hints that there is work
consumers, and brokers that gave up ─► archive.dead (fanout) ─► archive.dead-letters
```

Everybody declares all of it, so it does not matter who starts first: an event published before its consumer
ever ran waits in the consumer's queue.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from archive_shared.wire.catalogue import CATALOGUE

EVENTS = "archive.events"
JOBS = "archive.jobs"
DEAD = "archive.dead"
DEAD_LETTERS = "archive.dead-letters"
LOG = "archive.events.log"

DELIVERY_LIMIT = 20
"""How often the broker delivers a message whose consumer dies of it before it becomes a dead letter."""

_NO_LIMIT = 1_000_000_000


@dataclass(frozen=True)
class Exchange:
    """Where messages are sent to; `kind` is `topic`, `direct` or `fanout`."""

    name: str
    kind: str


@dataclass(frozen=True)
class Binding:
    """Makes an exchange put the messages with this routing key into a queue."""

    exchange: str
    key: str


@dataclass(frozen=True)
class Queue:
    """A durable queue.

    Parameters
    ----------
    unwanted
        Bindings it must not have; they are removed.
    """

    name: str
    arguments: Mapping[str, Any]
    bindings: Sequence[Binding] = ()
    unwanted: Sequence[Binding] = ()


@dataclass(frozen=True)
class LogRetention:
    """How much of the past a new subscriber can ask for; whichever limit is reached first counts."""

    days: int = 30
    size_bytes: int = 10_000_000_000


@dataclass(frozen=True)
class Topology:
    """All that is declared."""

    exchanges: Sequence[Exchange] = (
        Exchange(EVENTS, "topic"),
        Exchange(JOBS, "direct"),
        Exchange(DEAD, "fanout"),
    )
    queues: Sequence[Queue] = ()


def platform_topology(*job_queues: str, retention: LogRetention = LogRetention()) -> Topology:
    """Return everything the platform needs: queues of all listening services as the catalogue has them.

    Parameters
    ----------
    job_queues
        Names of the job queues the caller hints to or works on.
    """
    listening = {service: types for service in listeners() if (types := types_for(service))}
    events = [event_queue(service_queue(service), types) for service, types in listening.items()]
    jobs = [job_queue(name) for name in job_queues]
    return Topology(queues=(_dead_letters(), _log(retention), *events, *jobs))


def service_queue(service: str) -> str:
    """Name the queue in which a service gets its events."""
    return f"{service}.events"


def event_queue(name: str, types: Iterable[str]) -> Queue:
    """Describe a queue that gets events of these types."""
    bindings = [Binding(EVENTS, type) for type in sorted(types)]
    return Queue(name, _quorum(DELIVERY_LIMIT), bindings)


def without_others(queue: Queue) -> Queue:
    """Have the bindings removed that an earlier version of a queue's consumer may have left; for that consumer."""
    all_types = {Binding(EVENTS, entry.event.TYPE) for entry in CATALOGUE}
    others = sorted(all_types - set(queue.bindings), key=lambda binding: binding.key)
    return replace(queue, unwanted=others)


def job_queue(name: str) -> Queue:
    """Describe a queue of hints, `<service>.<kind>`."""
    return Queue(name, _quorum(DELIVERY_LIMIT), bindings=[Binding(JOBS, name)])


def listeners() -> list[str]:
    """Name the services of the platform that act on events."""
    return sorted({service for entry in CATALOGUE for service in entry.consumers})


def types_for(service: str) -> list[str]:
    """Return the types of the events a service acts on."""
    return [entry.event.TYPE for entry in CATALOGUE if service in entry.consumers]


def _quorum(delivery_limit: int) -> dict[str, Any]:
    return {
        "x-queue-type": "quorum",
        "x-dead-letter-exchange": DEAD,
        "x-delivery-limit": delivery_limit,
    }


def _dead_letters() -> Queue:
    # Looking at dead letters counts as delivering them, and newer brokers drop what was delivered 20 times.
    arguments = {"x-queue-type": "quorum", "x-delivery-limit": _NO_LIMIT}
    return Queue(DEAD_LETTERS, arguments, bindings=[Binding(DEAD, "")])


def _log(retention: LogRetention) -> Queue:
    arguments = {
        "x-queue-type": "stream",
        "x-max-age": f"{retention.days}D",
        "x-max-length-bytes": retention.size_bytes,
    }
    return Queue(LOG, arguments, bindings=[Binding(EVENTS, "#")])
