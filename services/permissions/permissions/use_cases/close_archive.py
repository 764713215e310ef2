"""Ends what goes on about an archive that was deleted; hears `archive.deleted`."""

from contextlib import suppress

from archive_shared.errors import Conflict
from permissions.domain.person import RULE
from permissions.domain.request import State
from permissions.use_cases.directory import Directory

_DELETED = "The archive was deleted."


def close_archive(directory: Directory, archive: str) -> None:
    """Let nobody ask for access any more, nor give or take roles, and tell those who wait for an answer that none comes.

    The roster is closed first: who asks just then sees that, or is found waiting. Repeating it changes nothing.
    """
    if directory.rosters.get(archive) is None:
        return
    directory.rosters.change(archive, lambda roster: roster.close())
    at = directory.clock.now()
    for request in directory.requests.find({"archive": archive, "state": State.PENDING.value}):
        with suppress(Conflict):  # taken back meanwhile
            directory.requests.change(request.id, lambda each: each.reject(_DELETED, by=RULE, at=at))
