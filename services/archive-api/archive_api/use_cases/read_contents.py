"""Reads everything an archive holds, for those who may use it: bit by bit, so that it may be of any size."""

from collections.abc import Iterator
from dataclasses import dataclass

from archive_api.domain.image import Image
from archive_api.domain.item import Item
from archive_api.domain.search_entry import scoped
from archive_api.domain.sockets import Socket
from archive_api.use_cases.browse_items import BY_AGE, list_items_after
from archive_api.use_cases.in_order import Order, read_on
from archive_api.use_cases.index_item import images_of
from archive_api.use_cases.library import Library
from archive_api.use_cases.paging import Place
from archive_shared.access import Action, require
from archive_shared.documents import Where, more_than
from archive_shared.errors import NotFound

_AT_ONCE = 500


@dataclass(frozen=True)
class HeldItem:
    """An item and the images it holds."""

    item: Item
    images: list[Image]


def require_contents(library: Library, token: str | None, archive: str) -> None:
    """Refuse those who may not use the archive, as if there were none without its card."""
    found = library.archive(archive)
    if found is None:
        library.require_caller(token)
        raise NotFound(f"archive {archive} does not exist")
    require(library.access, token, Action.USE_ARCHIVE, archive, public=found.settings.public)


def read_items(library: Library, archive: str, after: Place | None = None) -> Iterator[HeldItem]:
    """Yield the items of an archive behind a place, oldest first; what is added meanwhile comes too."""
    while found := list_items_after(library, archive, after, limit=_AT_ONCE):
        images = images_of(library, found)
        for item in found:
            yield HeldItem(item, [images[image] for image in item.images if image in images])
        after = BY_AGE.place(found[-1])


def sockets_used(library: Library, archive: str) -> list[Socket]:
    """Return the sockets that items of an archive are known to have values for; a look-up for each there is."""
    return [
        socket
        for socket in library.sockets.all()
        if library.search_entries.find({"terms": scoped(archive, f"s|{socket.slug}")}, limit=1)
    ]


def read_patients(library: Library, archive: str) -> Iterator[str]:
    """Yield the identifiers of the patients in an archive, in order; costs a look-up for each of them."""
    behind = ""
    while found := library.images.find(
        {"archives": archive, "patient_id": more_than(behind)}, sort=[("patient_id", 1)], limit=1
    ):
        behind = found[0].description.patient_id
        yield behind


def list_studies(library: Library, archive: str, patient: str) -> list[str]:
    """Return the descriptions of a patient's studies in an archive; costs a look at every image of theirs."""
    order: Order[Image] = Order("patient_id", lambda image: image.description.patient_id)
    theirs: Where = {"archives": archive, "patient_id": patient}
    return sorted(
        {image.description.study_description for image in read_on(library.images, [theirs], order, None)}
    )
