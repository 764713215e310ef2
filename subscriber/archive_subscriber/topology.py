"""Names and arguments of what a subscriber meets on the broker; the same as the platform declares (a test compares).

```
archive.events (topic) ─┬─► <service>.events     the subscriber's own durable queue
                        └─► archive.events.log   stream: everything, for replay
archive.dead (fanout) ────► archive.dead-letters what could not be handled, with the reason
```

It does not matter who starts first, the platform or a subscriber: whoever comes first declares it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

EVENTS = "archive.events"
DEAD = "archive.dead"
DEAD_LETTERS = "archive.dead-letters"
LOG = "archive.events.log"

PLATFORM = frozenset({"archive", "archive-api", "feed", "ingest-worker", "permissions", "tiler"})
"""Names no subscriber may have: their queues are the platform's."""

DELIVERY_LIMIT = 20
_NO_LIMIT = 1_000_000_000


@dataclass(frozen=True)
class Queue:
    """A durable queue and the exchange that must feed it, under a key."""

    name: str
    arguments: Mapping[str, Any]
    exchange: str = ""
    key: str = ""


EXCHANGES = {EVENTS: "topic", DEAD: "fanout"}

SHARED_QUEUES = (
    Queue(DEAD_LETTERS, {"x-queue-type": "quorum", "x-delivery-limit": _NO_LIMIT}, DEAD, ""),
    Queue(
        LOG,
        {"x-queue-type": "stream", "x-max-age": "30D", "x-max-length-bytes": 10_000_000_000},
        EVENTS,
        "#",
    ),
)


def own_queue(service: str) -> Queue:
    """Describe the queue in which a service gets its events."""
    arguments = {
        "x-queue-type": "quorum",
        "x-dead-letter-exchange": DEAD,
        "x-delivery-limit": DELIVERY_LIMIT,
    }
    return Queue(f"{service}.events", arguments)


def bookmark_queue(service: str) -> Queue:
    """Describe the queue whose one message says how far the service's replay is."""
    arguments = {
        "x-queue-type": "quorum",
        "x-max-length": 1,
        "x-overflow": "drop-head",
        "x-delivery-limit": _NO_LIMIT,  # reading it counts as delivering
    }
    return Queue(f"{service}.replay", arguments)


def lock_name(service: str) -> str:
    """Name the queue only one instance of a service can have: the one that replays."""
    return f"{service}.replaying"
