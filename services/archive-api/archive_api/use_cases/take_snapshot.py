"""Makes a snapshot of an archive: the pages first, then the snapshot, which is there only when it is whole."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from archive_api.domain.history import Actor
from archive_api.domain.image import Image
from archive_api.domain.snapshot import Citation, FrozenItem, Snapshot, SnapshotDraft, freeze
from archive_api.domain.task import Task
from archive_api.use_cases.library import Library
from archive_api.use_cases.paging import Place
from archive_api.use_cases.read_contents import HeldItem, read_items
from archive_shared.access import Action, Caller, Question
from archive_shared.clock import to_text
from archive_shared.documents import one_of
from archive_shared.errors import Conflict, Duplicate, Invalid, NotFound
from archive_shared.identifiers import new_id

MOST_ITEMS = 1_000_000
MOST_AT_ONCE = 10_000
"""So many are frozen while the client waits."""

SNAPSHOT_TASK = "snapshot"
_ATTEMPTS = 20


@dataclass(frozen=True, kw_only=True)
class WantedSnapshot:
    """What an editor says of a new snapshot."""

    title: str
    citation: Citation


def take_snapshot(
    library: Library, caller: Caller, archive: str, identifier: str, wanted: WantedSnapshot
) -> Snapshot | Task:
    """Freeze the items of an archive as they are, under an identifier; twice gives the same snapshot.

    Every item is frozen as a whole; one that is changed meanwhile may be in it as before or as after the change.
    Costs a read of each item and image, and takes none of their bytes. Of more than `MOST_AT_ONCE`, it is made by the task that
    is returned, and is there when the task is done.

    Raises
    ------
    Conflict
        A slide of the archive is still being converted, so its files are not what they will be.
    Invalid
        There are more than `MOST_ITEMS`.
    NotFound
        The archive was deleted meanwhile.
    """
    present = library.snapshots.get(identifier) or library.tasks.get(identifier)
    if present is not None:
        return present
    count = library.items.count({"archive": archive, "deleted": False}, limit=MOST_ITEMS + 1)
    if count > MOST_ITEMS:
        raise Invalid({"": [f"An archive of more than {MOST_ITEMS} items cannot have a version."]})
    draft = SnapshotDraft(
        id=identifier,
        archive=archive,
        title=wanted.title,
        citation=wanted.citation,
        attempt=new_id(),
        creator=Actor.of(caller),
        created_at=library.clock.now(),
    )
    if count > MOST_AT_ONCE:
        return _begin_task(library, draft, count)
    while _freeze_page(library, draft):
        pass
    return _add(library, draft.finished(at=library.clock.now()))


def _begin_task(library: Library, draft: SnapshotDraft, count: int) -> Task:
    with suppress(Duplicate):
        library.snapshot_drafts.add(draft)
    task = Task.begin(
        id=draft.id,
        kind=SNAPSHOT_TASK,
        archive=draft.archive,
        creator=draft.creator,
        total=count,
        at=draft.created_at,
        open_ended=True,
    )
    try:
        return library.tasks.add(task)
    except Duplicate:
        return library.tasks.require(draft.id)


def go_on_freezing(library: Library, task: Task) -> None:
    """Freeze the next page of a snapshot that is made by a task; when there is none, the snapshot is there.

    Whoever began it must still be an editor.
    """
    made, draft = library.snapshots.get(task.id), library.snapshot_drafts.get(task.id)
    if made is not None or draft is None:  # this step was done before, and died while it ended the task
        _end(library, task, made, "It could not be made.")
        return
    if reason := _refusal(library, task):
        _end(library, task, None, reason)
        return
    try:
        goes_on = _freeze_page(library, draft)
    except Conflict as error:
        _end(library, task, None, str(error))
        return
    if not goes_on:
        _end(library, task, _add(library, draft.finished(at=library.clock.now())), "")
        return
    library.snapshot_drafts.save(draft)
    now = library.clock.now()
    library.tasks.change(task.id, lambda present: present.go_on(task.step, done=draft.items, at=now))


def _refusal(library: Library, task: Task) -> str:
    """Say why a snapshot must not be made any more, "" if it may."""
    if library.archive(task.archive) is None:
        return "The archive was deleted."
    question = Question(Action.CHANGE_ARCHIVE, task.archive)
    allowed = all(library.access.ask_about(task.creator.id, [question]).allowed)
    return "" if allowed else "You may not do this any more."


def _end(library: Library, task: Task, made: Snapshot | None, error: str) -> None:
    library.snapshot_drafts.delete(task.id)
    now, done = library.clock.now(), made.items if made else task.done
    library.tasks.change(task.id, lambda present: present.end(done=done, error="" if made else error, at=now))
    library.snapshot_drafts.delete(task.id)


def _freeze_page(library: Library, draft: SnapshotDraft) -> bool:
    """Store the next page of a draft and go on behind it; tell whether there was one."""
    after = (draft.after[0], draft.after[1]) if draft.after else None
    page = draft.next_page(_frozen_items(library, draft.archive, after))
    if page is None:
        return False
    try:
        library.snapshot_pages.add(page)
    except Duplicate:
        page = library.snapshot_pages.require(page.id)
    last = library.items.require(page.entries[-1].item)
    draft.take_in(page, last_created=to_text(last.created_at))
    return True


def _add(library: Library, snapshot: Snapshot) -> Snapshot:
    """Store it, and look for its archive then: who deletes that drops what is stored by then. Raises `NotFound` without one."""
    added = _numbered(library, snapshot)
    if library.archive(added.archive) is None:
        library.snapshots.delete(added.id)
        raise NotFound(f"archive {added.archive} was deleted")
    return added


def _numbered(library: Library, snapshot: Snapshot) -> Snapshot:
    """Store it under the next number of its archive."""
    for _ in range(_ATTEMPTS):
        last = library.snapshots.find({"archive": snapshot.archive}, sort=[("number", -1)], limit=1)
        snapshot.number = last[0].number + 1 if last else 1
        try:
            return library.snapshots.add(snapshot)
        except Duplicate:
            present = library.snapshots.get(snapshot.id)
            if present is not None:  # the same request did it at the same time
                return present
    raise Conflict("Versions of this archive are being made too fast; try again.")


def _frozen_items(library: Library, archive: str, after: Place | None) -> Iterator[FrozenItem]:
    for held in read_items(library, archive, after):
        _require_settled(library, held)
        yield freeze(held.item, held.images)


def _require_settled(library: Library, held: HeldItem) -> None:
    slides = [image.id for image in held.images if _may_change(image)]
    if not slides:
        return
    failed = {each.id for each in library.renderings.find({"_id": one_of(slides)}) if each.failure}
    if set(slides) - failed:
        raise Conflict(f"Slides of the item {held.item.id} are still being converted; try again later.")


def _may_change(image: Image) -> bool:
    """Tell whether it is a slide whose file will be replaced by the one with all levels."""
    return not image.pixels_sha256 and not image.slide_is_complete
