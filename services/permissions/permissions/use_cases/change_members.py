"""Gives and takes roles on an archive."""

from archive_shared.documents import one_of
from archive_shared.errors import Duplicate, Forbidden, Invalid, NotFound
from permissions.domain.role import Role
from permissions.domain.roster import Roster
from permissions.domain.user import User, normalised_username
from permissions.use_cases.directory import Directory


def make_first_editor(directory: Directory, *, archive: str, user: str) -> None:
    """Make the creator of a new archive its editor; once there is a roster, nothing changes any more."""
    roster = Roster(id=archive)
    roster.grant(user, Role.EDITOR, by=user)
    try:
        directory.rosters.add(roster)
    except Duplicate:
        return


def list_members(directory: Directory, caller: User, archive: str) -> list[tuple[User, list[Role]]]:
    """Return everybody with a role and their roles; for editors."""
    roster = _roster_for_editing(directory, caller, archive)
    users = {user.id: user for user in _users(directory, roster.members)}
    return [(users[member], roles) for member, roles in roster.roles.items() if member in users]


def grant(directory: Directory, caller: User, archive: str, *, username: str, role: Role) -> User:
    """Give somebody a role on the archive and return them; for editors.

    Raises
    ------
    Invalid
        Nobody has this username.
    """
    _roster_for_editing(directory, caller, archive)
    found = directory.users.find({"username": normalised_username(username)}, limit=1)
    if not found:
        raise Invalid({"user": [f"There is no user named {username}."]})
    directory.rosters.change(archive, lambda roster: roster.grant(found[0].id, role, by=caller.id))
    return found[0]


def revoke(directory: Directory, caller: User, archive: str, *, user: str, role: Role) -> None:
    """Take a role away, effective with the next decision; for editors."""
    _roster_for_editing(directory, caller, archive)
    directory.rosters.change(archive, lambda roster: roster.revoke(user, role, by=caller.id))


def _roster_for_editing(directory: Directory, caller: User, archive: str) -> Roster:
    roster = directory.rosters.require(archive)
    if caller.administrator or Role.EDITOR in roster.of(caller.id):
        return roster
    if roster.of(caller.id):
        raise Forbidden("Only editors manage the members of an archive.")
    raise NotFound(f"archive {archive} may not be seen")


def _users(directory: Directory, identifiers: list[str]) -> list[User]:
    return directory.users.find({"_id": one_of(identifiers)})
