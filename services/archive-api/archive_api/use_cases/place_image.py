"""Takes in an imported image and puts it where its uploader wants it. Heard twice, it happens once.

Each step finds out by itself whether it was done: the image and a new item have identifiers that follow from the
event, and an item remembers which imports it took. So a crash between two steps costs a redelivery, and an event
delivered again months later does not undo what people did since.
"""

from contextlib import suppress
from enum import StrEnum

from archive_api.domain.image import Image
from archive_api.domain.item import ImageValue, Item
from archive_api.domain.sockets import SOCKETS
from archive_api.domain.titles import free_title, title_from
from archive_api.use_cases.library import Library
from archive_shared.errors import Conflict, Duplicate, NotFound
from archive_shared.events import ImageImported
from archive_shared.identifiers import derived_id

_ATTEMPTS = 50


class Outcome(StrEnum):
    """What became of an imported image."""

    ITEM_CREATED = "item_created"
    ITEM_THERE_ALREADY = "item_there_already"
    ATTACHED = "attached"
    NOT_PLACED = "not_placed"  # nobody asked for a place: it is its uploader's, to be attached later
    NO_SUCH_SOCKET = "no_such_socket"
    NO_SUCH_ARCHIVE = "no_such_archive"
    NO_SUCH_ITEM = "no_such_item"


def place_image(library: Library, event: ImageImported) -> Outcome:
    """Store the image, then create its item or fill the socket of the item it was meant for.

    Where there is no such place any more, the image stays its uploader's.
    """
    _store(library, event)
    if event.socket not in SOCKETS:
        return Outcome.NO_SUCH_SOCKET
    if event.item is not None:  # first: an event that names an item names its archive as well
        return _fill_socket(library, event, event.item)
    if event.archive is not None:
        return _add_item(library, event, event.archive)
    return Outcome.NOT_PLACED


def _store(library: Library, event: ImageImported) -> None:
    with suppress(Duplicate):  # heard before
        library.images.add(Image.imported(event, at=library.clock.now()))


def _add_item(library: Library, event: ImageImported, archive: str) -> Outcome:
    if library.archives.get(archive) is None:
        return Outcome.NO_SUCH_ARCHIVE
    identifier = derived_id("item", event.image, archive)
    for _ in range(_ATTEMPTS):
        if library.items.get(identifier) is not None:
            return Outcome.ITEM_THERE_ALREADY
        # Taken meanwhile is the title, by another import, or the item, by this very event delivered twice.
        with suppress(Duplicate):
            library.items.add(_new_item(library, event, archive, identifier))
            return Outcome.ITEM_CREATED
    raise Conflict(f"titles in archive {archive} are being taken too fast")


def _new_item(library: Library, event: ImageImported, archive: str, identifier: str) -> Item:
    return Item.create(
        id=identifier,
        archive=archive,
        title=_free_title(library, event.name, archive),
        values=[_value(event)],
        at=library.clock.now(),
    )


def _free_title(library: Library, name: str, archive: str) -> str:
    title = title_from(name)
    if not title:
        return ""
    return free_title(
        title, lambda each: library.items.count({"archive": archive, "reserved_title": each}) > 0
    )


def _fill_socket(library: Library, event: ImageImported, item: str) -> Outcome:
    now = library.clock.now()
    try:
        library.items.change(item, lambda present: present.attach_import(_value(event), at=now))
    except NotFound:
        return Outcome.NO_SUCH_ITEM
    return Outcome.ATTACHED


def _value(event: ImageImported) -> ImageValue:
    return ImageValue(socket=event.socket, image=event.image)
