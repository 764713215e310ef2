"""Who may do what within permissions itself; whatever an administrator may only as such goes into the trail."""

from archive_shared.errors import Forbidden, NotFound
from permissions.domain.identity import Identity
from permissions.domain.role import Role
from permissions.domain.roster import Roster
from permissions.use_cases.directory import Directory


def require_administrator(directory: Directory, caller: Identity, what: str) -> None:
    """Refuse everybody else.

    Parameters
    ----------
    what
        What is done, for the trail.
    """
    if not caller.administrator:
        raise Forbidden("Only administrators may do this.")
    directory.trail.power_used(caller.person, what, None)


def require_open(directory: Directory, archive: str) -> Roster:
    """Return the roster of an archive; raise `NotFound` for none, and for one that was deleted."""
    roster = directory.rosters.require(archive)
    _check_open(roster)
    return roster


def require_editor(
    directory: Directory, caller: Identity, archive: str, what: str, *, deleted_too: bool = False
) -> Roster:
    """Return the roster of an archive the caller may manage.

    Parameters
    ----------
    deleted_too
        Whether to look at an archive that was deleted: what was done to it stays to be read.

    Raises
    ------
    NotFound
        There is no such archive, or the caller has no role on it.
    Forbidden
        The caller has a role, but is no editor.
    """
    roster = directory.rosters.require(archive) if deleted_too else require_open(directory, archive)
    if is_editor(roster, caller):
        return roster
    if caller.administrator:
        directory.trail.power_used(caller.person, what, archive)
        return roster
    if caller.covers(archive) and roster.of(caller.id):
        raise Forbidden("Only editors may do this.")
    raise NotFound(f"archive {archive} may not be seen")


def is_editor(roster: Roster, caller: Identity) -> bool:
    return caller.covers(roster.id) and Role.EDITOR in roster.of(caller.id)


def check_still_editor(roster: Roster, caller: Identity) -> None:
    """Refuse in the very write: who was an editor when they asked may be none any more, and the archive gone."""
    _check_open(roster)
    if not (caller.administrator or is_editor(roster, caller)):
        raise Forbidden("Only editors may do this.")


def _check_open(roster: Roster) -> None:
    if roster.closed:
        raise NotFound(f"archive {roster.id} was deleted")
