"""Shows people how far their tasks are."""

from archive_api.domain.task import Task, tasks_for
from archive_api.use_cases.library import Library
from archive_shared.errors import NotFound


def list_tasks(library: Library, token: str | None, *, skip: int, limit: int) -> tuple[int, list[Task]]:
    """Return how many tasks the caller began, in archives that their token is good for, and a page of them, newest first."""
    mine = tasks_for(library.require_caller(token))
    found = library.tasks.find(mine, sort=[("created_at", -1)], skip=skip, limit=limit)
    return library.tasks.count(mine), found


def find_task(library: Library, token: str | None, identifier: str) -> Task:
    """Return a task of the caller's; `NotFound` for those of others, and in archives that their token is not good for."""
    caller = library.require_caller(token)
    task = library.tasks.require(identifier)
    if not task.is_for(caller):
        raise NotFound(f"task {identifier} may not be seen")
    return task
