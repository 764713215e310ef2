"""Takes in what was heard of an upload session before an item expected anything of it, as when a request is sent again.

Whoever hears of an image or a failure stores it and then looks for items that wait; who lets an item wait stores that and
then looks for both. So at least one of us sees the other, and no item waits for what nobody will say again.
"""

from archive_api.domain.arriving import REMOVED
from archive_api.domain.item import Item
from archive_api.use_cases.library import Library
from archive_api.use_cases.note_failure import fail_import
from archive_api.use_cases.place_image import fill_waiting
from archive_api.use_cases.uploaded import ImportSession


def settle_import(library: Library, item: Item, session: ImportSession) -> Item:
    """Return an item that waits for a session with what is known of that by now.

    What is not known yet is still to be heard, and finds the item waiting.

    Parameters
    ----------
    session
        As the ingest worker told of it before the item waited.
    """
    failure = library.session_failures.get(session.id)
    if failure is not None:
        item = fail_import(library, item.id, session.id, failure.reason)
    for image in library.images.find({"session": session.id}, limit=1):
        fill_waiting(library, image)
        item = library.items.require(item.id)
    # Images are looked for first: who removes one notes its departure before.
    if any(library.departures.get(image) is not None for image in session.images):
        item = fail_import(library, item.id, session.id, REMOVED)
    return item
