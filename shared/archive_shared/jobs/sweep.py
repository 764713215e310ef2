"""Hints at jobs that are due, again and again until somebody takes them; the relay of a service runs it."""

from contextlib import suppress
from datetime import timedelta

import structlog

from archive_shared.clock import Clock, to_text
from archive_shared.documents import Document, Documents, at_most
from archive_shared.errors import Stale, Unavailable
from archive_shared.messaging.errors import Unroutable
from archive_shared.messaging.publisher import Publisher

BATCH = 50
FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 60.0

log = structlog.get_logger()


class JobSweep:
    """Looks after one collection of jobs: those that became due and those whose worker died (its lease ran out).

    The next hint is put off in the document before this one is sent, so each costs one message per pause, however
    many relays look and however long workers are busy. (Hinting first once sent 91,000 hints in 70 s.)
    """

    def __init__(
        self, documents: Documents, collection: str, queue: str, publisher: Publisher, clock: Clock
    ) -> None:
        self._documents = documents
        self._collection = collection
        self._queue = queue
        self._publisher = publisher
        self._clock = clock

    def run_once(self) -> int:
        """Send the hints that are due and return how many; raise like `Publisher.hint`."""
        now = to_text(self._clock.now())
        due = self._documents.find(
            self._collection, {"hint_at": at_most(now)}, sort=[("hint_at", 1)], limit=BATCH
        )
        return sum(self._hint(document) for document in due)

    def _hint(self, document: Document) -> bool:
        try:
            put_off = self._documents.save(self._collection, self._put_off(document))
        except Stale:  # somebody took it, or another relay hints
            return False
        try:
            self._publisher.hint(self._queue, document["_id"])
        except Unroutable as error:
            log.error("hint is unroutable", queue=self._queue, id=document["_id"], reason=str(error))  # noqa: TRY400 (no news in the traceback)
            return False
        except Unavailable:
            with suppress(Stale):  # it was no hint, so the next one need not wait
                self._documents.save(self._collection, put_off | {"job": document["job"]})
            raise
        return True

    def _put_off(self, document: Document) -> Document:
        job = document["job"]
        doubled_s = FIRST_PAUSE_S * 2.0 ** min(job["hints"], 30)  # a job may wait for weeks
        next_at = self._clock.now() + timedelta(seconds=min(doubled_s, LONGEST_PAUSE_S))
        return document | {"job": job | {"hints": job["hints"] + 1, "hint_at": to_text(next_at)}}
