"""Keeps the index of which archives hold an image.

The truth is in the items; an image and the items that hold it are different documents, which cannot be written
together. So whoever changes an item only announces it, in the same write, and this service hears its own
announcement and looks the image up in the items again. Nothing depends on which event it was, on order, or on
number: each look-up writes what is true.

Two look-ups at once must not leave the older finding behind. Therefore each one is a change of the image even
when it finds what is there already (`Image.lookups`): of two that overlap, the compare-and-set lets one pass and
the other looks again. The one that is stored last began after the one before was stored, and so has seen every
change of an item whose own look-up is over.
"""

from collections.abc import Iterable
from contextlib import suppress

from archive_api.domain.image import Image
from archive_api.use_cases.library import Library
from archive_shared.errors import NotFound


def index_images(library: Library, images: Iterable[str]) -> None:
    """Look up which archives hold these images, and note it; "" stands for a value that is no image."""
    for image in filter(None, images):
        _index(library, image)


def _index(library: Library, identifier: str) -> None:
    def look_up(image: Image) -> None:
        holders = library.items.find({"images": identifier})
        image.held_by((item.archive for item in holders), at=library.clock.now())

    with suppress(NotFound):  # the event was replayed long after the image was removed
        library.images.change(identifier, look_up)
