"""Says once of each item that everything of it is there: imports are done, and its images can be looked at.

How far an item is follows from its values and what became of their images, so it is looked at whenever one of these was heard
to change. What is said is remembered by the item itself, in the same write.
"""

from archive_api.domain.item import Item
from archive_api.domain.readiness import item_readiness
from archive_api.domain.rendering import Progress
from archive_api.use_cases.browse_images import show_cards
from archive_api.use_cases.library import Library


def announce_ready(library: Library, identifier: str) -> None:
    """Announce an item if it is ready, for the first time."""
    item = library.items.get(identifier)
    if item is None or item.announced_ready or not _is_ready(library, item):
        return

    def announce(present: Item) -> None:
        if _is_ready(library, present):  # it may have changed since
            present.announce_ready()

    library.items.change(identifier, announce)


def announce_ready_with(library: Library, image: str) -> None:
    """Announce the items that hold an image and are ready with it."""
    for identifier in library.items.identifiers({"images": image}):
        announce_ready(library, identifier)


def _is_ready(library: Library, item: Item) -> bool:
    shown = show_cards(library, item.images)
    return len(shown) == len(item.images) and item_readiness(item, shown).state is Progress.READY
