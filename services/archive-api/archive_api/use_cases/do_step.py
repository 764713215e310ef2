"""Does one step of a task. Heard twice, it changes nothing more."""

from collections.abc import Callable, Mapping

from archive_api.domain.task import Task, TaskState
from archive_api.use_cases.do_rows import do_rows
from archive_api.use_cases.library import Library
from archive_api.use_cases.take_snapshot import SNAPSHOT_TASK, go_on_freezing
from archive_shared.events import TaskDue

_STEPS: Mapping[str, Callable[[Library, Task], None]] = {"bulk": do_rows, SNAPSHOT_TASK: go_on_freezing}


def do_step(library: Library, event: TaskDue) -> None:
    """Do the step that is due, unless it was done before."""
    task = library.tasks.get(event.task)
    if task is not None and task.step == event.step and task.state is not TaskState.DONE:
        _STEPS[task.kind](library, task)
