"""Removes snapshots of deleted archives, and pages of those that never came to be or went with their archive."""

from datetime import timedelta

from archive_api.domain.snapshot import attempt_of
from archive_api.use_cases.library import Library
from archive_shared.clock import to_text
from archive_shared.documents import at_most, one_of

_AT_ONCE = 200
_MAKING = timedelta(days=1)
"""No snapshot takes as long to be made."""


def sweep_pages(library: Library) -> None:
    """Remove pages without a snapshot; costs a look at the identifiers of all pages and of all archives that were deleted."""
    _drop_orphans(library)
    before = to_text(library.clock.now() - _MAKING)
    pages = library.snapshot_pages.identifiers({"created_at": at_most(before)})
    attempts = sorted({attempt_of(page) for page in pages})
    made = _made(library, attempts) if attempts else set()
    for page in pages:
        if attempt_of(page) not in made:
            library.snapshot_pages.delete(page)


def _drop_orphans(library: Library) -> None:
    """Remove what was stored while its archive was deleted, by somebody who died before they looked."""
    gone = library.archives.identifiers({"deleted": True})
    for start in range(0, len(gone), _AT_ONCE):
        for snapshot in library.snapshots.identifiers({"archive": one_of(gone[start : start + _AT_ONCE])}):
            library.snapshots.delete(snapshot)


def _made(library: Library, attempts: list[str]) -> set[str]:
    """Return those attempts that became snapshots, or may still."""
    wanted = {"attempt": one_of(attempts)}
    drafts = {draft.attempt for draft in library.snapshot_drafts.find(wanted)}
    return drafts | {snapshot.attempt for snapshot in library.snapshots.find(wanted)}
