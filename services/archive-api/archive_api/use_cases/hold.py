"""Keeps what an item is about to refer to from being removed; see `sweep_images` and `sweep_media`.

An item and what it refers to are different documents, so they cannot be written together. Therefore whoever writes a
reference first says so here, and has `WRITE_WITHIN` to do it: no sweep removes what somebody asked for so lately.
"""

from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta

from archive_api.domain.suspicion import suspicion_id
from archive_api.domain.value import Value
from archive_api.use_cases.library import Library
from archive_shared.documents import one_of
from archive_shared.errors import Invalid, NotFound

WRITE_WITHIN = timedelta(hours=1)
"""Many times what any request or step may take."""


def hold(library: Library, values: Iterable[Value]) -> None:
    """Keep images and files of values; they have to be referred to within `WRITE_WITHIN`.

    Raises
    ------
    Invalid
        An image was removed.
    Unavailable
        A file is just being removed; its content has to be stored again.
    """
    held = list(values)
    hold_keys(library, [value.file.key for value in held if value.file is not None])
    images = {value.image for value in held if value.image is not None}
    if lost := hold_images(library, images):
        raise Invalid({"values": [f"The image {image} was removed." for image in sorted(lost)]})


def hold_images(library: Library, images: Iterable[str]) -> set[str]:
    """Keep images, and return those that are gone; costs one search, and a write for each that was leaving."""
    wanted = set(images)
    if not wanted:
        return set()
    found = library.images.find({"_id": one_of(sorted(wanted))})
    lost = wanted - {image.id for image in found}
    for image in found:
        if image.leaving_since is not None or image.gone:
            lost |= _lost(library, image.id)
    return lost


def hold_keys(library: Library, keys: Iterable[str]) -> None:
    """Keep objects of the bucket `media`; raise `Unavailable` while one of them is being removed."""
    wanted = sorted({suspicion_id(key) for key in keys})
    if not wanted:
        return
    for suspicion in library.suspicions.find({"_id": one_of(wanted)}):
        with suppress(NotFound):  # settled meanwhile
            library.suspicions.change(suspicion.id, lambda each: each.allay(at=library.clock.now()))


def _lost(library: Library, image: str) -> set[str]:
    try:
        library.images.change(image, lambda each: each.stay())
    except NotFound:
        return {image}
    return set()
