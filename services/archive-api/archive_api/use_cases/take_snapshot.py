"""Makes a snapshot of an archive: the pages first, then the snapshot, which is there only when it is whole."""

from collections.abc import Iterator
from dataclasses import dataclass

from archive_api.domain.history import Actor
from archive_api.domain.image import Image
from archive_api.domain.snapshot import Binder, Citation, FrozenItem, Snapshot, freeze
from archive_api.use_cases.library import Library
from archive_api.use_cases.read_contents import HeldItem, read_items
from archive_shared.access import Caller
from archive_shared.documents import one_of
from archive_shared.errors import Conflict, Duplicate, Invalid
from archive_shared.identifiers import new_id

MOST_ITEMS = 100_000
"""So many are frozen while the client waits."""

_ATTEMPTS = 20


@dataclass(frozen=True, kw_only=True)
class WantedSnapshot:
    """What an editor says of a new snapshot."""

    title: str
    citation: Citation


def take_snapshot(
    library: Library, caller: Caller, archive: str, identifier: str, wanted: WantedSnapshot
) -> Snapshot:
    """Freeze the items of an archive as they are, under an identifier; twice gives the same snapshot.

    Every item is frozen as a whole; one that is changed meanwhile may be in it as before or as after the change.
    Costs a read of each item and image, and takes none of their bytes.

    Raises
    ------
    Conflict
        A slide of the archive is still being converted, so its files are not what they will be.
    Invalid
        There are more than `MOST_ITEMS`.
    """
    present = library.snapshots.get(identifier)
    if present is not None:
        return present
    if library.items.count({"archive": archive, "deleted": False}) > MOST_ITEMS:
        raise Invalid({"": [f"An archive of more than {MOST_ITEMS} items cannot have a version."]})
    binder = Binder(attempt := new_id(), at=library.clock.now())
    for page in binder.bind(_frozen_items(library, archive)):
        library.snapshot_pages.add(page)
    snapshot = Snapshot(
        id=identifier,
        archive=archive,
        number=0,
        title=wanted.title,
        citation=wanted.citation,
        attempt=attempt,
        items=binder.items,
        starts=binder.starts,
        sha256=binder.sha256,
        creator=Actor.of(caller),
        created_at=library.clock.now(),
    )
    return _add(library, snapshot)


def _add(library: Library, snapshot: Snapshot) -> Snapshot:
    """Store it under the next number of its archive."""
    for _ in range(_ATTEMPTS):
        last = library.snapshots.find({"archive": snapshot.archive}, sort=[("number", -1)], limit=1)
        snapshot.number = last[0].number + 1 if last else 1
        try:
            return library.snapshots.add(snapshot)
        except Duplicate:
            present = library.snapshots.get(snapshot.id)
            if present is not None:  # the same request did it at the same time
                return present
    raise Conflict("Versions of this archive are being made too fast; try again.")


def _frozen_items(library: Library, archive: str) -> Iterator[FrozenItem]:
    for held in read_items(library, archive):
        _require_settled(library, held)
        yield freeze(held.item, held.images)


def _require_settled(library: Library, held: HeldItem) -> None:
    slides = [image.id for image in held.images if _may_change(image)]
    if not slides:
        return
    failed = {each.id for each in library.renderings.find({"_id": one_of(slides)}) if each.failure}
    if set(slides) - failed:
        raise Conflict(f"Slides of the item {held.item.id} are still being converted; try again later.")


def _may_change(image: Image) -> bool:
    """Tell whether it is a slide whose file will be replaced by the one with all levels."""
    return not image.pixels_sha256 and not image.slide_is_complete
