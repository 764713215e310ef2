"""Issues, lists and revokes tokens, and creates the first administrator of an installation."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from archive_shared.documents import Where
from archive_shared.errors import Forbidden, Invalid, NotFound
from archive_shared.identifiers import new_id
from permissions.domain.identity import Identity
from permissions.domain.person import OPERATOR, Person
from permissions.domain.token import Token, TokenKind, digest, new_secret
from permissions.domain.user import User
from permissions.use_cases.authority import require_administrator
from permissions.use_cases.directory import Directory
from permissions.use_cases.manage_users import add_user


@dataclass(frozen=True)
class IssuedToken:
    """A new token, with the secret that is never shown again."""

    token: Token
    secret: str


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What a token is to be good for; see `permissions.domain.token.Token`."""

    writes: bool = True
    archives: Sequence[str] | None = None
    expires_at: datetime | None = None


def issue_token(
    directory: Directory, caller: Identity, *, name: str, user: str | None, scope: Scope
) -> IssuedToken:
    """Issue a token for oneself; for somebody else only as administrator.

    Raises
    ------
    Invalid
        It would have expired already.
    """
    owner = caller.user
    if user and user != caller.id:
        require_administrator(directory, caller, "issue tokens for others")
        owner = directory.users.require(user)
    if scope.expires_at is not None and scope.expires_at <= directory.clock.now():
        raise Invalid({"expires": ["Must be in the future."]})
    return issue(directory, owner, name=name, scope=scope, by=caller.person)


def list_tokens(directory: Directory, caller: Identity, *, skip: int, limit: int) -> tuple[int, list[Token]]:
    """Return how many tokens the caller has, and a page of them."""
    mine: Where = {"user": caller.id, "kind": TokenKind.API.value, "revoked": False}
    return directory.tokens.count(mine), directory.tokens.find(
        mine, sort=[("created_at", 1)], skip=skip, limit=limit
    )


def revoke_token(directory: Directory, caller: Identity, identifier: str) -> None:
    """Make a token of one's own worthless (administrators: anybody's); effective at once."""
    token = directory.tokens.require(identifier)
    mine = token.user == caller.id
    if token.revoked or not (mine or caller.administrator):
        raise NotFound(f"token {identifier} may not be seen")
    if not mine:
        require_administrator(directory, caller, "revoke tokens of others")
    revoke(directory, token, by=caller.person)


def revoke(directory: Directory, token: Token, *, by: Person) -> None:
    owner = directory.users.require(token.user).person
    now = directory.clock.now()
    directory.tokens.change(token.id, lambda present: present.revoke(owner=owner, by=by, at=now))


def create_first_administrator(directory: Directory, *, username: str) -> IssuedToken | None:
    """Create an administrator and a token if the installation has no administrator yet."""
    if directory.users.count({"administrator": True}):
        return None
    return issue(directory, add_user(directory, username=username, administrator=True), name="first start")


def issue(
    directory: Directory,
    owner: User,
    *,
    name: str,
    scope: Scope = Scope(),
    kind: TokenKind = TokenKind.API,
    by: Person = OPERATOR,
) -> IssuedToken:
    """Store a new token of the user."""
    if not owner.active:
        raise Forbidden("This user may not sign in.")
    secret, now = new_secret(), directory.clock.now()
    token = Token(
        id=new_id(),
        user=owner.id,
        name=name,
        digest=digest(secret),
        ending=secret[-4:],
        created_at=now,
        kind=kind,
        writes=scope.writes,
        archives=None if scope.archives is None else list(scope.archives),
        expires_at=scope.expires_at,
    )
    action = "token.issued" if kind is TokenKind.API else "session.begun"
    token.note(action, by=by, at=now, subject=owner.person, name=name)
    return IssuedToken(directory.tokens.add(token), secret)
