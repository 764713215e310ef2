"""The relay: publishes the events that wait in documents, oldest first, and removes what the broker confirmed.

It dies without harm at any point: before publishing, the events are still there; between publishing and removing,
they are published again, which consumers do not mind. Many events are on their way at a time, but only one of each document, so
that the order of what is said about a subject holds even if one of them is refused.
"""

import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import structlog

from archive_shared.backoff import backoff_s
from archive_shared.bells import LOOK_AGAIN_S, Bell, wait_for_any
from archive_shared.clock import Clock, SystemClock
from archive_shared.documents import Document, Documents, Where, at_least
from archive_shared.errors import Stale, Unavailable
from archive_shared.identifiers import new_id
from archive_shared.jobs.sweep import JobSweep
from archive_shared.messaging.publisher import Publisher
from archive_shared.outbox.batch import Batch, without
from archive_shared.outbox.lease import Lease

BATCH = 100
KEEP_ALIVE_EVERY_S = 1.0
POLL_S = 0.02  # half of it is what an event waits on average when there is little to do
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 2.0
LEASE_NAME = "relay"
WAITING: Where = {"outbox_since": at_least("")}
"""Documents with events that are not published yet."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Round:
    """What one round did.

    Parameters
    ----------
    unroutable
        Documents with an event that no queue wanted; it and those after it stay due.
    """

    published: int
    unroutable: int
    hinted: int


class Relay:
    """Publishes for one service. Several may run; one at a time does, so that events keep their order.

    Parameters
    ----------
    collections
        Names of the collections whose documents announce events (they declare `OUTBOX_FIELDS`).
    jobs
        Queue to hint to by name of the collection of jobs (they declare `JOB_FIELDS`).
    lease_s
        After how long another relay takes over from one that died.
    poll_s
        Pause after a round that found nothing to do.
    changes
        Rings when a document was written in which something waits, so that it need not look every `poll_s`.
    """

    def __init__(
        self,
        documents: Documents,
        collections: Sequence[str],
        publisher: Publisher,
        *,
        jobs: Mapping[str, str] | None = None,
        clock: Clock | None = None,
        lease_s: float = 5.0,
        poll_s: float = POLL_S,
        changes: Bell | None = None,
    ) -> None:
        self._documents = documents
        self._collections = collections
        self._publisher = publisher
        self._clock = clock or SystemClock()
        self._poll_s = poll_s
        self._changes = changes
        self._sweeps = [
            JobSweep(documents, collection, queue, publisher, self._clock)
            for collection, queue in (jobs or {}).items()
        ]
        owner = f"{socket.gethostname()}:{os.getpid()}:{new_id()}"
        # Unroutable documents by collection, at the head of the line; they must not fill every batch.
        self._passed_over: Counter[str] = Counter()
        self._is_idle = True
        self._lease = Lease(documents, LEASE_NAME, owner=owner, duration_s=lease_s, clock=self._clock)

    def run_once(self) -> Round:
        """Publish what waits and hint at what is due.

        Raises
        ------
        Unavailable
            Broker or database do not answer. What was confirmed until then is not published again.
        """
        published = unroutable = 0
        if self._has_work() and self._lease.hold():
            for name in self._collections:
                done = self._publish_all(name)
                published, unroutable = published + done[0], unroutable + done[1]
        hinted = sum(sweep.run_once() for sweep in self._sweeps)
        return Round(published, unroutable, hinted)

    def run(self, stop: threading.Event) -> None:
        """Publish until asked to stop, with pauses that grow while something does not answer."""
        failures = 0
        kept_alive_at_s = time.monotonic()
        try:
            while not stop.is_set():
                failures = 0 if self._is_well() else failures + 1
                if failures:
                    stop.wait(backoff_s(failures, first_s=FIRST_PAUSE_S, longest_s=LONGEST_PAUSE_S))
                elif self._is_idle:
                    if time.monotonic() - kept_alive_at_s > KEEP_ALIVE_EVERY_S:
                        self._publisher.keep_alive()
                        kept_alive_at_s = time.monotonic()
                    self._pause(stop)
        finally:
            self._publisher.close()
            with suppress(Unavailable):
                self._lease.release()

    def _pause(self, stop: threading.Event) -> None:
        """Wait until there may be something to do."""
        if self._changes is None:
            stop.wait(self._poll_s)
        else:
            wait_for_any([self._changes], LOOK_AGAIN_S)
            self._changes.take_all_rings()

    def _is_well(self) -> bool:
        """Do one round; tell whether nothing was in its way."""
        try:
            done = self.run_once()
        except (Unavailable, Stale) as error:
            log.warning("relay interrupted", reason=str(error))
            return False
        self._is_idle = not (done.published or done.hinted)
        return not done.unroutable

    def _publish_all(self, collection: str) -> tuple[int, int]:
        """Publish a batch of documents' events; return how many were and how many documents have unroutable ones."""
        batch = Batch(self._waiting(collection))
        try:
            while (wave := batch.wave()) and self._lease.hold():
                batch.note(self._publisher.publish_all(wave))
        finally:
            self._remove(collection, batch)
        for identifier in batch.unroutable:
            log.error("event is unroutable", collection=collection, id=identifier)
        unroutable = self._passed_over[collection] + len(batch.unroutable)
        # At the end of the line all of them are tried again.
        self._passed_over[collection] = unroutable if batch.size == BATCH else 0
        return batch.published, unroutable

    def _remove(self, collection: str, batch: Batch) -> None:
        """Remove what was confirmed; documents that were changed meanwhile one by one."""
        for identifier in self._documents.save_each(collection, batch.without_confirmed()):
            self._documents.mutate(collection, identifier, partial(without, batch.confirmed[identifier]))

    def _has_work(self) -> bool:
        """Tell whether anything waits, passed over or not."""
        return any(self._oldest(name, limit=1) for name in self._collections)

    def _waiting(self, collection: str) -> list[Document]:
        return self._oldest(collection, skip=self._passed_over[collection], limit=BATCH)

    def _oldest(self, collection: str, *, skip: int = 0, limit: int) -> list[Document]:
        return self._documents.find(collection, WAITING, sort=[("outbox_since", 1)], skip=skip, limit=limit)
