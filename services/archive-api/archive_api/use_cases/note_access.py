"""Keeps who downloaded what when, and tells editors."""

from collections.abc import Iterable, Mapping, Sequence

from archive_api.domain.access_note import AccessNote, about
from archive_api.use_cases.browse_snapshots import snapshots_holding
from archive_api.use_cases.library import Library
from archive_shared.access import Caller
from archive_shared.clock import to_text
from archive_shared.documents import Where, less_than
from archive_shared.identifiers import new_id

MOST_COUNTED = 10_000


def note_access(
    library: Library, caller: Caller, archives: Sequence[str], *, kind: str, subject: str, part: str = ""
) -> None:
    """Note a download before it begins; raises what the store raises, so that nothing is given out unnoticed."""
    now = library.clock.now()
    library.access_notes.add(
        AccessNote(
            id=f"{to_text(now)}.{new_id()}",  # sorts by time
            archives=sorted(archives),
            about=[about(archive, subject) for archive in sorted(archives)],
            user=caller.id,
            username=caller.username,
            kind=kind,
            subject=subject,
            part=part,
            at=now,
        )
    )


def note_image_access(library: Library, caller: Caller, image: str, file: str) -> None:
    """Note the download of a file of an image, for every archive an item or a version of which holds the image."""
    archives = {item.archive for item in library.items.find({"images": image})}
    archives |= {snapshot.archive for snapshot in snapshots_holding(library, image)}
    note_access(library, caller, sorted(archives), kind="image", subject=image, part=file)


def note_value_access(library: Library, caller: Caller, item: str, value: str) -> None:
    """Note the download of a file in a socket of an item."""
    archive = library.items.require(item).archive
    note_access(library, caller, [archive], kind="file", subject=item, part=value)


def read_access_notes(
    library: Library, archive: str, *, subject: str, before: str, limit: int
) -> list[AccessNote]:
    """Return downloads out of an archive, the newest first, from behind one of them; costs a page.

    Parameters
    ----------
    subject
        What was downloaded, "" for anything.
    """
    where: Where = {"about": about(archive, subject)} if subject else {"archives": archive}
    behind: Where = {"_id": less_than(before)} if before else {}
    return library.access_notes.find({**where, **behind}, sort=[("_id", -1)], limit=limit)


def count_accesses(library: Library, archive: str, subjects: Iterable[str]) -> Mapping[str, int]:
    """Return how often each of these was downloaded out of an archive; of more than `MOST_COUNTED`, so many."""
    return {
        subject: library.access_notes.count({"about": about(archive, subject)}, limit=MOST_COUNTED)
        for subject in set(subjects)
    }
