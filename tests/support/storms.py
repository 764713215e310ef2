"""Items are created, announced and listened to while something they need comes and goes; then everything must add up."""

import threading

from archive_shared.documents import Documents, at_least
from archive_shared.errors import Duplicate, Stale, Unavailable
from archive_shared.events import ItemUpdated
from archive_shared.messaging.connection import connecting
from archive_shared.messaging.consumer import consume
from archive_shared.messaging.publisher import connect_publisher
from archive_shared.outbox.relay import Relay
from tests.support.announcing import ANNOUNCING, COUNTERS, EFFECTS, VIEWS, Counter, counters_in
from tests.support.bus import IMPATIENT, JOBS, Bus
from tests.support.crash_points import LEASE_S
from tests.support.parts import QUEUE, remember

HEARTBEAT_S = 2


def create(documents: Documents, count: int, *, pause_s: float, stop: threading.Event) -> None:
    """Create items, each of which announces itself; like a client, try again until the answer is yes."""
    for number in range(count):
        counter = Counter(id=f"item-{number}")
        counter.count()
        while not _is_created(documents, counter):
            stop.wait(0.05)
        stop.wait(pause_s)


def _is_created(documents: Documents, counter: Counter) -> bool:
    try:
        counters_in(documents).add(counter)
    except Duplicate:  # the answer to an earlier attempt was lost
        return True
    except (Unavailable, Stale):
        return False
    return True


def relay(bus: Bus, documents: Documents, stop: threading.Event) -> None:
    Relay(documents, ANNOUNCING, connect_publisher(bus.url, JOBS), lease_s=LEASE_S / 2).run(stop)


def listen(bus: Bus, documents: Documents, stop: threading.Event) -> None:
    impatient = connecting(bus.url, heartbeat_s=HEARTBEAT_S)
    consume(impatient, QUEUE, {ItemUpdated: lambda event: remember(documents, event)}, stop, policy=IMPATIENT)


def is_settled(documents: Documents, count: int) -> bool:
    """Tell whether every item is there, nothing waits to be published, and everything was heard."""
    try:
        left = documents.count(COUNTERS.name) - count
        waiting = documents.find(COUNTERS.name, {"outbox_since": at_least("")}, limit=1)
        return left == 0 and not waiting and documents.count(EFFECTS.name) >= count
    except Unavailable:
        return False


def assert_all_heard_once(documents: Documents, count: int) -> None:
    assert documents.count(COUNTERS.name) == count
    assert documents.count(EFFECTS.name) == count
    assert {view["_id"] for view in documents.find(VIEWS.name)} == {f"item-{n}" for n in range(count)}
    assert not any(document["outbox"] for document in documents.find(COUNTERS.name))
