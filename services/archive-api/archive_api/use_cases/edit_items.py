"""Creates, changes and deletes items on behalf of people."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from archive_api.domain.history import Actor
from archive_api.domain.item import Item
from archive_api.use_cases.accept_values import Accepted, Destination, accept_values
from archive_api.use_cases.archive_quota import require_room, require_room_for
from archive_api.use_cases.browse_items import ShownItem, show_items
from archive_api.use_cases.check_values import SentValue
from archive_api.use_cases.hold import hold
from archive_api.use_cases.library import Library
from archive_api.use_cases.link_services import require_unlinked_item
from archive_api.use_cases.settle_imports import settle_import
from archive_shared.access import Action, Caller, Question
from archive_shared.errors import Duplicate, Invalid, Unauthenticated

TITLE_TAKEN = "Another item of this archive has this title."


@dataclass(frozen=True, kw_only=True)
class ItemChange:
    """What somebody wants of an item.

    Parameters
    ----------
    title
        None keeps the present one, "" removes it.
    values
        Values for some sockets; others stay as they are, or become empty if `only_these`.
    removed
        Sockets to be emptied.
    expected_version
        The change is refused when the item has another version by now; None for any.
    """

    title: str | None = None
    values: Sequence[SentValue] = ()
    removed: Sequence[str] = ()
    only_these: bool = False
    expected_version: int | None = None


@dataclass(frozen=True, kw_only=True)
class NewItem:
    """An item somebody wants in an archive."""

    archive: str
    title: str = ""
    values: Sequence[SentValue] = field(default_factory=list)


def create_item(library: Library, token: str | None, identifier: str, wanted: NewItem) -> ShownItem:
    """Add an item under an identifier to an archive the caller may upload to; twice gives the same item.

    Raises
    ------
    Invalid
        There is no such archive for them, the title is taken, or a value cannot be used.
    """
    caller = require_upload(library, token, wanted.archive)
    require_no_imports(wanted.values)
    accepted = accept_values(library, token, Destination(wanted.archive, identifier), wanted.values)
    _require_room(library, wanted.archive, accepted)
    hold(library, accepted.values)
    item = Item.create(
        id=identifier,
        archive=wanted.archive,
        title=wanted.title,
        values=accepted.values,
        at=library.clock.now(),
        by=Actor.of(caller),
    )
    # What the answer needs is read before, so that nothing can fail once the item is stored: a client that is
    # told to try again would create a second one.
    [shown] = show_items(library, [item])
    try:
        stored = library.items.add(item)
    except Duplicate as error:
        present = library.items.get(identifier)
        if present is None:
            raise title_taken() from error
        return show_items(library, [present])[0]
    return replace(shown, item=stored)


def change_item(library: Library, token: str | None, caller: Caller, item: Item, change: ItemChange) -> Item:
    """Change an item, all of it or nothing.

    Raises
    ------
    Invalid
        The title is taken, or a value cannot be used.
    NotFound
        It was deleted or moved meanwhile.
    Outdated
        It has another version than the caller expects.
    """
    _require_free(library, item, change.title)
    accepted = accept_values(library, token, Destination(item.archive, item.id), change.values)
    _require_room(library, item.archive, accepted)
    hold(library, accepted.values)
    now, by = library.clock.now(), Actor.of(caller)

    def apply(present: Item) -> None:
        present.require_in(item.archive)
        present.require_version(change.expected_version)
        if change.title is not None:
            present.rename(change.title, at=now, by=by)
        for socket in [*change.removed, *_others(present, change)]:
            present.remove(socket, at=now, by=by)
        for value in accepted.values:
            present.put(value, at=now, by=by)
        for socket, session in accepted.arriving.items():
            present.expect(socket, session.id, at=now, by=by)

    try:
        changed = library.items.change(item.id, apply)
    except Duplicate as error:
        raise title_taken() from error
    for session in accepted.arriving.values():
        changed = settle_import(library, token, changed, session)
    return changed


def delete_item(library: Library, caller: Caller, item: Item, *, expected_version: int | None = None) -> Item:
    """Delete an item and return what is left; its images stay wherever else they are used. It can be restored for a while.

    Raises
    ------
    NotFound
        It was moved meanwhile.
    Conflict
        Another service refers to it.
    """
    require_unlinked_item(library, item.id)
    now, by = library.clock.now(), Actor.of(caller)

    def apply(present: Item) -> None:
        present.require_in(item.archive)
        present.require_version(expected_version)
        present.delete(at=now, by=by)

    return library.items.change(item.id, apply)


def require_upload(library: Library, token: str | None, archive: str) -> Caller:
    """Return the caller; refuse an archive they may not add to as if there were none (spec/gcapi.md 2.3)."""
    answers = library.access.ask(token, [Question(Action.UPLOAD, archive)])
    if answers.caller is None:
        raise Unauthenticated("Authentication credentials were not provided.")
    if not all(answers.allowed) or library.archive(archive) is None:
        raise Invalid({"archive": ["Invalid hyperlink - Object does not exist."]})
    return answers.caller


def require_no_imports(values: Sequence[SentValue]) -> None:
    """Refuse uploads for an item that is not there yet: their import needs an item to fill."""
    for index, value in enumerate(values):
        if value.user_uploads is not None or value.upload_session is not None:
            reason = "Create the item first; then add what is to be imported."
            raise Invalid({f"values.{index}.user_uploads": [reason]})


def _require_room(library: Library, archive: str, accepted: Accepted) -> None:
    """Refuse what takes space in an archive that is full."""
    if accepted.arriving:
        require_room(library, archive)
    require_room_for(library, archive, accepted.values)


def title_taken() -> Invalid:
    return Invalid({"title": [TITLE_TAKEN]})


def _others(present: Item, change: ItemChange) -> list[str]:
    """Return the sockets that are emptied because the change names all that shall be full."""
    if not change.only_these:
        return []
    kept = {each.socket for each in change.values}
    return [socket for socket in {**present.by_socket, **present.arriving} if socket not in kept]


def _require_free(library: Library, item: Item, title: str | None) -> None:
    """Refuse a taken title before an import is started; the store has the last word."""
    is_new = bool(title) and title != item.title
    if is_new and library.items.count({"archive": item.archive, "reserved_title": title}):
        raise title_taken()
