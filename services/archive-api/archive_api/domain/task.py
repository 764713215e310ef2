"""Tasks: long work on many items, done step by step, so that it shows how far it is and survives any crash.

Each step is announced by the change that ended the one before it, so exactly the next one is due. A step that is
heard twice finds that the task went on; a step that died half-way is heard again and finds half of it done.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from archive_api.domain.history import Actor
from archive_shared.access import Caller
from archive_shared.documents import Aggregate, Collection, Where, one_of
from archive_shared.documents.repository import OUTBOX_FIELDS, OUTBOX_INDEX
from archive_shared.events import TaskDue

ROWS_PER_STEP = 100
MOST_ROWS = 10_000
MOST_ERRORS = 1000


class TaskState(StrEnum):
    """How far a task is."""

    RUNNING = "running"
    DONE = "done"


@dataclass(frozen=True)
class RowError:
    """A row of a task that could not be done, and why."""

    row: int
    reasons: list[str]


@dataclass(kw_only=True)
class Task(Aggregate):
    """Work on rows, each of which stands for an item.

    Parameters
    ----------
    creator
        Who asked for it; nobody else sees it.
    step
        How many steps are done.
    done, failed
        How many rows went well, and how many did not.
    errors
        What went wrong, of the first thousand rows that failed.
    open_ended
        Whether it ends when `end` says so, since nobody knows beforehand how much there is; `total` is a guess then.
    ended
        Whether an open-ended task is over.
    """

    kind: str
    archive: str
    creator: Actor
    total: int
    step: int = 0
    done: int = 0
    failed: int = 0
    errors: list[RowError] = field(default_factory=list)
    open_ended: bool = False
    ended: bool = False
    created_at: datetime
    modified_at: datetime

    @classmethod
    def begin(
        cls,
        *,
        id: str,
        kind: str,
        archive: str,
        creator: Actor,
        total: int,
        at: datetime,
        open_ended: bool = False,
    ) -> "Task":
        """Return a new task whose first step is due."""
        task = cls(
            id=id,
            kind=kind,
            archive=archive,
            creator=creator,
            total=total,
            open_ended=open_ended,
            created_at=at,
            modified_at=at,
        )
        if task.state is TaskState.RUNNING:
            task.record(TaskDue(task=id, step=0))
        return task

    def is_for(self, caller: Caller) -> bool:
        """Tell whether it is the caller's, and in an archive that the token they came with is good for."""
        return self.creator.id == caller.id and caller.reaches(self.archive)

    @property
    def state(self) -> TaskState:
        is_over = self.ended if self.open_ended else self.step * ROWS_PER_STEP >= self.total
        return TaskState.DONE if is_over else TaskState.RUNNING

    def end_step(self, step: int, *, rows: int, errors: list[RowError], at: datetime) -> None:
        """Note what came of a step, and that the next one is due; nothing happens when it ended before."""
        if step != self.step:
            return
        self.step, self.modified_at = step + 1, at
        self.done += rows - len(errors)
        self.failed += len(errors)
        self.errors = [*self.errors, *errors][:MOST_ERRORS]
        if self.state is TaskState.RUNNING:
            self.record(TaskDue(task=self.id, step=self.step))

    def go_on(self, step: int, *, done: int, at: datetime) -> None:
        """Note how much of an open-ended task is done after a step, and that the next one is due."""
        if step != self.step or self.ended:
            return
        self.step, self.modified_at = step + 1, at
        self.done, self.total = done, max(self.total, done)
        self.record(TaskDue(task=self.id, step=self.step))

    def end(self, *, done: int, error: str = "", at: datetime) -> None:
        """Note that an open-ended task is over: with everything done, or with nothing because of an error."""
        if self.ended:
            return
        self.ended, self.modified_at = True, at
        self.done, self.failed = (0, max(self.total, done)) if error else (done, 0)
        self.total = self.done + self.failed
        self.errors = [RowError(done, [error])] if error else []


TASKS = Collection(
    "tasks",
    fields={
        **OUTBOX_FIELDS,
        "creator": "creator.id",
        "archive": "archive",
        "created_at": "created_at",
    },
    indexes=[
        OUTBOX_INDEX,
        ("creator", "created_at", "_id"),
        ("creator", "archive", "created_at", "_id"),
    ],
)


def tasks_for(caller: Caller) -> Where:
    """Return the condition for what `Task.is_for` tells."""
    limit = {} if caller.archives is None else {"archive": one_of(sorted(caller.archives))}
    return {"creator": caller.id} | limit


def rows_key(task: str, step: int) -> str:
    """Return the key of the rows of one step in the bucket `media`."""
    return f"tasks/{task}/{step:06}.json"
