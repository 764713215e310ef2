"""Creates users."""

from archive_shared.documents import more_than
from archive_shared.errors import Duplicate, Forbidden, Invalid, NotFound
from archive_shared.identifiers import new_id
from permissions.domain.user import User, normalised_username
from permissions.use_cases.directory import Directory

_ATTEMPTS = 20


def create_user(directory: Directory, caller: User, *, username: str) -> User:
    """Create a user; for administrators."""
    _require_administrator(caller)
    return add_user(directory, username=username, administrator=False)


def list_users(directory: Directory, caller: User, *, skip: int, limit: int) -> tuple[int, list[User]]:
    """Return how many users there are, and a page of them; for administrators."""
    _require_administrator(caller)
    users = directory.users.find(sort=[("number", 1)], skip=skip, limit=limit)
    return directory.users.count(), users


def show_user(directory: Directory, caller: User, identifier: str) -> User:
    """Return a user; others than oneself only for administrators."""
    if caller.id != identifier and not caller.administrator:
        raise NotFound(f"user {identifier} may not be seen")
    return directory.users.require(identifier)


def add_user(directory: Directory, *, username: str, administrator: bool) -> User:
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
            id=new_id(),
            username=name,
            number=_next_number(directory),
            administrator=administrator,
            created_at=directory.clock.now(),
        )
        try:
            return directory.users.add(user)
        except Duplicate:  # the name or the number was taken a moment ago
            continue
    raise Duplicate("Too many users are being created at once; try again.")


def _next_number(directory: Directory) -> int:
    last = directory.users.find({"number": more_than(0)}, sort=[("number", -1)], limit=1)
    return last[0].number + 1 if last else 1


def _require_administrator(caller: User) -> None:
    if not caller.administrator:
        raise Forbidden("Only administrators manage users.")
