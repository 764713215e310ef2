"""Does a step of a task on rows: many things to do with items."""

import json
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Any

from archive_api.domain.image_rules import WITH_IDENTITY, identity_error
from archive_api.domain.item import Item
from archive_api.domain.task import RowError, Task, rows_key
from archive_api.use_cases.archive_quota import is_full
from archive_api.use_cases.bulk import read_values
from archive_api.use_cases.edit_items import title_taken
from archive_api.use_cases.hold import hold_images
from archive_api.use_cases.library import Library
from archive_api.use_cases.link_services import Linked, require_unlinked_item
from archive_shared.access import Action, Question
from archive_shared.documents import one_of
from archive_shared.errors import Duplicate, Invalid, NotFound, Outdated
from archive_shared.identifiers import derived_id

Row = Mapping[str, Any]
"""A row as it is stored."""


def do_rows(library: Library, task: Task) -> None:
    """Do the rows of the step that is due, each for itself, and note how they went.

    Whoever began the task must still have the right to it: a role that was taken away ends it at the next step.
    """
    rows = json.loads(library.media_blobs.read(rows_key(task.id, task.step)))
    unusable = _unusable(library, task.archive, {image for row in rows for image in _images(row)})
    present = library.archive(task.archive) is not None  # else nobody would forget what is weighed of it
    step = _Step(library, task, unusable, is_full=present and is_full(library, task.archive))
    first, refused = task.done + task.failed, _refused(library, task)
    errors = [
        RowError(number, reasons)
        for number, row in enumerate(rows, start=first)
        if (reasons := refused.get(row["operation"]) or _do(step, number, row))
    ]
    now = library.clock.now()
    library.tasks.change(
        task.id, lambda present: present.end_step(task.step, rows=len(rows), errors=errors, at=now)
    )


@dataclass(frozen=True)
class _Step:
    """What the rows of a step have in common.

    Parameters
    ----------
    unusable
        Images that cannot be used any more, and why.
    is_full
        Whether the archive takes no more images.
    """

    library: Library
    task: Task
    unusable: Mapping[str, str]
    is_full: bool

    def require_room(self, row: Row, held: Iterable[str]) -> None:
        """Raise `Invalid` for images the item does not hold yet when there is no room."""
        if self.is_full and _images(row) - set(held):
            raise Invalid({"": ["The archive is full."]})


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


def _images(row: Row) -> set[str]:
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


def _do(step: _Step, number: int, row: Row) -> list[str]:
    """Do one row; say why it cannot be done, or nothing."""
    if reasons := [step.unusable[image] for image in sorted(_images(row) & step.unusable.keys())]:
        return reasons
    try:
        if step.library.archive(step.task.archive) is None:
            return ["The archive was deleted."]
        _ACTIONS[row["operation"]](step, number, row)
    except Invalid as error:
        return [reason for reasons in error.errors.values() for reason in reasons]
    except (Linked, Outdated) as error:
        return [str(error)]
    except NotFound:
        return ["The item is not in this archive any more."]
    return []


def _create(step: _Step, number: int, row: Row) -> None:
    library, task = step.library, step.task
    identifier = derived_id("item", task.id, str(number))
    if library.items.get(identifier) is not None:  # this row was done before
        return
    step.require_room(row, held=())
    item = Item.create(
        id=identifier,
        archive=task.archive,
        title=row["title"] or "",
        values=read_values(row),
        at=library.clock.now(),
        by=task.creator,
    )
    try:
        library.items.add(item)
    except Duplicate as error:
        if library.items.get(item.id) is None:  # nobody does the same step at the same time
            raise title_taken() from error


def _edit(step: _Step, number: int, row: Row) -> None:
    task, now = step.task, step.library.clock.now()

    def apply(item: Item) -> None:
        item.require_in(task.archive)
        if not _is_as_wanted(item, row):  # as it is when the step is heard twice
            item.require_version(row.get("version"))
        step.require_room(row, item.images)
        if row["title"] is not None:
            item.rename(row["title"], at=now, by=task.creator)
        for socket in row["removed"]:
            item.remove(socket, at=now, by=task.creator)
        for value in read_values(row):
            item.put(value, at=now, by=task.creator)

    try:
        step.library.items.change(row["item"], apply)
    except Duplicate as error:
        raise title_taken() from error


def _is_as_wanted(item: Item, row: Row) -> bool:
    filled = {**item.by_socket, **item.arriving}
    return (
        row["title"] in (None, item.title)
        and not any(socket in filled for socket in row["removed"])
        and all(filled.get(value.socket) == value for value in read_values(row))
    )


def _delete(step: _Step, number: int, row: Row) -> None:
    require_unlinked_item(step.library, row["item"])
    task, now = step.task, step.library.clock.now()

    def apply(item: Item) -> None:
        item.require_in(task.archive)
        if not item.deleted:
            item.require_version(row.get("version"))
        item.leave(at=now, by=task.creator)

    step.library.items.change(row["item"], apply)


_ACTIONS = {"create": _create, "edit": _edit, "delete": _delete}
