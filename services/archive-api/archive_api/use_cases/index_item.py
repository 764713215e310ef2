"""Keeps what items are found by; see `archive_api.domain.search_entry`.

Like the index of images (`archive_api.use_cases.index_image`), it is a look-up: whatever event it was, the entry is
made anew from the item as it is now. Of two look-ups that overlap, the entry's compare-and-set makes one look again, and
with it at the measures, which it wrote before: so the last one that is stored has seen every change.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress

from archive_api.domain.image import Image
from archive_api.domain.item import Item
from archive_api.domain.search_entry import (
    SCHEME,
    Findable,
    SearchEntry,
    entry_id,
    findable,
    measures,
    scoped,
)
from archive_api.use_cases.library import Library
from archive_shared.documents import one_of
from archive_shared.errors import Duplicate


def index_item(library: Library, identifier: str) -> None:
    """Make the search entry of an item anew."""
    item = library.items.get(identifier)
    if item is None:
        return

    def look_up(entry: SearchEntry) -> None:
        present = library.items.require(identifier)
        found = None if present.deleted else findable_of(library, [present])[identifier]
        entry.terms = sorted(scoped(present.archive, term) for term in found.terms) if found else []
        entry.lookups, entry.scheme = entry.lookups + 1, SCHEME
        _keep_measures(library, present, found)

    first = SearchEntry(id=entry_id(item), item=item.id)
    if library.search_entries.get(first.id) is None:
        look_up(first)
        with suppress(Duplicate):  # another look-up was faster, and may have seen less
            library.search_entries.add(first)
            return
    library.search_entries.change(first.id, look_up)


def findable_of(library: Library, items: Iterable[Item]) -> Mapping[str, Findable]:
    """Return what each of the items can be found by now; two searches for all of them together."""
    found = list(items)
    images = images_of(library, found)
    sockets = library.sockets.named({socket for item in found for socket in item.by_socket})
    titles = {slug: socket.title for slug, socket in sockets.items()}
    return {item.id: findable(item, images, titles) for item in found}


def images_of(library: Library, items: Iterable[Item]) -> Mapping[str, Image]:
    """Return the images the items hold, by identifier."""
    wanted = sorted({image for item in items for image in item.images})
    if not wanted:
        return {}
    return {image.id: image for image in library.images.find({"_id": one_of(wanted)})}


def _keep_measures(library: Library, item: Item, found: Findable | None) -> None:
    """Store the numbers of an item that are new, and drop those it has no more."""
    wanted = {measure.id: measure for measure in measures(item, found)} if found else {}
    present = set(library.measures.identifiers({"item": item.id}))
    for identifier in present - wanted.keys():
        library.measures.delete(identifier)
    for identifier in wanted.keys() - present:
        with suppress(Duplicate):  # another look-up was faster
            library.measures.add(wanted[identifier])
