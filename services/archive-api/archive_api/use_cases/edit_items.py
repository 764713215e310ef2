"""Creates, changes and deletes items on behalf of people."""

from collections.abc import Sequence
from dataclasses import dataclass

from archive_api.domain.item import ImageValue, Item
from archive_api.domain.sockets import SOCKETS
from archive_api.use_cases.browse_images import visible_images
from archive_api.use_cases.browse_items import ShownItem, show_items
from archive_api.use_cases.library import Library
from archive_shared.access import Action, Question
from archive_shared.documents import one_of
from archive_shared.errors import Duplicate, Invalid, Unauthenticated
from archive_shared.identifiers import new_id


@dataclass(frozen=True, kw_only=True)
class ItemChange:
    """What somebody wants of an item.

    Parameters
    ----------
    title
        None keeps the present one, "" removes it.
    values
        Values for some sockets; others stay as they are, or become empty if `only_these`.
    """

    title: str | None = None
    values: Sequence[ImageValue] = ()
    only_these: bool = False


def create_item(
    library: Library, token: str | None, *, archive: str, title: str, values: Sequence[ImageValue]
) -> ShownItem:
    """Add an item to an archive the caller may upload to.

    Raises
    ------
    Invalid
        There is no such archive for them, the title is taken, or a value cannot be used.
    """
    _require_upload(library, token, archive)
    check_values(library, token, values)
    item = Item.create(id=new_id(), archive=archive, title=title, values=values, at=library.clock.now())
    # What the answer needs is read before, so that nothing can fail once the item is stored: a client that is
    # told to try again would create a second one.
    [shown] = show_items(library, [item])
    try:
        library.items.add(item)
    except Duplicate as error:
        raise _title_taken() from error
    return shown


def change_item(library: Library, item: Item, change: ItemChange) -> Item:
    """Change an item, all of it or nothing; `change.values` must have been checked.

    Raises
    ------
    Invalid
        The title is taken.
    NotFound
        It was deleted meanwhile.
    """
    now = library.clock.now()

    def apply(present: Item) -> None:
        if change.title is not None:
            present.rename(change.title, at=now)
        if change.only_these:
            for socket in {value.socket for value in present.values} - {
                each.socket for each in change.values
            }:
                present.remove(socket, at=now)
        for value in change.values:
            present.put(value, at=now)

    try:
        return library.items.change(item.id, apply)
    except Duplicate as error:
        raise _title_taken() from error


def delete_item(library: Library, item: Item) -> None:
    """Delete an item; its images stay wherever else they are used."""
    now = library.clock.now()
    library.items.change(item.id, lambda present: present.delete(at=now))


def check_values(library: Library, token: str | None, values: Sequence[ImageValue]) -> None:
    """Refuse values that cannot be stored, naming each.

    Raises
    ------
    Invalid
        A socket does not exist or is named twice, or an image does not exist for the caller.
    """
    errors = {f"values.{index}.{field}": [reason] for index, field, reason in _socket_errors(values)}
    if not errors and values:
        seen = _visible(library, token, {value.image for value in values})
        errors = {
            f"values.{index}.image": ["Invalid hyperlink - Object does not exist."]
            for index, value in enumerate(values)
            if value.image not in seen
        }
    if errors:
        raise Invalid(errors)


def _socket_errors(values: Sequence[ImageValue]) -> list[tuple[int, str, str]]:
    sockets = [value.socket for value in values]
    unknown = [
        (index, "interface", f"Object with slug={socket} does not exist.")
        for index, socket in enumerate(sockets)
        if socket not in SOCKETS
    ]
    doubled = [
        (index, "interface", "Another value is for the same socket.")
        for index, socket in enumerate(sockets)
        if socket in sockets[:index]
    ]
    return unknown or doubled


def _visible(library: Library, token: str | None, wanted: set[str]) -> set[str]:
    caller, usable = library.require_usable(token)
    found = library.images.find({"_id": one_of(sorted(wanted))})
    return {image.id for image in visible_images(library, caller, usable, found)}


def _require_upload(library: Library, token: str | None, archive: str) -> None:
    """Refuse an archive the caller may not add to as if there were none (spec/gcapi.md 2.3)."""
    answers = library.access.ask(token, [Question(Action.UPLOAD, archive)])
    if answers.caller is None:
        raise Unauthenticated("Authentication credentials were not provided.")
    if not all(answers.allowed) or library.archives.get(archive) is None:
        raise Invalid({"archive": ["Invalid hyperlink - Object does not exist."]})


def _title_taken() -> Invalid:
    return Invalid({"title": ["Another item of this archive has this title."]})
