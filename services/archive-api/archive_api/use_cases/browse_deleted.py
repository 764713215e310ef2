"""Finds what was deleted and can still be restored, for those who may restore it."""

from datetime import datetime

from archive_api.domain.item import Item
from archive_api.use_cases.change_archive import require_editor
from archive_api.use_cases.library import Library
from archive_api.use_cases.move_items import RESTORE_WITHIN
from archive_shared.clock import to_text
from archive_shared.documents import Where, at_least


def list_deleted(
    library: Library, token: str | None, archive: str, *, skip: int, limit: int
) -> tuple[int, list[Item]]:
    """Return how many items of an archive can be restored, and a page of them, the last deleted first; for editors."""
    require_editor(library, token, archive)
    since = to_text(library.clock.now() - RESTORE_WITHIN)
    where: Where = {"archive": archive, "deleted": True, "deleted_at": at_least(since)}
    found = library.items.find(where, sort=[("deleted_at", -1)], skip=skip, limit=limit)
    return library.items.count(where), found


def restorable_until(item: Item) -> datetime:
    """Return when it is too late to restore a deleted item."""
    assert item.deleted_at is not None
    return item.deleted_at + RESTORE_WITHIN
