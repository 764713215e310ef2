"""Removes images that nothing refers to any more, and never one that is referred to.

An image that no item holds for a while is first marked as leaving. Whoever refers to it from then on takes that back
(`archive_api.use_cases.hold`), with the compare-and-set of the image's own document. After `WRITE_WITHIN`, when everybody
who looked at the image before it was marked has written what they wanted to, references are looked up: if there is none, and
nobody took the mark back, it is gone. The rest (the announcement, forgetting what was known of it) is done by this
sweep or, if it dies, by the next.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from archive_api.domain.arriving import REMOVED
from archive_api.domain.departure import Departure
from archive_api.domain.image import Image
from archive_api.use_cases.hold import WRITE_WITHIN
from archive_api.use_cases.library import Library
from archive_api.use_cases.note_failure import fail_waiting
from archive_api.use_cases.references import know_what_is_kept, referred_images
from archive_shared.clock import to_text
from archive_shared.documents import at_most
from archive_shared.errors import Duplicate, NotFound
from archive_shared.sweeping import Leftover, Stage

_AT_ONCE = 200


def sweep_images(library: Library, *, unused_for: timedelta, dry_run: bool) -> Iterator[Leftover]:
    """Yield images that nothing refers to, after each was taken one step further; a dry run takes none.

    Parameters
    ----------
    unused_for
        How long nothing must have referred to an image before it is marked.
    """
    know_what_is_kept(library)
    _begin_to_wait(library)
    for batch in _unplaced(library, library.clock.now() - unused_for):
        looked_at = library.clock.now()
        referred = referred_images(library, [image.id for image in batch])
        for image in batch:
            if image.id not in referred:
                yield _leftover(image, _stage(library, image, looked_at, dry_run=dry_run))


def _stage(library: Library, image: Image, looked_at: datetime, *, dry_run: bool) -> Stage:
    """Take an image one step further on its way out, unless it is a dry run."""
    if dry_run:
        is_due = image.leaving_since is not None and image.leaving_since <= looked_at - WRITE_WITHIN
        return Stage.DUE if is_due else Stage.WAITING
    try:
        pushed = library.images.change(image.id, lambda present: _push(present, looked_at))
    except NotFound:  # another sweep finished it
        return Stage.REMOVED
    if not pushed.gone:
        return Stage.WAITING
    _finish(library, pushed)
    return Stage.REMOVED


def _push(image: Image, looked_at: datetime) -> None:
    if image.leaving_since is None:
        image.leave(at=looked_at)
    else:  # whoever saw it before it was leaving had written all references when they were looked for
        image.go(left_before=looked_at - WRITE_WITHIN)


def _finish(library: Library, image: Image) -> None:
    with suppress(Duplicate):  # a sweep that died did it
        library.departures.add(Departure.of(image.id, at=library.clock.now()))
    fail_waiting(library, image.session, REMOVED)  # an item that was deleted while it waited would wait again
    library.renderings.delete(image.id)
    library.images.delete(image.id)


def _unplaced(library: Library, before: datetime) -> Iterator[Sequence[Image]]:
    """Yield images that have been unplaced since before an instant, batch by batch."""
    where = {"unplaced_since": at_most(to_text(before))}
    found = library.images.identifiers(where)
    for start in range(0, len(found), _AT_ONCE):
        batch = [library.images.get(each) for each in found[start : start + _AT_ONCE]]
        yield [image for image in batch if image is not None and not image.placed]


def _begin_to_wait(library: Library) -> None:
    """Let the time begin for images that were stored before it was noted."""
    now = library.clock.now()
    for image in library.images.find({"placed": False, "unplaced_since": None}):
        library.images.change(image.id, lambda present: present.held_by(present.archives, at=now))


def _leftover(image: Image, stage: Stage) -> Leftover:
    return Leftover(
        kind="image",
        name=image.id,
        size_bytes=sum(file.size_bytes for file in image.files),
        since=image.unplaced_since,
        stage=stage,
    )
