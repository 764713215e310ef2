"""Tells who is calling by the secret they send: an API token, the session of a page, or what a provider signed."""

from archive_shared.errors import Duplicate, Unauthenticated
from permissions.domain.identity import Identity
from permissions.domain.token import Token, digest
from permissions.domain.user import User, usable_username
from permissions.use_cases.directory import Claims, Directory
from permissions.use_cases.manage_users import add_user

_NOT_GOOD = "Invalid token."


def identify(directory: Directory, secret: str | None) -> Identity | None:
    """Return who this is, None without a secret; two indexed reads at the most.

    Raises
    ------
    Unauthenticated
        The secret is wrong, expired or revoked, or its user may not sign in any more.
    """
    if secret is None:
        return None
    found = directory.tokens.find({"digest": digest(secret)}, limit=1)
    who = _by_token(directory, found[0]) if found else _by_provider(directory, secret)
    if not who.user.active:
        raise Unauthenticated(_NOT_GOOD)
    return who


def identify_user(directory: Directory, user_id: str) -> Identity | None:
    """Return a user as a service may act in their name without their token; None when they may not sign in (any more)."""
    user = directory.users.get(user_id)
    return Identity(user) if user is not None and user.active else None


def require_identity(directory: Directory, secret: str | None) -> Identity:
    """Return who this is; raise `Unauthenticated` without a good secret."""
    who = identify(directory, secret)
    if who is None:
        raise Unauthenticated("Authentication credentials were not provided.")
    return who


def _by_token(directory: Directory, token: Token) -> Identity:
    now = directory.clock.now()
    user = directory.users.get(token.user) if token.is_good(now) else None
    if user is None:
        raise Unauthenticated(_NOT_GOOD)
    if token.is_use_worth_noting(now):
        directory.tokens.change(token.id, lambda present: present.use(now))
    archives = None if token.archives is None else frozenset(token.archives)
    return Identity(user, token.writes, archives, token)


def _by_provider(directory: Directory, secret: str) -> Identity:
    if directory.verify is None or secret.count(".") != 2:
        raise Unauthenticated(_NOT_GOOD)
    return Identity(_user_of(directory, directory.verify(secret)))


def _user_of(directory: Directory, claims: Claims) -> User:
    """Return the user the provider means, made on their first visit. A name that is taken gets a number behind it."""
    for attempt in range(1, 100):
        found = directory.users.find({"login": claims.login}, limit=1)
        if found:
            return _with_email(directory, found[0], claims.email)
        wanted = usable_username(claims.username)
        name = wanted if attempt == 1 else f"{wanted}-{attempt}"
        if directory.users.count({"username": name}):
            continue
        try:
            return add_user(directory, username=name, email=claims.email, login=claims.login)
        except Duplicate:
            continue
    raise Unauthenticated(_NOT_GOOD)


def _with_email(directory: Directory, user: User, email: str) -> User:
    """Return the user, found by the address that the provider has by now, if it has one."""
    if email.strip().lower() in ("", user.vouched_email):
        return user
    return directory.users.change(user.id, lambda present: present.vouch_for_email(email))
