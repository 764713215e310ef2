"""Keeps archives within a size: one that is full takes no more files and imports.

What is under way when it becomes full is still let in, so an archive may exceed its quota by that. Without a quota nothing is
weighed; with one, every change of an item costs a look at one 256th of its archive.
"""

from contextlib import suppress

from archive_api.domain.tally import items_in, portion_of
from archive_api.domain.weight import Weight, weight_of
from archive_api.use_cases.index_item import images_of
from archive_api.use_cases.library import Library
from archive_shared.errors import Duplicate, Forbidden

_AT_ONCE = (
    8  # portions; what is weighed while others change the weight is weighed again, so it must be soon done
)


def is_full(library: Library, archive: str) -> bool:
    """Tell whether an archive holds as much as it may."""
    most_bytes = library.archive_quota_bytes
    return most_bytes > 0 and _weight(library, archive).size_bytes >= most_bytes


def require_room(library: Library, archive: str) -> None:
    """Raise `Forbidden` for an archive that is full."""
    if is_full(library, archive):
        quota_gb = library.archive_quota_bytes / 10**9
        raise Forbidden(
            f"The archive is full: it may hold {quota_gb:,.3g} GB. Delete items, or ask an administrator for more room."
        )


def weigh(library: Library, archive: str, item: str) -> None:
    """Weigh anew where an item of an archive changed, came or went."""
    if library.archive_quota_bytes and library.weights.get(archive) is not None:
        library.weights.change(archive, lambda weight: _look_up(library, weight, [portion_of(item)]))


def _weight(library: Library, archive: str) -> Weight:
    """Return the weight of an archive, begun and completed if it must be."""
    weight = library.weights.get(archive)
    if weight is None:
        with suppress(Duplicate):
            library.weights.add(Weight(id=archive))
        weight = library.weights.require(archive)
    while weight.missing:
        weight = library.weights.change(
            archive, lambda present: _look_up(library, present, present.missing[:_AT_ONCE])
        )
    return weight


def _look_up(library: Library, weight: Weight, portions: list[str]) -> None:
    weight.note({portion: _portion_bytes(library, weight.id, portion) for portion in portions})


def _portion_bytes(library: Library, archive: str, portion: str) -> int:
    items = library.items.find(items_in(archive, portion))
    return weight_of(items, images_of(library, items))
