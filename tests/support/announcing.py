"""A small service for tests of relay and worker: counters that announce their steps, and tasks that are long work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archive_shared.clock import Clock, SystemClock
from archive_shared.documents import Aggregate, Collection, Documents, Repository
from archive_shared.documents.repository import OUTBOX_FIELDS, OUTBOX_INDEX
from archive_shared.documents.sqlite import SqliteDocuments
from archive_shared.events import ItemCreated, ItemDeleted, ItemUpdated
from archive_shared.jobs.job import JOB_FIELDS, JOB_INDEXES, Job, JobAggregate
from archive_shared.outbox.lease import LEASES

COUNTERS = Collection("counters", fields=OUTBOX_FIELDS, indexes=[OUTBOX_INDEX])
TASKS = Collection("tasks", fields={**JOB_FIELDS, **OUTBOX_FIELDS}, indexes=[OUTBOX_INDEX, *JOB_INDEXES])
EFFECTS = Collection("effects")
"""What handlers did, one document per effect."""

VIEWS = Collection("views")
"""What a listener knows of each subject: the number of the latest event it heard."""

COLLECTIONS = (COUNTERS, TASKS, EFFECTS, VIEWS, LEASES)
ANNOUNCING = (COUNTERS.name, TASKS.name)


@dataclass(kw_only=True)
class Counter(Aggregate):
    """Counts, and says so each time; the event's title is the count."""

    number: int = 0

    def count(self) -> None:
        self.number += 1
        self.record(ItemUpdated(item=self.id, archive="a", title=str(self.number)))


@dataclass(kw_only=True)
class Task(JobAggregate):
    """Long work. It says that it was started (item created), done (updated) or has failed (deleted)."""

    order: dict[str, Any] = field(default_factory=dict)
    progress: int = 0
    result: str = ""

    def note_done(self, result: str) -> None:
        self.result = result
        self.record(ItemUpdated(item=self.id, archive="a", title=result))


@dataclass(frozen=True)
class TaskHandler:
    """The `JobHandler` of tasks."""

    command: Sequence[str]

    def payload(self, aggregate: Task) -> Mapping[str, Any]:
        return aggregate.order | {"task": aggregate.id, "epoch": aggregate.job.epoch}

    def started(self, aggregate: Task) -> None:
        aggregate.record(ItemCreated(item=aggregate.id, archive="a", title="", images=[]))

    def progressed(self, aggregate: Task, progress: Mapping[str, Any]) -> None:
        aggregate.progress = progress["percent"]

    def keep(self, aggregate: Task, result: Mapping[str, Any]) -> None:
        """Nothing is outside of the task."""

    def succeeded(self, aggregate: Task, result: Mapping[str, Any]) -> None:
        aggregate.note_done(str(result["answer"]))

    def failed(self, aggregate: Task, reason: str) -> None:
        aggregate.record(ItemDeleted(item=aggregate.id, archive="a", images=[]))


def open_documents(folder: Path) -> SqliteDocuments:
    return SqliteDocuments(folder / "documents.db", COLLECTIONS)


def counters_in(documents: Documents, clock: Clock | None = None) -> Repository[Counter]:
    return Repository(documents, COUNTERS.name, Counter, source="a-service", clock=clock or SystemClock())


def tasks_in(documents: Documents, clock: Clock | None = None) -> Repository[Task]:
    return Repository(documents, TASKS.name, Task, source="a-service", clock=clock or SystemClock())


def add_task(documents: Documents, identifier: str, clock: Clock | None = None, **order: Any) -> Task:
    at = (clock or SystemClock()).now()
    return tasks_in(documents, clock).add(Task(id=identifier, job=Job.queued(at), order=order))
