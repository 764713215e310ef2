"""Tells what is still referred to, for the sweeps: by items, by those that can still be restored, and by snapshots."""

from collections.abc import Sequence, Set
from datetime import timedelta

from archive_api.domain.item import Item
from archive_api.use_cases.library import Library
from archive_api.use_cases.move_items import RESTORE_WITHIN
from archive_shared.clock import to_text
from archive_shared.documents import Where, at_least, one_of

RESTORABLE_FOR = RESTORE_WITHIN + timedelta(days=1)
"""A restoration that began in time may still be under way."""


def referred_images(library: Library, images: Sequence[str]) -> set[str]:
    """Return those of the images that anything refers to."""
    found = library.items.find({"images": one_of(images)}) + library.items.find(_restorable(library, images))
    held = {image for item in found for image in (*item.images, *item.kept)} & set(images)
    return held | _frozen(library, set(images) - held)


def referred_files(library: Library, keys: Sequence[str]) -> set[str]:
    """Return those of the files of values that anything refers to."""
    found = library.items.find({"kept": one_of(keys), "deleted": False})
    found += library.items.find(_restorable(library, keys))
    held = {key for item in found for key in item.kept} & set(keys)
    return held | _frozen(library, set(keys) - held)


def know_what_is_kept(library: Library) -> None:
    """Note what items of older versions of the platform keep, before anything is decided by it."""
    while found := library.items.find({"kept_is_known": None}, limit=200):
        for item in found:
            library.items.change(item.id, Item.note_kept)


def _frozen(library: Library, wanted: Set[str]) -> set[str]:
    """Return what pages of snapshots hold; reads no page, but looks for each on its own."""
    return {each for each in wanted if library.snapshot_pages.identifiers({"holds": each})}


def _restorable(library: Library, wanted: Sequence[str]) -> Where:
    oldest = library.clock.now() - RESTORABLE_FOR
    return {"kept": one_of(wanted), "deleted_at": at_least(to_text(oldest))}
