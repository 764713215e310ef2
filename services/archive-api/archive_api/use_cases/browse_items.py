"""Finds items for those with a role on their archive."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from archive_api.domain.image import ImageCard
from archive_api.domain.item import Item
from archive_api.domain.readiness import Readiness, Shown, item_readiness
from archive_api.domain.value import StoredFile
from archive_api.use_cases.browse_images import show_cards
from archive_api.use_cases.check_display import Display, displays_of
from archive_api.use_cases.count_items import count_items, count_items_of
from archive_api.use_cases.library import Library
from archive_shared.access import Action, Usable, require
from archive_shared.clock import to_text
from archive_shared.documents import Where, more_than, one_of
from archive_shared.errors import NotFound


@dataclass(frozen=True)
class ShownItem:
    """An item, how far it is, and what it is to be shown with."""

    item: Item
    readiness: Readiness
    display: Display


def list_items(
    library: Library, token: str | None, *, archive: str | None, skip: int, limit: int
) -> tuple[int, list[ShownItem]]:
    """Return how many items the caller sees, and a page of them, oldest first.

    An archive that does not exist and one the caller may not use look alike: empty. Large counts may lag behind (see
    `archive_api.use_cases.count_items`), but never so that the items behind this page are overlooked.
    """
    _, usable = library.require_usable(token)
    where = _where(usable, archive)
    if where is None:
        return 0, []
    key = archive or ("" if usable.everything else ",".join(sorted(usable.archives)))
    found = _page(library, where, key, skip=skip, limit=limit + 1)
    shown = found[:limit]
    if len(found) > limit:
        library.paging.keep_bookmark(key, skip + limit, (shown[-1].created_at, shown[-1].id))
    seen = skip + len(found) if found else 0
    return max(_count(library, usable, archive, key), seen), show_items(library, shown)


def _count(library: Library, usable: Usable, archive: str | None, key: str) -> int:
    if archive is not None:
        return count_items(library, archive)
    if usable.everything:
        return library.paging.count(key, lambda: library.items.count({"deleted": False}))
    return library.paging.count(key, lambda: count_items_of(library, usable.archives))


def list_items_after(
    library: Library, archive: str, after: tuple[datetime, str] | None, *, limit: int
) -> list[Item]:
    """Return the items of an archive behind a place, oldest first; costs a page, however far it is."""
    return _after(library, {"archive": archive, "deleted": False}, after, limit=limit)


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


def find_value_file(library: Library, token: str | None, item: str, value: int, name: str) -> StoredFile:
    """Return a file in a socket of an item the caller may see; raise like `find_item`."""
    found = find_item(library, token, item, Action.USE_ARCHIVE)
    for each in found.values:
        if each.file is not None and (each.number, each.file.name) == (value, name):
            return each.file
    raise NotFound(f"item {item} has no such file")


def show_items(library: Library, items: Sequence[Item]) -> list[ShownItem]:
    """Add to each item how far it is and how it is shown; a few searches for all of them together."""
    wanted = {value.image for item in items for value in item.values if value.image is not None}
    shown = {each.image.id: each for each in show_cards(library, sorted(wanted))}
    displays = displays_of(library, {item.archive for item in items})
    return [
        ShownItem(item, item_readiness(item, _images_of(item, shown)), displays.get(item.archive, Display()))
        for item in items
    ]


def _page(library: Library, where: Where, key: str, *, skip: int, limit: int) -> list[Item]:
    place = library.paging.bookmark(key, skip) if skip else None
    if place is None:
        return library.items.find(where, sort=[("created_at", 1)], skip=skip, limit=limit)
    return _after(library, where, place, limit=limit)


def _after(library: Library, where: Where, place: tuple[datetime, str] | None, *, limit: int) -> list[Item]:
    """Read on behind a place: the rest of what is exactly as old, then what is younger."""
    if place is None:
        return library.items.find(where, sort=[("created_at", 1)], limit=limit)
    at = to_text(place[0])
    found = library.items.find(
        {**where, "created_at": at, "_id": more_than(place[1])}, sort=[("created_at", 1)], limit=limit
    )
    if len(found) < limit:
        younger = {**where, "created_at": more_than(at)}
        found += library.items.find(younger, sort=[("created_at", 1)], limit=limit - len(found))
    return found


def _images_of(item: Item, shown: Mapping[str, Shown[ImageCard]]) -> list[Shown[ImageCard]]:
    return [shown[value.image] for value in item.values if value.image is not None and value.image in shown]


def _where(usable: Usable, archive: str | None) -> Where | None:
    if archive is not None:
        allowed = usable.everything or archive in usable.archives
        return {"archive": archive, "deleted": False} if allowed else None
    if usable.everything:
        return {"deleted": False}
    return {"archive": one_of(sorted(usable.archives)), "deleted": False} if usable.archives else None
