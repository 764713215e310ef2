"""Gives and takes roles on an archive."""

from collections.abc import Callable, Mapping, Sequence

from archive_shared.documents import one_of
from archive_shared.errors import Duplicate, Invalid, NotFound
from permissions.domain.identity import Identity
from permissions.domain.person import Person
from permissions.domain.request import AccessRequest, Asking, State, request_id
from permissions.domain.role import Role
from permissions.domain.roster import Roster
from permissions.domain.user import User, normalised_username
from permissions.use_cases.authority import check_still_editor, require_editor
from permissions.use_cases.directory import Directory


def make_first_editor(directory: Directory, *, archive: str, user: str) -> None:
    """Make the creator of a new archive its editor; once there is a roster, nothing changes any more."""
    person = directory.users.require(user).person
    roster = Roster(id=archive)
    roster.grant(person, Role.EDITOR, by=person, at=directory.clock.now())
    try:
        directory.rosters.add(roster)
    except Duplicate:
        return


def list_members(directory: Directory, caller: Identity, archive: str) -> list[tuple[User, list[Role]]]:
    """Return everybody with a role and their roles; for editors."""
    roster = require_editor(directory, caller, archive, "list members")
    users = users_by_id(directory, roster.members())
    return [(users[member], roster.of(member)) for member in roster.members() if member in users]


def grant(directory: Directory, caller: Identity, archive: str, *, username: str, role: Role) -> User:
    """Give somebody a role on the archive and return them; for editors. A pending request of theirs is accepted.

    Raises
    ------
    Invalid
        Nobody has this username.
    """
    require_editor(directory, caller, archive, "give roles")
    found = directory.users.find({"username": normalised_username(username)}, limit=1)
    if not found or not found[0].active:
        raise Invalid({"user": [f"There is no user named {username}."]})
    person, now = found[0].person, directory.clock.now()

    def apply(roster: Roster) -> None:
        check_still_editor(roster, caller)
        roster.grant(person, role, by=caller.person, at=now)

    directory.rosters.change(archive, apply)
    _accept_pending(directory, archive, person, by=caller.person)
    return found[0]


def revoke(directory: Directory, caller: Identity, archive: str, *, user: str, role: Role) -> None:
    """Take a role away, effective with the next decision; for editors. Who has none left cannot just walk in again.

    Raises
    ------
    NotFound
        This user does not have this role.
    """
    roster = require_editor(directory, caller, archive, "take roles")
    if role not in roster.of(user):
        raise NotFound(f"user {user} is no {role.value} of archive {archive}")
    person, now = directory.users.require(user).person, directory.clock.now()

    def apply(present: Roster) -> None:
        check_still_editor(present, caller)
        present.revoke(person, role, by=caller.person, at=now)

    left = directory.rosters.change(archive, apply)
    if not left.of(user):
        _refuse_from_now_on(directory, archive, person, by=caller.person)


def users_by_id(directory: Directory, identifiers: Sequence[str]) -> Mapping[str, User]:
    return {user.id: user for user in directory.users.find({"_id": one_of(list(identifiers))})}


def _accept_pending(directory: Directory, archive: str, user: Person, *, by: Person) -> None:
    now = directory.clock.now()

    def accept(request: AccessRequest) -> None:
        if request.state is State.PENDING:
            request.accept(by=by, at=now)
            request.settle()  # the role is there

    _change_request(directory, archive, user, accept)


def _refuse_from_now_on(directory: Directory, archive: str, user: Person, *, by: Person) -> None:
    """Close the request of somebody who was removed, so that no rule lets them in again by itself."""
    now = directory.clock.now()
    if directory.requests.get(request_id(archive, user.id)) is None:
        closed = AccessRequest(
            id=request_id(archive, user.id), archive=archive, user=user, asking=Asking(), requested_at=now
        )
        closed.close_after_removal(by=by, at=now)
        try:
            directory.requests.add(closed)
        except Duplicate:  # they asked a moment ago
            pass
        else:
            return
    _change_request(directory, archive, user, lambda request: request.close_after_removal(by=by, at=now))


def _change_request(
    directory: Directory, archive: str, user: Person, step: Callable[[AccessRequest], None]
) -> None:
    identifier = request_id(archive, user.id)
    if directory.requests.get(identifier) is not None:
        directory.requests.change(identifier, step)
