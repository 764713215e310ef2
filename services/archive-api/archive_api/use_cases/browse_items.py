"""Finds items for those with a role on their archive."""

from collections.abc import Sequence
from dataclasses import dataclass

from archive_api.domain.item import Item
from archive_api.domain.readiness import Readiness, item_readiness
from archive_api.use_cases.browse_images import show_images
from archive_api.use_cases.library import Library
from archive_shared.access import Action, Usable, require
from archive_shared.documents import Where, one_of
from archive_shared.errors import NotFound


@dataclass(frozen=True)
class ShownItem:
    """An item and how far it is."""

    item: Item
    readiness: Readiness


def list_items(
    library: Library, token: str | None, *, archive: str | None, skip: int, limit: int
) -> tuple[int, list[ShownItem]]:
    """Return how many items the caller sees, and a page of them, oldest first.

    An archive that does not exist and one the caller may not use look alike: empty.
    """
    _, usable = library.require_usable(token)
    where = _where(usable, archive)
    if where is None:
        return 0, []
    found = library.items.find(where, sort=[("created_at", 1)], skip=skip, limit=limit)
    return library.items.count(where), show_items(library, found)


def find_item(library: Library, token: str | None, identifier: str, action: Action) -> Item:
    """Return an item if the caller may do this in its archive.

    Raises
    ------
    Unauthenticated
        Nobody we know is calling.
    NotFound
        It does not exist, or the caller may not see it.
    Forbidden
        They see it, but may not do this.
    """
    item = library.items.get(identifier)
    if item is None or item.deleted:
        library.require_caller(token)
        raise NotFound(f"item {identifier} does not exist")
    require(library.access, token, action, item.archive)
    return item


def show_items(library: Library, items: Sequence[Item]) -> list[ShownItem]:
    """Add to each item how far it is; two searches for all of them together."""
    wanted = {value.image for item in items for value in item.values}
    shown = {each.image.id: each for each in show_images(library, sorted(wanted))}
    return [
        ShownItem(item, item_readiness([shown[value.image] for value in item.values if value.image in shown]))
        for item in items
    ]


def _where(usable: Usable, archive: str | None) -> Where | None:
    if archive is not None:
        allowed = usable.everything or archive in usable.archives
        return {"archive": archive, "deleted": False} if allowed else None
    if usable.everything:
        return {"deleted": False}
    return {"archive": one_of(sorted(usable.archives)), "deleted": False} if usable.archives else None
