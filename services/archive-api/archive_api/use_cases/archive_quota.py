"""Keeps archives within a size: one that is full takes no more files and images, wherever they come from.

What is under way when it becomes full is still let in, so an archive may exceed its quota by that. What an archive holds is
kept like its number of items, by portions; what items of different portions share counts once in each. Without a quota
nothing is weighed; with one, every change of an item costs a look at one 256th of its archive.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from archive_api.domain.image import Image
from archive_api.domain.item import Item
from archive_api.domain.tally import items_in
from archive_api.domain.value import Value
from archive_api.use_cases.index_item import images_of
from archive_api.use_cases.library import Library
from archive_api.use_cases.tallying import Portion, renew, total
from archive_shared.errors import Forbidden


@dataclass(frozen=True)
class Quota:
    """What an archive holds, and how much it may."""

    held_bytes: int
    most_bytes: int

    @property
    def is_used_up(self) -> bool:
        return self.held_bytes >= self.most_bytes


def quota_of(library: Library, archive: str) -> Quota | None:
    """Return how far an archive has used its quota, None where there are none."""
    if not library.archive_quota_bytes:
        return None
    held_bytes = total(library.weights, archive, _weighing(library, archive))
    return Quota(held_bytes, library.archive_quota_bytes)


def is_full(library: Library, archive: str) -> bool:
    """Tell whether an archive holds as much as it may."""
    quota = quota_of(library, archive)
    return quota is not None and quota.is_used_up


def require_room(library: Library, archive: str) -> None:
    """Raise `Forbidden` for an archive that is full."""
    if is_full(library, archive):
        quota_gb = library.archive_quota_bytes / 10**9
        raise Forbidden(
            f"The archive is full: it may hold {quota_gb:,.3g} GB. Delete items, or ask an administrator for more room."
        )


def require_room_for(library: Library, archive: str, values: Iterable[Value]) -> None:
    """Raise `Forbidden` for images and files where there is no room; numbers and text take none."""
    if any(value.kind != "json" for value in values):
        require_room(library, archive)


def weigh(library: Library, archive: str, item: str) -> None:
    """Weigh anew where an item of an archive changed, came or went."""
    if library.archive_quota_bytes:
        renew(library.weights, archive, item, _weighing(library, archive))


def _weighing(library: Library, archive: str) -> Portion:
    def look_up(portion: str) -> int:
        items = library.items.find(items_in(archive, portion))
        return _bytes_of(items, images_of(library, items))

    return look_up


def _bytes_of(items: Iterable[Item], images: Mapping[str, Image]) -> int:
    """Return what the images and files of items take; what several of them hold counts once."""
    held = {image for item in items for image in item.images}
    sizes = {file.key: file.size_bytes for image in held if image in images for file in images[image].files}
    files = [value.file for item in items for value in item.values if value.file is not None]
    return sum((sizes | {file.key: file.size_bytes for file in files}).values())
