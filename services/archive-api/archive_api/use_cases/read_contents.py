"""Reads everything an archive holds, for those who may use it: bit by bit, so that it may be of any size."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from archive_api.domain.image import Image
from archive_api.domain.item import Item
from archive_api.domain.search_entry import scoped
from archive_api.domain.sockets import Socket
from archive_api.use_cases.browse_images import held_in
from archive_api.use_cases.browse_items import BY_AGE, list_items_after
from archive_api.use_cases.in_order import Order, read_on
from archive_api.use_cases.index_item import images_of
from archive_api.use_cases.library import Library
from archive_api.use_cases.paging import Place
from archive_shared.access import Action, require
from archive_shared.documents import Where, more_than
from archive_shared.errors import NotFound

_AT_ONCE = 500
_PATIENTS_AT_ONCE = 100
_BY_PATIENT: Order[Image] = Order("patient_id", lambda image: image.description.patient_id)


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


def read_items_for(library: Library, token: str | None, archive: str) -> Iterator[HeldItem]:
    """Yield what `read_items` does, for as long as the caller may use the archive; raises as `require_contents` in between."""
    for number, held in enumerate(read_items(library, archive)):
        if number % _AT_ONCE == 0:
            require_contents(library, token, archive)
        yield held


def sockets_used(library: Library, archive: str) -> list[Socket]:
    """Return the sockets that items of an archive are known to have values for; a look-up for each there is."""
    return [
        socket
        for socket in library.sockets.all()
        if library.search_entries.find({"terms": scoped(archive, f"s|{socket.slug}")}, limit=1)
    ]


def read_patients(library: Library, archive: str) -> Iterator[str]:
    """Yield the identifiers of the patients in an archive, in order; costs a look-up for each of them.

    The index that leads to them may lag behind the items; who is in none of those any more is not told.
    """
    firsts = _first_of_each(library, archive)
    while batch := list(islice(firsts, _PATIENTS_AT_ONCE)):
        held = held_in(library, archive, [image.id for image in batch])
        for image in batch:
            patient = image.description.patient_id
            if image.id in held or any(True for _ in _images_of(library, archive, patient)):
                yield patient


def list_studies(library: Library, archive: str, patient: str) -> list[str]:
    """Return the descriptions of a patient's studies in an archive; costs a look at every image of theirs."""
    found = _images_of(library, archive, patient)
    return sorted({image.description.study_description for image in found})


def _first_of_each(library: Library, archive: str) -> Iterator[Image]:
    """Yield an image of each patient, going by the index."""
    behind = ""
    while found := library.images.find(
        {"archives": archive, "patient_id": more_than(behind)}, sort=[("patient_id", 1)], limit=1
    ):
        behind = found[0].description.patient_id
        yield found[0]


def _images_of(library: Library, archive: str, patient: str) -> Iterator[Image]:
    """Yield the images of a patient that items of the archive hold now."""
    theirs: Where = {"archives": archive, "patient_id": patient}
    walk = read_on(library.images, [theirs], _BY_PATIENT, None)
    while batch := list(islice(walk, _AT_ONCE)):
        held = held_in(library, archive, [image.id for image in batch])
        yield from (image for image in batch if image.id in held)
