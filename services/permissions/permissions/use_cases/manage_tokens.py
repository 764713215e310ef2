"""Issues, lists and removes tokens, and creates the first administrator of an installation."""

from dataclasses import dataclass

from archive_shared.errors import Forbidden, NotFound
from archive_shared.identifiers import new_id
from permissions.domain.token import Token, digest, new_secret
from permissions.domain.user import User
from permissions.use_cases.directory import Directory
from permissions.use_cases.manage_users import add_user


@dataclass(frozen=True)
class IssuedToken:
    """A new token, with the secret that is never shown again."""

    token: Token
    secret: str


def issue_token(directory: Directory, caller: User, *, name: str, user: str | None) -> IssuedToken:
    """Issue a token for oneself; for somebody else only as administrator."""
    owner = user or caller.id
    if owner != caller.id and not caller.administrator:
        raise Forbidden("Only administrators issue tokens for others.")
    return issue(directory, directory.users.require(owner), name=name)


def list_tokens(directory: Directory, caller: User, *, skip: int, limit: int) -> tuple[int, list[Token]]:
    """Return how many tokens the caller has, and a page of them."""
    mine = {"user": caller.id}
    return directory.tokens.count(mine), directory.tokens.find(
        mine, sort=[("created_at", 1)], skip=skip, limit=limit
    )


def revoke_token(directory: Directory, caller: User, identifier: str) -> None:
    """Remove a token of one's own (administrators: of anybody); it stops working at once."""
    token = directory.tokens.require(identifier)
    if token.user != caller.id and not caller.administrator:
        raise NotFound(f"token {identifier} may not be seen")
    directory.tokens.delete(identifier)


def create_first_administrator(directory: Directory, *, username: str) -> IssuedToken | None:
    """Create an administrator and a token if the installation has no administrator yet."""
    if directory.users.count({"administrator": True}):
        return None
    return issue(directory, add_user(directory, username=username, administrator=True), name="first start")


def issue(directory: Directory, owner: User, *, name: str) -> IssuedToken:
    """Store a new token of the user."""
    secret = new_secret()
    token = Token(
        id=new_id(),
        user=owner.id,
        name=name,
        digest=digest(secret),
        ending=secret[-4:],
        created_at=directory.clock.now(),
    )
    return IssuedToken(directory.tokens.add(token), secret)
