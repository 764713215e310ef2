"""Does one step of a task. Heard twice, it changes nothing more."""

from collections.abc import Callable, Mapping
from functools import partial

from archive_api.domain.task import Task, TaskState
from archive_api.use_cases.do_rows import do_rows
from archive_api.use_cases.library import Library
from archive_api.use_cases.plan_download import DOWNLOAD_TASK, Describing, go_on_planning
from archive_api.use_cases.take_snapshot import SNAPSHOT_TASK, go_on_freezing
from archive_shared.events import TaskDue


def do_step(library: Library, event: TaskDue, describing: Describing) -> None:
    """Do the step that is due, unless it was done before."""
    steps: Mapping[str, Callable[[Library, Task], None]] = {
        "bulk": do_rows,
        SNAPSHOT_TASK: go_on_freezing,
        DOWNLOAD_TASK: partial(go_on_planning, describing=describing),
    }
    task = library.tasks.get(event.task)
    if task is not None and task.step == event.step and task.state is not TaskState.DONE:
        steps[task.kind](library, task)
