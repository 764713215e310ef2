"""Shows snapshots and what they hold to those who may use their archive; while there is an embargo, to its editors."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from archive_api.domain.history import Actor
from archive_api.domain.snapshot import Citation, FrozenItem, Snapshot, attempt_of, page_id
from archive_api.domain.value import StoredFile
from archive_api.use_cases.change_archive import require_editor
from archive_api.use_cases.library import Library
from archive_shared.access import Action, Question, require
from archive_shared.documents import one_of
from archive_shared.errors import Conflict, Invalid, NotFound


def list_snapshots(
    library: Library, token: str | None, archive: str, *, skip: int, limit: int
) -> tuple[int, list[Snapshot]]:
    """Return how many snapshots of an archive the caller sees, and a page of them, the newest first.

    Raises
    ------
    Unauthenticated, NotFound
        As for the data of the archive.
    """
    if library.archive(archive) is None:
        library.require_caller(token)
        raise NotFound(f"archive {archive} does not exist")
    require(library.access, token, Action.USE_ARCHIVE, archive)
    found = library.snapshots.find({"archive": archive}, sort=[("number", -1)])
    if not _may_edit(library, token, archive):
        now = library.clock.now()
        found = [each for each in found if not each.is_embargoed(now)]
    return len(found), found[skip : skip + limit]


def find_snapshot(library: Library, token: str | None, identifier: str) -> Snapshot:
    """Return a snapshot the caller may see; raise `Unauthenticated` or `NotFound`."""
    found = library.snapshots.get(identifier)
    if found is None or library.archive(found.archive) is None:
        library.require_caller(token)
        raise NotFound(f"snapshot {identifier} does not exist")
    require(library.access, token, Action.USE_ARCHIVE, found.archive)
    if found.is_embargoed(library.clock.now()) and not _may_edit(library, token, found.archive):
        raise NotFound(f"snapshot {identifier} may not be seen yet")
    return found


def cite(library: Library, token: str | None, identifier: str, changes: dict[str, Any]) -> Snapshot:
    """Change the citation by name, for editors; what is not named stays.

    Raises
    ------
    Unauthenticated, NotFound, Forbidden
        As `find_snapshot`, and for who is no editor.
    Invalid
        It has another DOI already, which others may have cited.
    """
    found = find_snapshot(library, token, identifier)
    caller, _ = require_editor(library, token, found.archive)
    now, by = library.clock.now(), Actor.of(caller)

    def apply(present: Snapshot) -> None:
        wanted: Citation = replace(present.citation, **changes)
        if present.citation.doi not in ("", wanted.doi):
            raise Invalid({"doi": ["A DOI that was given stays: others may have cited it."]})
        present.cite(wanted, at=now, by=by)

    return library.snapshots.change(identifier, apply)


def read_snapshot(library: Library, snapshot: Snapshot, *, skip: int = 0) -> Iterator[FrozenItem]:
    """Yield the items of a snapshot in their order, from one of them on; costs one page at a time."""
    first = max(bisect_right(snapshot.starts, skip) - 1, 0)
    for number in range(first, len(snapshot.starts)):
        entries = library.snapshot_pages.require(page_id(snapshot.attempt, number)).entries
        yield from entries[max(skip - snapshot.starts[number], 0) :]


def find_frozen_file(
    library: Library, token: str | None, snapshot: str, *, item: str, value: int, name: str
) -> tuple[Snapshot, StoredFile]:
    """Return a snapshot the caller may see and a file in it; raise like `find_snapshot`."""
    found = find_snapshot(library, token, snapshot)
    behind_last = page_id(
        found.attempt, len(found.starts)
    )  # one may be left of a step that was done twice at once
    for page in library.snapshot_pages.find({"attempt": found.attempt, "holds": item}):
        if page.id >= behind_last:
            continue
        values = [each.value for entry in page.entries if entry.item == item for each in entry.values]
        for each in values:
            if each.file is not None and (each.number, each.file.name) == (value, name):
                return found, each.file
    raise NotFound(f"snapshot {snapshot} has no such file")


def questions_about(library: Library, image: str) -> list[Question]:
    """Return what one of must be allowed to see an image for the sake of the snapshots that hold it."""
    return [
        Question(
            Action.CHANGE_ARCHIVE if each.is_embargoed(library.clock.now()) else Action.USE_ARCHIVE,
            each.archive,
        )
        for each in snapshots_holding(library, image)
    ]


def snapshots_holding(library: Library, held: str) -> list[Snapshot]:
    """Return the snapshots that hold an item, an image or a file, without reading their pages."""
    attempts = sorted({attempt_of(page) for page in library.snapshot_pages.identifiers({"holds": held})})
    return library.snapshots.find({"attempt": one_of(attempts)}) if attempts else []


def require_uncited(library: Library, archive: str) -> None:
    """Raise `Conflict` if the archive must not be deleted because a snapshot of it has a DOI."""
    cited = [each.number for each in library.snapshots.find({"archive": archive}) if each.citation.doi]
    if cited:
        versions = ", ".join(map(str, sorted(cited)))
        raise Conflict(f"It has versions with a DOI, which others may have cited: {versions}.")


def drop_snapshots_of(library: Library, archive: str) -> None:
    """Delete the snapshots of a deleted archive; their pages are swept."""
    for snapshot in library.snapshots.find({"archive": archive}):
        library.snapshots.delete(snapshot.id)


def _may_edit(library: Library, token: str | None, archive: str) -> bool:
    return all(library.access.ask(token, [Question(Action.CHANGE_ARCHIVE, archive)]).allowed)
