"""Lets viewers elsewhere look at one item, in the name of the person who opened it; see `archive_shared.viewing`."""

from archive_api.domain.item import Item
from archive_api.use_cases.browse_items import find_item
from archive_api.use_cases.check_display import Display, displays_of
from archive_api.use_cases.library import Library
from archive_shared.access import Action
from archive_shared.errors import NotFound, Unauthenticated
from archive_shared.viewing import Viewing


def open_item(library: Library, token: str | None, identifier: str) -> tuple[Display, Viewing, str]:
    """Return what an item is opened with, and a viewing to begin with, for the link that leads there.

    Raises
    ------
    Unauthenticated, NotFound
        As for reading the item.
    NotFound
        Its archive has no viewer.
    """
    item = find_item(library, token, identifier, Action.USE_ARCHIVE)
    assert token is not None  # else the item had not been found
    display = displays_of(library, [item.archive])[item.archive]
    if display.viewer is None:
        raise NotFound(f"the archive of item {identifier} has no viewer")
    return display, *library.viewings.issue(token, identifier, started=False)


def begin_viewing(library: Library, token: str | None, identifier: str) -> tuple[Viewing, str]:
    """Return a viewing of an item, for the one of its link, or for a token.

    Raises
    ------
    Unauthenticated
        Nobody is asking, or with a viewing that has begun: those end, so that nobody looks on for ever.
    NotFound
        The item does not exist for the caller, or it is not what the link is for.
    """
    present = library.viewings.read(token)
    if present is not None and present.started:
        raise Unauthenticated("This viewing has begun; open the item again for another one.")
    if present is not None and present.item != identifier:
        raise NotFound(f"item {identifier} is not what the viewing is for")
    holder = token if present is None else present.token
    find_item(library, holder, identifier, Action.USE_ARCHIVE)
    assert holder is not None
    return library.viewings.issue(holder, identifier, started=True)


def looking_at_item(library: Library, token: str | None, identifier: str) -> str | None:
    """Return the token to read an item with: the caller's own, or the one of a viewing of this item.

    Raises
    ------
    Unauthenticated
        It is a viewing that is not valid, or has not begun.
    NotFound
        It is a viewing of something else.
    """
    viewing = _begun(library, token)
    if viewing is None:
        return token
    if viewing.item != identifier:
        raise NotFound(f"item {identifier} is not what the viewing is for")
    return viewing.token


def looking_at_image(library: Library, token: str | None, image: str) -> str | None:
    """Return the token to read an image with: like `looking_at_item`, of an item that holds the image now."""
    viewing = _begun(library, token)
    if viewing is None:
        return token
    item = library.items.get(viewing.item)
    if item is None or not _holds(item, image):
        raise NotFound(f"image {image} is not what the viewing is for")
    find_item(library, viewing.token, item.id, Action.USE_ARCHIVE)  # another archive may hold the image too
    return viewing.token


def _begun(library: Library, token: str | None) -> Viewing | None:
    viewing = library.viewings.read(token)
    if viewing is not None and not viewing.started:
        raise Unauthenticated("The viewing has not begun.")
    return viewing


def _holds(item: Item, image: str) -> bool:
    return not item.deleted and image in item.images
