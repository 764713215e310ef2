"""Keeps who downloaded what when, and tells editors."""

from collections.abc import Sequence

from archive_api.domain.access_note import AccessNote
from archive_api.use_cases.library import Library
from archive_shared.access import Caller
from archive_shared.clock import to_text
from archive_shared.documents import less_than
from archive_shared.identifiers import new_id


def note_access(
    library: Library, caller: Caller, archives: Sequence[str], *, kind: str, subject: str, part: str = ""
) -> None:
    """Note a download before it begins; raises what the store raises, so that nothing is given out unnoticed."""
    now = library.clock.now()
    library.access_notes.add(
        AccessNote(
            id=f"{to_text(now)}.{new_id()}",  # sorts by time
            archives=sorted(archives),
            user=caller.id,
            username=caller.username,
            kind=kind,
            subject=subject,
            part=part,
            at=now,
        )
    )


def note_image_access(library: Library, caller: Caller, image: str, file: str) -> None:
    """Note the download of a file of an image, for every archive that holds the image."""
    holders = library.items.find({"images": image})
    archives = {item.archive for item in holders}
    note_access(library, caller, sorted(archives), kind="image", subject=image, part=file)


def note_value_access(library: Library, caller: Caller, item: str, value: str) -> None:
    """Note the download of a file in a socket of an item."""
    archive = library.items.require(item).archive
    note_access(library, caller, [archive], kind="file", subject=item, part=value)


def read_access_notes(library: Library, archive: str, *, before: str, limit: int) -> list[AccessNote]:
    """Return downloads out of an archive, the newest first, from behind one of them; costs a page."""
    where = {"archives": archive} | ({"_id": less_than(before)} if before else {})
    return library.access_notes.find(where, sort=[("_id", -1)], limit=limit)
