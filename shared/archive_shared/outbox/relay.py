"""The relay: publishes the events that wait in documents, oldest first, and removes what the broker confirmed."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from archive_shared.clock import Clock
from archive_shared.documents import Documents
from archive_shared.messaging.publisher import Publisher


@dataclass(frozen=True)
class Round:
    """What one round did.

    Parameters
    ----------
    oldest_unpublished_s
        Age of the oldest event that was waiting when the round began, 0 when there was none.
    """

    published: int
    hinted: int
    oldest_unpublished_s: float


class Relay:
    """Publishes for one service. Several may run; one at a time does.

    Parameters
    ----------
    collections
        Names of the collections whose documents announce events (they declare `OUTBOX_FIELDS`).
    jobs
        Queue to hint to by name of the collection of jobs (they declare `JOB_FIELDS`).
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
        poll_s: float = 0.05,
    ) -> None:
        raise NotImplementedError

    def run_once(self) -> Round:
        """Publish what waits; raise `Unavailable` when broker or database do not answer."""
        raise NotImplementedError

    def run(self, stop: threading.Event) -> None:
        """Publish until asked to stop, with pauses that grow while something does not answer."""
        raise NotImplementedError
