"""Takes in what was heard of an upload session before an item expected anything of it, as when a request is sent again.

Whoever hears of an image or a failure stores it and then looks for items that wait; who lets an item wait stores that and
then looks for both. So at least one of us sees the other, and no item waits for what nobody will say again.
"""

from dataclasses import replace
from datetime import timedelta

from archive_api.domain.arriving import REMOVED
from archive_api.domain.item import Item
from archive_api.use_cases.library import Library
from archive_api.use_cases.note_failure import fail_import, tell_failure
from archive_api.use_cases.place_image import fill_waiting
from archive_api.use_cases.uploaded import ImportSession
from archive_shared.documents import more_than
from archive_shared.errors import Unavailable

_TRIED_AGAIN_WITHIN = timedelta(days=1)
"""An item that waits for longer does not wait for another attempt at what failed: none takes as long."""


def settle_import(library: Library, token: str | None, item: Item, session: ImportSession) -> Item:
    """Return an item that waits for a session with what is known of that by now.

    What is not known yet is still to be heard, and finds the item waiting.

    Parameters
    ----------
    session
        As the ingest worker told of it before the item waited.
    """
    failure = library.session_failures.get(session.id)
    if failure is not None and not session.finished:
        session = _asked_again(library, token, session)
    _fill_from(library, session.id)
    item = library.items.require(item.id)
    # Images are looked for first: who removes one notes its departure before.
    if any(library.departures.get(image) is not None for image in session.images):
        return fail_import(library, item.id, session.id, REMOVED)
    if failure is not None and session.finished and not session.images:
        tell_failure(library, session.id, [item.id])
        return fail_import(library, item.id, session.id, failure.reason)
    return item


def settle_restored(library: Library, identifier: str) -> None:
    """Fill what waits in a restored item with the images that came while it was deleted; what failed was noted then."""
    item = library.items.get(identifier)
    for session in item.sessions if item else ():
        _fill_from(library, session)


def settle_waiting(library: Library) -> None:
    """Settle items that still wait for what was heard: their request died before it looked, and was not sent again."""
    before = library.clock.now() - _TRIED_AGAIN_WITHIN
    for identifier in library.items.identifiers({"sessions": more_than(""), "deleted": False}):
        item = library.items.require(identifier)
        for session in item.sessions:
            _fill_from(library, session)
            failure = library.session_failures.get(session)
            if failure is not None and item.modified_at <= before:
                tell_failure(library, session, [identifier])
                fail_import(library, identifier, session, failure.reason)


def _fill_from(library: Library, session: str) -> None:
    for image in library.images.find({"session": session}, limit=1):
        fill_waiting(library, image)


def _asked_again(library: Library, token: str | None, session: ImportSession) -> ImportSession:
    """Return how far a session is that we know to have failed: just now, or before it was tried again."""
    try:
        return library.uploaded.session(token, session.id)
    except Unavailable:  # what was heard stands, rather than that an item waits in vain
        return replace(session, finished=True)
