"""Finds images of an archive that are equal: they stand side by side in the order of their digests."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from archive_api.domain.image import Image
from archive_api.use_cases.browse_images import held_in
from archive_api.use_cases.in_order import Order, read_on
from archive_api.use_cases.library import Library

MOST_LOOKED_AT = 5000
"""Images of a page; the last group of equal ones is looked at to its end."""

BY_PIXELS: Order[Image] = Order("pixels_sha256", lambda image: image.pixels_sha256)
BY_SOURCES: Order[Image] = Order("sources_sha256", lambda image: image.sources_sha256)
_BEHIND_ALL_IDENTIFIERS = "~"


@dataclass(frozen=True)
class Duplicates:
    """Images that are equal in some way, by the digest of what is equal.

    Parameters
    ----------
    following
        The digest behind which the next page begins, None when there is no more.
    """

    groups: Mapping[str, Sequence[Image]]
    following: str | None


def equal_pixels(library: Library, archive: str, behind: str) -> Duplicates:
    """Return images of an archive with equal pixels, from behind a digest ("" for the beginning); costs a page of images."""
    return _duplicates(library, archive, BY_PIXELS, behind, lambda images: len(images) > 1)


def equal_sources(library: Library, archive: str, behind: str) -> Duplicates:
    """Return images made from equal files, like `equal_pixels`; several images made from one file are none."""
    return _duplicates(library, archive, BY_SOURCES, behind, lambda images: _uploads(images) > 1)


def _duplicates(
    library: Library,
    archive: str,
    order: Order[Image],
    behind: str,
    are_duplicates: Callable[[Sequence[Image]], bool],
) -> Duplicates:
    groups: dict[str, Sequence[Image]] = {}
    looked_at = 0
    for digest, images in _by_digest(library, archive, order, behind):
        if looked_at >= MOST_LOOKED_AT:
            return Duplicates(_held(library, archive, groups, are_duplicates), behind)
        looked_at, behind = looked_at + len(images), digest
        if are_duplicates(images):
            groups[digest] = images
    return Duplicates(_held(library, archive, groups, are_duplicates), None)


def _held(
    library: Library,
    archive: str,
    groups: Mapping[str, Sequence[Image]],
    are_duplicates: Callable[[Sequence[Image]], bool],
) -> Mapping[str, Sequence[Image]]:
    """Return what of the groups is in items of the archive now; the index that led to them may lag behind."""
    held = held_in(library, archive, [image.id for images in groups.values() for image in images])
    left = {digest: [image for image in images if image.id in held] for digest, images in groups.items()}
    return {digest: images for digest, images in left.items() if are_duplicates(images)}


def _by_digest(
    library: Library, archive: str, order: Order[Image], behind: str
) -> Iterator[tuple[str, list[Image]]]:
    """Yield the images of each digest; those without any ("") stand before all others."""
    walk = read_on(library.images, [{"archives": archive}], order, (behind, _BEHIND_ALL_IDENTIFIERS))
    for digest, images in groupby(walk, key=order.value):
        if digest:
            yield digest, list(images)


def _uploads(images: Sequence[Image]) -> int:
    """Return in how many uploads images came."""
    return len({(image.session, tuple(image.sources)) for image in images})
