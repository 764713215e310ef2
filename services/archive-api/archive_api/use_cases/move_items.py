"""Brings deleted items back, and puts items or copies of them into other archives."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from archive_api.domain.archive import Archive
from archive_api.domain.history import Actor
from archive_api.domain.image_rules import NOT_TAKEN, identity_error
from archive_api.domain.item import Item
from archive_api.domain.value import Value
from archive_api.use_cases.archive_quota import require_room_for
from archive_api.use_cases.browse_items import find_item
from archive_api.use_cases.edit_items import require_upload, title_taken
from archive_api.use_cases.hold import hold
from archive_api.use_cases.library import Library
from archive_api.use_cases.link_services import require_unlinked_item
from archive_api.use_cases.place_image import free_title_in
from archive_shared.access import Action, require
from archive_shared.documents import one_of
from archive_shared.errors import Conflict, Duplicate, Invalid, NotFound

RESTORE_WITHIN = timedelta(days=30)


Expecting = Callable[[Item], int | None]
"""Says which version of an item the caller has seen, None for any; raises `VersionRequired` where its archive wants to know."""


def restore_item(library: Library, token: str | None, identifier: str, expecting: Expecting) -> Item:
    """Bring a deleted item back as it was; one that is there stays as it is.

    Raises
    ------
    Unauthenticated, NotFound, Forbidden
        As `find_item`, for who may not delete items of the archive either; `Forbidden` also when its archive is full.
    Outdated
        It has another version than the caller expects.
    Conflict
        It was deleted longer ago than `RESTORE_WITHIN`.
    Invalid
        Another item has its title by now.
    """
    item = library.items.get(identifier)
    if item is None or library.archive(item.archive) is None:
        library.require_caller(token)
        raise NotFound(f"item {identifier} does not exist")
    caller = require(library.access, token, Action.CHANGE_ARCHIVE, item.archive)
    now, expected = library.clock.now(), expecting(item)
    _require_restorable(item, now)
    if item.deleted:
        require_room_for(library, item.archive, item.values)
    hold(library, item.values)

    def apply(present: Item) -> None:
        present.require_version(expected)
        _require_restorable(present, now)
        present.restore(at=now, by=Actor.of(caller))

    return _changed(library, identifier, apply)


def _require_restorable(item: Item, now: datetime) -> None:
    is_late = item.deleted_at is None or item.deleted_at + RESTORE_WITHIN < now
    if item.deleted and is_late:
        raise Conflict(f"Items can be restored for {RESTORE_WITHIN.days} days.")


def move_item(
    library: Library, token: str | None, identifier: str, archive: str, expecting: Expecting
) -> Item:
    """Move an item with everything it holds; takes the right to delete it here and to upload there.

    Raises
    ------
    Unauthenticated, NotFound, Forbidden
        As `find_item`, about the item; `Forbidden` also when the other archive is full.
    Outdated
        It has another version than the caller expects.
    Invalid
        The other archive does not exist for the caller, takes images without identity only and the item has others,
        or an item there has the title.
    Conflict
        An import for the item is under way, or another service refers to it.
    """
    found = find_item(library, token, identifier, Action.CHANGE_ARCHIVE)
    caller = require_upload(library, token, archive)
    require_unlinked_item(library, identifier)
    now, expected = library.clock.now(), expecting(found)
    if archive != found.archive:
        require_room_for(library, archive, found.values)

    def apply(present: Item) -> None:
        present.require_in(found.archive)
        present.require_version(expected)
        _require_taken(library, archive, present.values)
        present.move(archive, at=now, by=Actor.of(caller))

    return _changed(library, identifier, apply)


def copy_item(
    library: Library, token: str | None, identifier: str, archive: str, new_identifier: str
) -> Item:
    """Put a copy of an item into an archive: the same values by reference, which are stored once and count in both archives.

    Where its title is taken it gets a number: "scan (2)". Takes the right to see the item and to upload there. Raises like `move_item`.
    """
    source = find_item(library, token, identifier, Action.USE_ARCHIVE)
    caller = require_upload(library, token, archive)
    _require_taken(library, archive, source.values)
    require_room_for(library, archive, source.values)
    hold(library, source.values)
    copy = Item.create(
        id=new_identifier,
        archive=archive,
        title=free_title_in(library, archive, source.title),
        values=source.values,
        at=library.clock.now(),
        by=Actor.of(caller),
        origin=source.id,
    )
    try:
        return library.items.add(copy)
    except Duplicate as error:
        present = library.items.get(new_identifier)
        if present is None:
            raise title_taken() from error
        return present


def _require_taken(library: Library, archive: str, values: Sequence[Value]) -> None:
    """Refuse values that an archive does not take, for their sockets or images, naming their sockets."""
    found = library.archive(archive)
    if found is None:
        return
    errors = {value.socket: NOT_TAKEN for value in values if not found.settings.takes(value.socket)}
    errors |= _with_identity(library, found, values)
    if errors:
        raise Invalid({"archive": [f"{socket}: {errors[socket]}" for socket in sorted(errors)]})


def _with_identity(library: Library, archive: Archive, values: Sequence[Value]) -> dict[str, str]:
    """Return why images are not taken by an archive that takes none with identity, by their sockets."""
    sockets = {value.image: value.socket for value in values if value.image}
    if not archive.settings.deidentify or not sockets:
        return {}
    images = library.images.find({"_id": one_of(sorted(sockets))})
    return {sockets[image.id]: reason for image in images if (reason := identity_error(archive, image))}


def _changed(library: Library, identifier: str, apply: Callable[[Item], None]) -> Item:
    try:
        return library.items.change(identifier, apply)
    except Duplicate as error:
        raise title_taken() from error
