"""Reads everything an archive holds, for those who may use it: bit by bit, so that it may be of any size."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from archive_api.domain.image import Image
from archive_api.domain.item import Item
from archive_api.domain.search_entry import scoped
from archive_api.domain.sockets import Socket
from archive_api.use_cases.browse_items import BY_AGE, list_items_after
from archive_api.use_cases.index_item import images_of
from archive_api.use_cases.library import Library
from archive_api.use_cases.paging import Place
from archive_shared.access import Action, require
from archive_shared.documents import more_than
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


def read_images(library: Library, archive: str) -> Iterator[Image]:
    """Yield the images of an archive in order of their identifiers, each once."""
    behind = ""
    while found := library.images.find(
        {"archives": archive, "_id": more_than(behind)}, sort=[("_id", 1)], limit=_AT_ONCE
    ):
        yield from found
        behind = found[-1].id


def sockets_used(library: Library, archive: str) -> list[Socket]:
    """Return the sockets that items of an archive are known to have values for; a look-up for each there is."""
    return [
        socket
        for socket in library.sockets.all()
        if library.search_entries.find({"terms": scoped(archive, f"s|{socket.slug}")}, limit=1)
    ]


def list_patients(library: Library, archive: str) -> list[str]:
    """Return the identifiers of the patients in an archive; costs a look at every image."""
    return sorted({image.description.patient_id for image in read_images(library, archive)} - {""})


def list_studies(library: Library, archive: str, patient: str) -> list[str]:
    """Return the descriptions of a patient's studies in an archive; costs a look at every image."""
    return sorted(
        {
            image.description.study_description
            for image in read_images(library, archive)
            if image.description.patient_id == patient
        }
    )


Duplicates = dict[str, list[Image]]
"""Images that are equal in some way, by the digest of what is equal."""


def find_duplicates(library: Library, archive: str) -> tuple[Duplicates, Duplicates]:
    """Return the images of an archive with equal pixels, and those made from equal files; costs a look at every image.

    Several images made from one file are no duplicates of one another.
    """
    by_pixels, by_sources = defaultdict(list), defaultdict(list)
    for image in read_images(library, archive):
        by_pixels[image.pixels_sha256].append(image)
        by_sources[image.sources_sha256].append(image)
    pixels = {digest: images for digest, images in by_pixels.items() if digest and len(images) > 1}
    sources = {digest: images for digest, images in by_sources.items() if digest and _uploads(images) > 1}
    return pixels, sources


def _uploads(images: list[Image]) -> int:
    """Return in how many uploads images came."""
    return len({(image.session, tuple(image.sources)) for image in images})
