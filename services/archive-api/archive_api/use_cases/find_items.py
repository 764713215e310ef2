"""Finds items of one archive for those who may use it, by conditions or all of them, page by page."""

from collections.abc import Sequence

from archive_api.domain.item import Item
from archive_api.domain.search_entry import entry_id
from archive_api.use_cases.browse_items import list_items_after
from archive_api.use_cases.library import Library
from archive_api.use_cases.paging import Place
from archive_api.use_cases.search_items import ByNumber, Condition, Found, Position, search_items
from archive_shared.errors import Invalid

MOST_SKIPPED = 10_000
_MOST_LOOKS = 10


def find_items(
    library: Library,
    token: str | None,
    *,
    archive: str | None,
    conditions: Sequence[Condition],
    after: Position | None,
    limit: int,
    order: ByNumber | None = None,
) -> Found:
    """Return a page of items; an archive the caller may not use has none.

    Raises
    ------
    Invalid
        No archive is named.
    """
    _, usable = library.require_usable(token)
    if archive is None:
        raise Invalid({"archive": ["Name the archive to be searched."]})
    if not (usable.everything or archive in usable.archives):
        return Found([], None)
    if conditions or order:
        return search_items(library, archive, conditions, after=after, limit=limit, order=order)
    return _all(library, archive, after, limit=limit)


def find_items_by_offset(
    library: Library,
    token: str | None,
    *,
    archive: str | None,
    conditions: Sequence[Condition],
    skip: int,
    limit: int,
    order: ByNumber | None = None,
) -> Found:
    """Return the page behind the first `skip` items: full, unless it is the last one.

    For clients that add to an offset until a page is empty, as the public one does. All that lies before the page is looked at
    again, so this does not go far.

    Raises
    ------
    Invalid
        No archive is named, or too much lies before the end of the page.
    """
    found: list[Item] = []
    after: Position | None = None
    for _ in range(_MOST_LOOKS if skip <= MOST_SKIPPED else 0):
        wanted = skip + limit - len(found)
        page = find_items(
            library, token, archive=archive, conditions=conditions, after=after, limit=wanted, order=order
        )
        found += page.items
        after = page.following
        if after is None or len(found) == skip + limit:
            return Found(found[skip:], after)
    raise Invalid({"offset": ["So far into what is filtered leads `next` alone; ask without an offset."]})


def _all(library: Library, archive: str, after: Position | None, *, limit: int) -> Found:
    found = list_items_after(library, archive, _place(after), limit=limit + 1)
    page = found[:limit]
    return Found(page, Position(entry_id(page[-1])) if len(found) > limit else None)


def _place(after: Position | None) -> Place | None:
    if after is None:
        return None
    at, _, identifier = after.identifier.rpartition("Z.")
    return f"{at}Z", identifier
