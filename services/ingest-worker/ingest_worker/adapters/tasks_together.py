"""Tasks for confined children, what becomes of them, and which of them a child does together."""

import json
import math
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, TypeAlias

from ingest_worker.adapters.whole_folders import with_whole_folders
from ingest_worker.domain.budget import Budget, readable_bytes
from ingest_worker.domain.work_disk import WorkDiskFull

MOST_TOGETHER: Final = 128
KILLED: Final = "killed"
"""What is said of a task whose process, or the nursery of that, was ended from outside."""
UNEXPECTED: Final = (
    "The conversion stopped unexpectedly; the file is damaged, or of a kind the converter cannot cope with."
)


@dataclass(frozen=True)
class Task:
    """Work for one child.

    Parameters
    ----------
    function
        "module:name" of a function (arguments, *, budget, on_progress) that returns JSON-ready values.
    preload
        Modules worth importing once for all tasks of a kind.
    reads
        The files it is given; it can open no others.
    folder
        Where it writes, "" if nowhere; what lies there counts as what it holds on disk.
    target
        Another folder it may write to, "" for none; what lies there is counted by who ordered it.
    together
        Whether a child may do it along with others of its kind; saves small tasks a fork each.
    once
        Whether it is not done again after its process was killed, since who ordered it has another way.
    """

    function: str
    arguments: dict[str, Any]
    budget: Budget
    preload: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    folder: str = ""
    target: str = ""
    together: bool = False
    once: bool = False


@dataclass(frozen=True)
class Done:
    """The task returned these JSON values."""

    value: dict[str, Any]


@dataclass(frozen=True)
class Stopped:
    """The task ended without a result, for these reasons."""

    reasons: tuple[str, ...]


Outcome: TypeAlias = Done | Stopped
Batch: TypeAlias = deque[tuple[int, Task]]
"""Tasks, with their indices, that one child does; alike but for their arguments."""


def batches(tasks: Sequence[Task], jobs: int) -> Iterator[Batch]:
    """Put together what a child may do together, in enough batches for all jobs."""
    kinds: defaultdict[tuple[object, ...], list[tuple[int, Task]]] = defaultdict(list)
    for index, task in enumerate(tasks):
        kinds[(task.function, task.preload, task.budget) if task.together else (index,)].append((index, task))
    for alike in kinds.values():
        size = min(MOST_TOGETHER, math.ceil(len(alike) / jobs))
        for start in range(0, len(alike), size):
            yield deque(alike[start : start + size])


def order_line(batch: Batch) -> bytes:
    """Return what a nursery is told to have the tasks done."""
    _, task = batch[0]
    pieces = [each.arguments for _, each in batch]
    order = {
        "function": task.function,
        "pieces": pieces,
        "reads": with_whole_folders(path for _, each in batch for path in each.reads),
        "writes": [path for _, each in batch for path in (each.folder, each.target) if path],
        "budget": asdict(task.budget),
        "preload": task.preload,
    }
    return json.dumps(order).encode() + b"\n"


def outcome(message: dict[str, Any], budget: Budget) -> Outcome:
    """Return what a final message says about a task."""
    if "done" in message:
        return Done(message["done"])
    return Stopped(_reasons(message["stopped"], message["detail"], budget))


def _reasons(stopped: str, detail: str, budget: Budget) -> tuple[str, ...]:
    """Return the sentences for a task that was stopped.

    Raises
    ------
    WorkDiskFull
        Nobody's file is to blame.
    """
    if stopped == "disk full":
        raise WorkDiskFull
    limits = {
        "memory": f"it needed more than {readable_bytes(budget.memory_bytes)} of memory",
        "wall time": f"it took longer than {budget.wall_time_s:g} seconds",
        "cpu time": f"it needed more than {budget.cpu_time_s} seconds of processor time",
        "file size": (
            f"it would have written more than {readable_bytes(min(budget.file_bytes, budget.disk_bytes))}"
        ),
        "disk": f"with the rest of its upload it took more than {readable_bytes(budget.disk_bytes)} of disk",
        "open files": f"it opened more than {budget.open_files} files",
        KILLED: "its process was killed again and again, perhaps for want of memory",
    }
    if stopped in limits:
        return (f"The conversion was stopped: {limits[stopped]}.",)
    return (UNEXPECTED, f"Technical detail: {detail}.")
