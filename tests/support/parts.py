"""Relay, consumer and worker of the small test service, to be run in threads, or as processes that crash on order.

`tests.support.victim` runs one of them as a process. When that gets to its crash point for the first time it kills itself
(SIGKILL), or stops for longer than any lease (SIGSTOP). Nothing in the platform knows of this: the collaborators of each part
are wrapped (`tests.support.crash_points`).
"""

import sys
import threading
from collections.abc import Callable
from contextlib import suppress

from archive_shared.documents import Document, Documents
from archive_shared.errors import Duplicate
from archive_shared.events import ItemCreated, ItemUpdated
from archive_shared.jobs.handler import JobPolicy
from archive_shared.jobs.worker import Worker
from archive_shared.messaging.consumer import consume
from archive_shared.messaging.publisher import connect_publisher
from archive_shared.outbox.relay import Relay
from archive_shared.wire.cloud_events import ReceivedEvent
from tests.support.announcing import ANNOUNCING, EFFECTS, TASKS, VIEWS, TaskHandler
from tests.support.bus import IMPATIENT, JOBS, Bus
from tests.support.crash_points import (
    LEASE_S,
    CrashingDocuments,
    CrashingHandler,
    CrashingPublisher,
    CrashingRepository,
    Reach,
    nowhere,
)

QUEUE = "a-listener.events"
PROGRAM = (sys.executable, "-m", "tests.support.task_program")
MOST_ATTEMPTS = 3
POLICY = JobPolicy(
    lease_s=LEASE_S,
    max_attempts=MOST_ATTEMPTS,
    first_pause_s=0.05,
    longest_pause_s=0.2,
    grace_s=1.5,
    time_limit_s=20.0,
    progress_every_s=0.1,
)


def run_relay(bus: Bus, documents: Documents, stop: threading.Event, reach: Reach = nowhere) -> None:
    publisher = CrashingPublisher(connect_publisher(bus.url, JOBS), reach)
    Relay(
        CrashingDocuments(documents, reach),
        ANNOUNCING,
        publisher,
        jobs={TASKS.name: JOBS},
        lease_s=LEASE_S / 2,
        poll_s=0.02,
    ).run(stop)


def run_worker(
    bus: Bus,
    documents: Documents,
    stop: threading.Event,
    reach: Reach = nowhere,
    *,
    policy: JobPolicy = POLICY,
    warm: bool = False,
) -> None:
    Worker(
        CrashingRepository(documents, reach),
        CrashingHandler(TaskHandler(PROGRAM), reach),
        connect=bus.connect,
        queue=JOBS,
        policy=policy,
        warm=warm,
    ).run(stop)


def run_consumer(bus: Bus, documents: Documents, stop: threading.Event, reach: Reach = nowhere) -> None:
    def note(received: ReceivedEvent) -> None:
        reach("consumer.before_handler")
        remember(documents, received)
        reach("consumer.after_handler")

    consume(bus.connect, QUEUE, {ItemCreated: note, ItemUpdated: note}, stop, policy=IMPATIENT)


def remember(documents: Documents, received: ReceivedEvent) -> None:
    """Keep every event once, however often it comes, and of each subject the latest, whatever comes late."""
    with suppress(Duplicate):
        documents.put_new(EFFECTS.name, {"_id": effect_of(received), "type": received.type})
    view = {"_id": received.subject, "sequence": received.sequence}
    with suppress(Duplicate):
        documents.put_new(VIEWS.name, view)
        return
    documents.mutate(
        VIEWS.name, received.subject, lambda seen: seen | view if is_news(seen, received) else None
    )


def effect_of(received: ReceivedEvent) -> str:
    """Identify what an event causes; the same whenever it comes."""
    return received.id


def is_news(seen: Document, received: ReceivedEvent) -> bool:
    return received.sequence > int(seen["sequence"])


PARTS: dict[str, Callable[[Bus, Documents, threading.Event, Reach], None]] = {
    "relay": run_relay,
    "worker": run_worker,
    "consumer": run_consumer,
}
