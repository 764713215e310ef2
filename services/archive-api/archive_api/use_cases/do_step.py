"""Does one step of a task. Heard twice, it changes nothing more."""

import json
from collections.abc import Mapping, Set
from typing import Any

from archive_api.domain.image_rules import WITH_IDENTITY, identity_error
from archive_api.domain.item import Item
from archive_api.domain.task import RowError, Task, TaskState, rows_key
from archive_api.use_cases.bulk import read_values
from archive_api.use_cases.edit_items import title_taken
from archive_api.use_cases.hold import hold_images
from archive_api.use_cases.library import Library
from archive_api.use_cases.link_services import Linked, require_unlinked_item
from archive_shared.access import Action, Question
from archive_shared.documents import one_of
from archive_shared.errors import Duplicate, Invalid, NotFound
from archive_shared.events import TaskDue
from archive_shared.identifiers import derived_id


def do_step(library: Library, event: TaskDue) -> None:
    """Do the rows of a step, each for itself, and note how they went.

    Whoever began the task must still have the right to it: a role that was taken away ends it at the next step.
    """
    task = library.tasks.get(event.task)
    if task is None or task.step != event.step or task.state is TaskState.DONE:
        return
    rows = json.loads(library.media_blobs.read(rows_key(task.id, event.step)))
    unusable = _unusable(library, task.archive, {image for row in rows for image in _images(row)})
    first, refused = task.done + task.failed, _refused(library, task)
    errors = [
        RowError(number, reasons)
        for number, row in enumerate(rows, start=first)
        if (reasons := refused.get(row["operation"]) or _do(library, task, number, row, unusable))
    ]
    now = library.clock.now()
    library.tasks.change(
        task.id, lambda present: present.end_step(event.step, rows=len(rows), errors=errors, at=now)
    )


def _refused(library: Library, task: Task) -> dict[str, list[str]]:
    """Return why, by operation, whoever began the task may not do it now."""
    actions = {"create": Action.UPLOAD, "edit": Action.UPLOAD, "delete": Action.CHANGE_ARCHIVE}
    questions = [Question(action, task.archive) for action in actions.values()]
    answers = library.access.ask_about(task.creator.id, questions)
    return {
        operation: ["You may not do this any more."]
        for operation, allowed in zip(actions, answers.allowed, strict=True)
        if not allowed
    }


def _images(row: Mapping[str, Any]) -> set[str]:
    return {value["image"] for value in row["values"] if value["image"] is not None}


def _unusable(library: Library, archive: str, images: Set[str]) -> dict[str, str]:
    """Keep images from being removed; return why some cannot be used any more, though they could when the task began."""
    if not images:
        return {}
    reasons = dict.fromkeys(hold_images(library, images), "An image it names was removed.")
    found = library.archive(archive)
    for image in library.images.find({"_id": one_of(sorted(images - reasons.keys()))}):
        if identity_error(found, image):
            reasons[image.id] = WITH_IDENTITY
    return reasons


def _do(
    library: Library, task: Task, number: int, row: Mapping[str, Any], unusable: Mapping[str, str]
) -> list[str]:
    """Do one row; say why it cannot be done, or nothing."""
    if reasons := [unusable[image] for image in sorted(_images(row) & unusable.keys())]:
        return reasons
    try:
        if library.archive(task.archive) is None:
            return ["The archive was deleted."]
        _ACTIONS[row["operation"]](library, task, number, row)
    except Invalid as error:
        return [reason for reasons in error.errors.values() for reason in reasons]
    except Linked as error:
        return [str(error)]
    except NotFound:
        return ["The item is not in this archive any more."]
    return []


def _create(library: Library, task: Task, number: int, row: Mapping[str, Any]) -> None:
    item = Item.create(
        id=derived_id("item", task.id, str(number)),
        archive=task.archive,
        title=row["title"] or "",
        values=read_values(row),
        at=library.clock.now(),
        by=task.creator,
    )
    try:
        library.items.add(item)
    except Duplicate as error:
        if library.items.get(item.id) is None:  # it is not that this row was done before
            raise title_taken() from error


def _edit(library: Library, task: Task, number: int, row: Mapping[str, Any]) -> None:
    now = library.clock.now()

    def apply(item: Item) -> None:
        item.require_in(task.archive)
        if row["title"] is not None:
            item.rename(row["title"], at=now, by=task.creator)
        for socket in row["removed"]:
            item.remove(socket, at=now, by=task.creator)
        for value in read_values(row):
            item.put(value, at=now, by=task.creator)

    try:
        library.items.change(row["item"], apply)
    except Duplicate as error:
        raise title_taken() from error


def _delete(library: Library, task: Task, number: int, row: Mapping[str, Any]) -> None:
    require_unlinked_item(library, row["item"])
    now = library.clock.now()

    def apply(item: Item) -> None:
        item.require_in(task.archive)
        item.leave(at=now, by=task.creator)

    library.items.change(row["item"], apply)


_ACTIONS = {"create": _create, "edit": _edit, "delete": _delete}
