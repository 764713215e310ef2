"""Where the parts of the small test service crash: their collaborators, wrapped so that they tell how far a part is."""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive_shared.documents import Document, Documents, Repository
from archive_shared.jobs.job import JobState
from archive_shared.messaging.published import Envelope, Published
from archive_shared.messaging.publisher import Publisher
from tests.support.announcing import TASKS, Task, TaskHandler

LEASE_S = 3.0
PAUSE_S = 2 * LEASE_S + 1
CRASH_POINTS = (
    "relay.before_publish",
    "relay.half_published",
    "relay.after_publish",
    "relay.after_removal",
    "relay.after_putting_off",
    "relay.after_hint",
    "worker.got",
    "worker.claimed",
    "worker.acknowledged",
    "worker.running",
    "worker.program_done",
    "worker.committed",
    "consumer.before_handler",
    "consumer.after_handler",
)

Reach = Callable[[str], None]
"""Called wherever a part might crash, with the name of the place."""


def nowhere(point: str) -> None:
    """Crash at no point."""


@dataclass(frozen=True)
class Crash:
    """Crashes at one point, once."""

    point: str
    mode: str
    token: Path

    def __call__(self, point: str) -> None:
        if point != self.point:
            return
        with suppress(FileNotFoundError):
            self.token.unlink()
            self._happen()

    def _happen(self) -> None:
        if self.mode == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        subprocess.Popen(["sh", "-c", f"sleep {PAUSE_S}; kill -CONT {os.getpid()}"])
        os.kill(os.getpid(), signal.SIGSTOP)


class CrashingPublisher:
    """Passes everything on, and may crash in between."""

    def __init__(self, publisher: Publisher, reach: Reach) -> None:
        self._publisher = publisher
        self._reach = reach

    def publish(self, envelope: Envelope) -> None:
        self._publisher.publish(envelope)

    def publish_all(self, envelopes: Sequence[Envelope]) -> Published:
        self._reach("relay.before_publish")
        middle = len(envelopes) // 2
        first = self._publisher.publish_all(envelopes[:middle])
        if middle and first.trouble is None:
            self._reach("relay.half_published")
        second = self._publisher.publish_all(envelopes[middle:]) if first.trouble is None else first
        self._reach("relay.after_publish")
        return Published(
            {*first.confirmed, *second.confirmed}, {*first.unroutable, *second.unroutable}, second.trouble
        )

    def hint(self, queue: str, job_id: str) -> None:
        self._publisher.hint(queue, job_id)
        self._reach("relay.after_hint")

    def keep_alive(self) -> None:
        self._publisher.keep_alive()

    def close(self) -> None:
        self._publisher.close()


class CrashingDocuments:
    """The relay's view of a document store; the methods it does not use are not there."""

    def __init__(self, documents: Documents, reach: Reach) -> None:
        self._documents = documents
        self._reach = reach

    def __getattr__(self, name: str) -> Any:
        return getattr(self._documents, name)

    def save_each(self, collection: str, documents: Sequence[Document]) -> list[str]:
        stale = self._documents.save_each(collection, documents)
        self._reach("relay.after_removal")
        return stale

    def save(self, collection: str, document: Document) -> Document:
        saved = self._documents.save(collection, document)
        self._reach("relay.after_putting_off")
        return saved


class CrashingRepository(Repository[Task]):
    """The worker's view of its tasks."""

    def __init__(self, documents: Documents, reach: Reach) -> None:
        super().__init__(documents, TASKS.name, Task, source="a-service")
        self._reach = reach

    def change(self, identifier: str, step: Callable[[Task], object]) -> Task:
        self._reach("worker.got")
        changed = super().change(identifier, step)
        if changed.job.state is JobState.DONE:
            self._reach("worker.committed")
        self._reach("worker.claimed")
        return changed


class CrashingHandler:
    """The worker's handler, which is asked at every step of a job."""

    def __init__(self, handler: TaskHandler, reach: Reach) -> None:
        self._handler = handler
        self._reach = reach

    @property
    def command(self) -> Sequence[str]:
        return self._handler.command

    def started(self, aggregate: Task) -> None:
        self._handler.started(aggregate)

    def succeeded(self, aggregate: Task, result: Mapping[str, Any]) -> None:
        self._handler.succeeded(aggregate, result)

    def failed(self, aggregate: Task, reason: str) -> None:
        self._handler.failed(aggregate, reason)

    def payload(self, aggregate: Task) -> Mapping[str, Any]:
        self._reach("worker.acknowledged")
        return self._handler.payload(aggregate)

    def progressed(self, aggregate: Task, progress: Mapping[str, Any]) -> None:
        self._reach("worker.running")
        self._handler.progressed(aggregate, progress)

    def keep(self, aggregate: Task, result: Mapping[str, Any]) -> None:
        self._reach("worker.program_done")
