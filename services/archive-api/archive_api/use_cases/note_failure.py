"""Notes that nothing comes of an upload session, in whatever items wait for it."""

from collections.abc import Iterable

from archive_api.domain.item import Item
from archive_api.domain.outcome import SessionFailure
from archive_api.use_cases.library import Library
from archive_shared.errors import Duplicate
from archive_shared.events import SessionFailed


def note_session_failure(library: Library, event: SessionFailed) -> None:
    """Remember the failure first, for items that begin to wait for it only now; see `settle_imports`."""
    try:
        library.session_failures.add(SessionFailure(id=event.session, reason=event.reason))
    except Duplicate:  # heard before, or of an attempt before this one
        library.session_failures.change(event.session, lambda present: present.say(event.reason))
    tell_failure(library, event.session, library.items.identifiers({"sessions": event.session}))
    fail_waiting(library, event.session, event.reason)


def tell_failure(library: Library, session: str, items: Iterable[str]) -> None:
    """Remember, before they are told, which items get the image of a session that failed if it is tried again and succeeds."""
    told = list(items)
    if told:
        library.session_failures.change(session, lambda present: present.tell(told))


def fail_waiting(library: Library, session: str, reason: str) -> None:
    """Note in all items that wait for an upload session, deleted ones too, that nothing comes of it."""
    for item in library.items.find({"sessions": session}):
        fail_import(library, item.id, session, reason)


def fail_import(library: Library, item: str, session: str, reason: str) -> Item:
    """Note in an item that nothing comes of an upload session."""
    now = library.clock.now()
    return library.items.change(item, lambda present: present.fail_import(session, reason, at=now))
