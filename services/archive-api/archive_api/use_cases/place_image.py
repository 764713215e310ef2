"""Takes in an imported image and puts it where its uploader wants it. Heard twice, it happens once.

Each step finds out by itself whether it was done: the image and a new item have identifiers that follow from the
event, and an item remembers which imports it took. So a crash between two steps costs a redelivery, and an event
delivered again months later does not undo what people did since.

An image is put into the index of the archive (`archive_api.use_cases.index_image`) before the item shows it, so that
a script that waits for the value of its item finds the image in the lists at once.
"""

from contextlib import suppress
from enum import StrEnum

from archive_api.domain.arriving import NOT_ONE_IMAGE, REMOVED, attachment
from archive_api.domain.image import Image
from archive_api.domain.image_rules import NOT_TAKEN, identity_error, image_error
from archive_api.domain.item import Item
from archive_api.domain.titles import free_title, title_from
from archive_api.domain.value import Value
from archive_api.use_cases.index_image import index_images
from archive_api.use_cases.library import Library
from archive_api.use_cases.note_failure import fail_import, fail_waiting
from archive_shared.errors import Conflict, Duplicate, NotFound
from archive_shared.events import ImageImported
from archive_shared.identifiers import derived_id

_ATTEMPTS = 50


class Outcome(StrEnum):
    """What became of an imported image."""

    ITEM_CREATED = "item_created"
    ITEM_THERE_ALREADY = "item_there_already"
    ATTACHED = "attached"
    DOES_NOT_FIT = "does_not_fit"  # the socket takes other images: it is its uploader's
    REMOVED = "removed"  # the event is old: the image was removed since, as nothing referred to it
    NOT_PLACED = "not_placed"  # nobody asked for a place: it is its uploader's, to be attached later
    WITH_IDENTITY = "with_identity"  # its import began before the archive took images without identity only
    NO_SUCH_SOCKET = "no_such_socket"
    NO_SUCH_ARCHIVE = "no_such_archive"
    NO_SUCH_ITEM = "no_such_item"


def place_image(library: Library, event: ImageImported) -> Outcome:
    """Store the image, create its item or fill the socket of the item it was meant for, and fill those that wait for its session.

    Where there is no such place any more, the image stays its uploader's.
    """
    if library.departures.get(event.image) is not None:
        fail_waiting(library, event.session, REMOVED)
        return Outcome.REMOVED
    image = _store(library, event)
    outcome = _place(library, event, image)
    if outcome not in (Outcome.ITEM_CREATED, Outcome.ATTACHED):
        _expect_no_more(library, image.id)
    waited = fill_waiting(library, image)
    return waited if outcome is Outcome.NOT_PLACED else outcome


def _expect_no_more(library: Library, image: str) -> None:
    """Look up who holds an image that some item was expected to hold, for nobody will announce it.

    It may be an earlier attempt at the same import that expected it, before it died.
    """
    found = library.images.get(image)
    if found is not None and found.placed:
        index_images(library, [image])


def _place(library: Library, event: ImageImported, image: Image) -> Outcome:
    """Put an image where its session wants it."""
    socket = library.sockets.get(event.socket)
    if socket is None:
        return Outcome.NO_SUCH_SOCKET
    reason = image_error(socket, image)
    if reason:
        return _refuse(library, event, reason)
    if event.item is not None:  # first: an event that names an item names its archive as well
        return _fill_socket(library, event, event.item)
    if event.archive is not None:
        return _place_in(library, event, event.archive, image)
    return Outcome.NOT_PLACED


def _store(library: Library, event: ImageImported) -> Image:
    image = Image.imported(event, at=library.clock.now())
    with suppress(Duplicate):  # heard before
        library.images.add(image)
    return image


def _refuse(library: Library, event: ImageImported, reason: str) -> Outcome:
    if event.item is not None:
        with suppress(NotFound):
            fail_import(library, event.item, event.session, reason)
    return Outcome.DOES_NOT_FIT


def fill_waiting(library: Library, image: Image) -> Outcome:
    """Put an image into the sockets that wait for its session, whatever place that has of its own; none of several."""
    outcome, session = Outcome.NOT_PLACED, image.session
    if image.session_image_count > 1:
        fail_waiting(library, session, NOT_ONE_IMAGE)
        return outcome
    for item in _waiting(library, session):
        for slug, arriving in item.arriving.items():
            if arriving.session == session:
                outcome = _attach(library, item.id, Value(socket=slug, image=image.id), session)
    return outcome


def _waiting(library: Library, session: str) -> list[Item]:
    """Return the items that wait for a session, and those that were told that it failed, before it was tried again."""
    waiting = library.items.find({"sessions": session})
    failure = library.session_failures.get(session)
    told = library.items.get_each(failure.items) if failure is not None else []
    return waiting + [item for item in told if session not in item.sessions]


def _place_in(library: Library, event: ImageImported, archive: str, image: Image) -> Outcome:
    """Put an image into an item of an archive: one of its own, or that of its group."""
    found = library.archive(archive)
    if found is None:
        return Outcome.NO_SUCH_ARCHIVE
    if not found.settings.takes(event.socket):
        return Outcome.DOES_NOT_FIT
    if identity_error(found, image):
        return Outcome.WITH_IDENTITY
    return _join_group(library, event, archive) if event.group else _add_item(library, event, archive)


def _add_item(library: Library, event: ImageImported, archive: str) -> Outcome:
    identifier = derived_id("item", event.image, archive)
    for _ in range(_ATTEMPTS):
        if library.items.get(identifier) is not None:
            return Outcome.ITEM_THERE_ALREADY
        library.images.change(event.image, lambda image: image.expect_in(archive))
        # Taken meanwhile is the title, by another import, or the item, by this very event delivered twice.
        with suppress(Duplicate):
            library.items.add(_new_item(library, event, archive, identifier))
            return Outcome.ITEM_CREATED
    raise Conflict(f"titles in archive {archive} are being taken too fast")


def _join_group(library: Library, event: ImageImported, archive: str) -> Outcome:
    """Put an image into the item it shares with others of its session; whichever is first makes the item."""
    identifier = derived_id("item of group", event.session, event.group, archive)
    for _ in range(_ATTEMPTS):
        if library.items.get(identifier) is not None:
            return _attach(library, identifier, _value(event), event.session)
        library.images.change(event.image, lambda image: image.expect_in(archive))
        with suppress(Duplicate):
            library.items.add(_new_item(library, event, archive, identifier))
            return Outcome.ITEM_CREATED
    raise Conflict(f"titles in archive {archive} are being taken too fast")


def _new_item(library: Library, event: ImageImported, archive: str, identifier: str) -> Item:
    item = Item.create(
        id=identifier,
        archive=archive,
        title=free_title_in(library, archive, event.group or title_from(event.name)),
        values=[_value(event)],
        at=library.clock.now(),
    )
    item.attached_imports = [attachment(event.image, event.socket)]
    return item


def free_title_in(library: Library, archive: str, title: str) -> str:
    """Return the title, with a number behind it if an item of the archive has it; "" stays ""."""
    if not title:
        return ""
    return free_title(
        title, lambda each: library.items.count({"archive": archive, "reserved_title": each}) > 0
    )


def _fill_socket(library: Library, event: ImageImported, item: str) -> Outcome:
    return _attach(library, item, _value(event), event.session)


def _attach(library: Library, item: str, value: Value, session: str) -> Outcome:
    image, now = library.images.get(value.image or ""), library.clock.now()

    def apply(present: Item) -> None:
        _require_fit(library, present, value, image)
        present.attach_import(value, session, at=now)

    try:
        found = library.items.require(item)
        _require_fit(library, found, value, image)
        _expect(library, found, value.socket, image)
        changed = library.items.change(item, apply)
    except _Removed:
        fail_import(library, item, session, REMOVED)
        return Outcome.REMOVED
    except _Misfit as misfit:  # perhaps in the archive that the item was moved to just now
        _expect_no_more(library, value.image or "")
        fail_import(library, item, session, str(misfit))
        return Outcome.DOES_NOT_FIT
    except NotFound:
        index_images(library, [value.image or ""])
        return Outcome.NO_SUCH_ITEM
    if value.image not in changed.images or changed.archive != found.archive:  # else it is as expected
        _expect_no_more(library, value.image or "")
    return Outcome.ATTACHED


class _Misfit(Exception):
    """The socket, or the archive the item is in by now, takes other images; the reason is for people."""


class _Removed(Exception):
    """The image is gone: nothing referred to it for days."""


def _require_fit(library: Library, item: Item, value: Value, image: Image | None) -> None:
    socket = library.sockets.get(value.socket)
    if socket is None or image is None:
        return
    archive = library.archive(item.archive)
    refused = NOT_TAKEN if archive is not None and not archive.settings.takes(value.socket) else ""
    reason = refused or image_error(socket, image) or identity_error(archive, image)
    if reason:
        raise _Misfit(reason)


def _expect(library: Library, item: Item, socket: str, image: Image | None) -> None:
    if image is None or image.gone:
        raise _Removed
    if item.has_taken(image.id, socket):  # it was there, and may have been taken out since
        return
    try:
        library.images.change(image.id, lambda present: present.expect_in(item.archive))
    except NotFound as error:
        raise _Removed from error


def _value(event: ImageImported) -> Value:
    return Value(socket=event.socket, image=event.image)
