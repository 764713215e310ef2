"""Finds items for those with a role on their archive."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from archive_api.domain.image import ImageCard
from archive_api.domain.item import Item
from archive_api.domain.readiness import Readiness, Shown, item_readiness
from archive_api.domain.value import StoredFile
from archive_api.use_cases.browse_images import show_cards
from archive_api.use_cases.check_display import Display, displays_of
from archive_api.use_cases.count_items import count_items, count_items_of
from archive_api.use_cases.in_order import MOST_MERGED, Order, each_of, read_at, read_page
from archive_api.use_cases.library import Library
from archive_api.use_cases.paging import Place
from archive_shared.access import Action, Usable, require
from archive_shared.clock import to_text
from archive_shared.documents import Where
from archive_shared.errors import Invalid, NotFound

BY_AGE: Order[Item] = Order("created_at", lambda item: to_text(item.created_at))
ORDERS: Mapping[str, Order[Item]] = {
    "created": BY_AGE,
    "modified": Order("modified_at", lambda item: to_text(item.modified_at)),
    "title": Order("title", lambda item: item.title),
}
"""What items are ordered by, apart from values, which `archive_api.use_cases.search_items` does."""


@dataclass(frozen=True)
class ShownItem:
    """An item, how far it is, and what it is to be shown with."""

    item: Item
    readiness: Readiness
    display: Display


def list_items(
    library: Library,
    token: str | None,
    *,
    archive: str | None,
    skip: int,
    limit: int,
    order: Order[Item] = BY_AGE,
) -> tuple[int, list[ShownItem]]:
    """Return how many items the caller sees, and a page of them in order.

    An archive that does not exist and one the caller may not use look alike: empty. Large counts may lag behind (see
    `archive_api.use_cases.count_items`), but never so that the items behind this page are overlooked.

    Raises
    ------
    Invalid
        As `list_items_in_order`.
    """
    _, usable = library.require_usable(token)
    wheres = _wheres(usable, archive)
    if not wheres:
        return 0, []
    _require_index(wheres, order)
    key = archive or ("" if usable.everything else ",".join(sorted(usable.archives)))
    place = f"{key} {order.sort}"
    found = read_at(library.items, wheres, order, library.paging, place, skip=skip, limit=limit)
    seen = skip + len(found) if found else 0
    return max(_count(library, usable, archive, key), seen), show_items(library, found[:limit])


def _count(library: Library, usable: Usable, archive: str | None, key: str) -> int:
    if archive is not None:
        return count_items(library, archive)
    if usable.everything:
        return library.paging.count(key, lambda: library.items.count({"deleted": False}))
    return library.paging.count(key, lambda: count_items_of(library, usable.archives))


def list_items_in_order(
    library: Library,
    token: str | None,
    *,
    archive: str | None,
    order: Order[Item],
    after: Place | None,
    limit: int,
) -> tuple[list[Item], Place | None]:
    """Return the items behind a place, of one archive or of all the caller may use, and where the next page begins.

    Costs a page, however far it is.

    Raises
    ------
    Invalid
        No index has this order, since the items of too many archives would have to be sorted.
    """
    _, usable = library.require_usable(token)
    wheres = _wheres(usable, archive)
    if not wheres:
        return [], None
    _require_index(wheres, order)
    found = read_page(library.items, wheres, order, after, limit=limit + 1)
    return found[:limit], order.place(found[limit - 1]) if 0 < limit < len(found) else None


def _require_index(wheres: Sequence[Where], order: Order[Item]) -> None:
    """Refuse to sort what lies in more archives than can be read one by one; by age all items are indexed together."""
    is_one_by_one = all(isinstance(where.get("archive"), str) for where in wheres)
    if order.field != BY_AGE.field and not is_one_by_one:
        raise Invalid(
            {"ordering": [f"Of more than {MOST_MERGED} archives, items come by age; name an archive."]}
        )


def list_items_after(library: Library, archive: str, after: Place | None, *, limit: int) -> list[Item]:
    """Return the items of an archive behind a place, oldest first; costs a page, however far it is."""
    where: Where = {"archive": archive, "deleted": False}
    return read_page(library.items, [where], BY_AGE, after, limit=limit)


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


def _images_of(item: Item, shown: Mapping[str, Shown[ImageCard]]) -> list[Shown[ImageCard]]:
    return [shown[value.image] for value in item.values if value.image is not None and value.image in shown]


def _wheres(usable: Usable, archive: str | None) -> list[Where]:
    """Return the alternatives an item may meet to be in the list."""
    present: Where = {"deleted": False}
    if archive is not None:
        allowed = usable.everything or archive in usable.archives
        return [{**present, "archive": archive}] if allowed else []
    return [present] if usable.everything else each_of("archive", usable.archives, present)
