"""Creates, finds and changes users."""

from collections.abc import Sequence
from dataclasses import dataclass

from archive_shared.documents import more_than
from archive_shared.errors import Conflict, Duplicate, Forbidden, Invalid, NotFound
from archive_shared.identifiers import new_id
from permissions.domain.identity import Identity
from permissions.domain.person import OPERATOR, Person
from permissions.domain.role import Role
from permissions.domain.roster import FIELD_OF
from permissions.domain.user import Mail, User, normalised_username
from permissions.use_cases.authority import require_administrator
from permissions.use_cases.decide_requests import apply_rules_to
from permissions.use_cases.directory import Directory
from permissions.use_cases.manage_organisations import check_organisations

_ATTEMPTS = 20


@dataclass(frozen=True, kw_only=True)
class UserState:
    """What an administrator says of a user; None leaves it as it is."""

    verified: bool | None = None
    active: bool | None = None
    administrator: bool | None = None
    creates_archives: bool | None = None
    organisations: Sequence[str] | None = None


def create_user(
    directory: Directory, caller: Identity, identifier: str, *, username: str, email: str = ""
) -> User:
    """Create a user; for administrators. The same again is the same user."""
    require_administrator(directory, caller, "create users")
    present = directory.users.get(identifier)
    return present or add_user(
        directory, identifier=identifier, username=username, email=email, by=caller.person
    )


def list_users(directory: Directory, caller: Identity, *, skip: int, limit: int) -> tuple[int, list[User]]:
    """Return how many users there are, and a page of them; for administrators."""
    require_administrator(directory, caller, "list users")
    users = directory.users.find(sort=[("number", 1)], skip=skip, limit=limit)
    return directory.users.count(), users


def find_person(directory: Directory, caller: Identity, *, name: str) -> list[User]:
    """Return the one who has exactly this username or e-mail address; for editors, who want to give them a role.

    Nothing shorter than the whole name finds anybody, so that nobody can page through who there is. An address that somebody
    only says is theirs finds nobody: it may be that of the one who is looked for.
    """
    if not (caller.administrator or directory.rosters.count({FIELD_OF[Role.EDITOR]: caller.id})):
        raise Forbidden("Only editors of an archive look for people.")
    wanted = name.strip().lower()
    if not wanted:
        return []
    found = directory.users.find([{"username": wanted}, {"vouched_email": wanted}], limit=2)
    return [user for user in found if user.active] if len(found) == 1 else []


def show_user(directory: Directory, caller: Identity, identifier: str) -> User:
    """Return a user; others than oneself only for administrators."""
    if caller.id == identifier:
        return caller.user
    if not caller.administrator:
        raise NotFound(f"user {identifier} may not be seen")
    found = directory.users.require(identifier)
    require_administrator(directory, caller, "see a user")
    return found


def change_user(directory: Directory, caller: Identity, identifier: str, wanted: UserState) -> User:
    """Change what only administrators say of somebody.

    Raises
    ------
    Conflict
        The last administrator would be gone.
    """
    if not caller.administrator:
        raise Forbidden("Only administrators manage users.")
    at, by = directory.clock.now(), caller.person
    check_organisations(directory, wanted.organisations or ())
    present = directory.users.require(identifier)
    _keep_an_administrator(directory, present, wanted)

    def apply(user: User) -> None:
        if wanted.verified is not None:
            user.verify(wanted.verified, by=by, at=at)
        if wanted.organisations is not None:
            user.join(wanted.organisations, by=by, at=at)
        if wanted.creates_archives is not None:
            user.name_creator(wanted.creates_archives, by=by, at=at)
        user.set_state(
            active=user.active if wanted.active is None else wanted.active,
            administrator=user.administrator if wanted.administrator is None else wanted.administrator,
            by=by,
            at=at,
        )

    changed = directory.users.change(identifier, apply)
    if changed.verified:
        apply_rules_to(directory, identifier)
    return changed


def change_own_mail(
    directory: Directory,
    caller: Identity,
    *,
    email: str | None,
    mail: Mail | None,
    muted: Sequence[str] | None,
) -> User:
    """Set where and how often the caller hears of things by e-mail, and of which archives not at all; None stays."""

    def apply(user: User) -> None:
        user.email = user.email if email is None else email.strip().lower()
        user.mail = user.mail if mail is None else mail
        user.muted = user.muted if muted is None else list(dict.fromkeys(muted))

    return directory.users.change(caller.id, apply)


def add_user(
    directory: Directory,
    *,
    username: str,
    identifier: str | None = None,
    administrator: bool = False,
    email: str = "",
    login: str | None = None,
    by: Person = OPERATOR,
) -> User:
    """Store a new user under the next free number.

    Raises
    ------
    Invalid
        The username is taken or not allowed.
    """
    name = normalised_username(username)
    for _ in range(_ATTEMPTS):
        if directory.users.count({"username": name}):
            raise Invalid({"username": [f"The username {name} is taken."]})
        user = User(
            id=identifier or new_id(),
            username=name,
            number=_next_number(directory),
            administrator=administrator,
            created_at=directory.clock.now(),
            email=email.strip().lower(),
            login=login,
        )
        user.vouch_for_email(email)
        user.note("user.created", by=by, at=user.created_at, subject=user.person)
        try:
            return directory.users.add(user)
        except Duplicate:  # the name or the number was taken a moment ago
            continue
    raise Duplicate("Too many users are being created at once; try again.")


def _next_number(directory: Directory) -> int:
    last = directory.users.find({"number": more_than(0)}, sort=[("number", -1)], limit=1)
    return last[0].number + 1 if last else 1


def _keep_an_administrator(directory: Directory, user: User, wanted: UserState) -> None:
    goes = wanted.active is False or wanted.administrator is False
    others = [
        each for each in directory.users.find({"administrator": True}) if each.active and each.id != user.id
    ]
    if goes and user.administrator and not others:
        raise Conflict("The platform keeps at least one administrator; name another one first.")
