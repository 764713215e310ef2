"""Deletes archives, in two steps: ask, and confirm with the code that was given."""

from contextlib import suppress
from datetime import datetime

from archive_api.domain.archive import Archive, Deletion
from archive_api.domain.history import Actor
from archive_api.domain.item import Item
from archive_api.use_cases.browse_snapshots import drop_snapshots_of, require_uncited
from archive_api.use_cases.library import Library
from archive_api.use_cases.link_services import require_unlinked_archive
from archive_shared.access import Caller
from archive_shared.errors import Conflict, NotFound

_AT_ONCE = 200


def ask_for_deletion(library: Library, caller: Caller, archive: Archive, code: str) -> Deletion:
    """Note the wish under a code; a later wish takes the place of an earlier one."""
    now, by = library.clock.now(), Actor.of(caller)
    asked = library.archives.change(archive.id, lambda present: present.ask_for_deletion(code, at=now, by=by))
    assert asked.deletion is not None
    return asked.deletion


def hindrances(library: Library, archive: str) -> list[str]:
    """Say what stands against the deletion of an archive now; nothing if nothing does."""
    found = []
    for check in (require_uncited, require_unlinked_archive):
        try:
            check(library, archive)
        except Conflict as error:
            found.append(str(error))
    return found


def delete_archive(library: Library, caller: Caller, archive: Archive, code: str) -> None:
    """Delete an archive; from now on nobody sees it. Its items follow when its own announcement is heard.

    Raises
    ------
    Conflict
        Nobody asked for it within the last hour, or with another code; or others refer to it, or may cite it.
    """
    require_uncited(library, archive.id)
    require_unlinked_archive(library, archive.id)
    now, by = library.clock.now(), Actor.of(caller)
    library.archives.change(archive.id, lambda present: present.delete(code, at=now, by=by))


def delete_items_of(library: Library, archive: str) -> None:
    """Delete the items and snapshots of a deleted archive; all that are left, when it is done again."""
    drop_snapshots_of(library, archive)
    library.tallies.delete(archive)  # nobody will ask, so their going need not be counted
    library.weights.delete(archive)
    now = library.clock.now()
    while found := library.items.find({"archive": archive, "deleted": False}, limit=_AT_ONCE):
        for item in found:
            library.items.change(item.id, lambda present: present.leave(at=now))


def follow_archive(library: Library, archive: str, item: str) -> None:
    """Delete an item that came to an archive just when that was deleted: whoever put it there had looked before.

    The items of the archive may have been deleted by then, and nobody would ever look for one more. Repeating it changes nothing.
    """
    found = library.archives.get(archive)
    if found is None or not found.deleted:
        return
    now = library.clock.now()
    with suppress(NotFound):
        library.items.change(item, lambda present: _leave_with(archive, present, now))


def _leave_with(archive: str, item: Item, at: datetime) -> None:
    if item.archive == archive:  # else it was moved out in time
        item.leave(at=at)
