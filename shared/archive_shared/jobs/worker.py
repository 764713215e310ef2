"""A worker: takes hints, claims jobs, has a child process do them, and commits the outcome if they are still its own."""

import threading
from typing import Generic

from archive_shared.clock import Clock
from archive_shared.documents import Repository
from archive_shared.jobs.handler import J, JobHandler, JobPolicy
from archive_shared.messaging.connection import Connect


class Worker(Generic[J]):
    """Does the jobs of one queue, one at a time.

    Parameters
    ----------
    connect
        Opens a connection to the broker (`connecting(url, ...)`).
    queue
        Name of the job queue, `<service>.<kind>`.
    warm
        Keep a program started and waiting for the next job; costs its memory, saves its starting time.
    """

    def __init__(
        self,
        repository: Repository[J],
        handler: JobHandler[J],
        *,
        connect: Connect,
        queue: str,
        policy: JobPolicy = JobPolicy(),  # noqa: B008 (frozen)
        clock: Clock | None = None,
        warm: bool = True,
    ) -> None:
        raise NotImplementedError

    def run(self, stop: threading.Event) -> None:
        """Work until asked to stop; then finish the job in hand within the grace period or give it back."""
        raise NotImplementedError
