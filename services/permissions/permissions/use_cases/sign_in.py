"""Signs people in on the page, and out again; keeps their passwords."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from archive_shared.documents import Where
from archive_shared.errors import Duplicate, Forbidden, Invalid, Unauthenticated
from permissions.domain.account import Account, checked_password
from permissions.domain.identity import Identity
from permissions.domain.person import OPERATOR, Person
from permissions.domain.token import TokenKind
from permissions.domain.user import User
from permissions.use_cases.authority import require_administrator
from permissions.use_cases.directory import Directory
from permissions.use_cases.identify import require_identity
from permissions.use_cases.manage_tokens import IssuedToken, Scope, issue, revoke
from permissions.use_cases.slow_guessing import count_attempt, forgive

_WRONG = "The username or the password is wrong."


@dataclass(frozen=True)
class SignedIn:
    """A new session and whose it is."""

    user: User
    session: IssuedToken


def sign_in(directory: Directory, *, username: str, password: str, address: str | None = None) -> SignedIn:
    """Begin a session with a password.

    Parameters
    ----------
    address
        Where the request comes from, None where that is not known.

    Raises
    ------
    Unauthenticated
        There is no such account, or the password is another one: which, nobody is told, not even by the time it takes.
    TooManyAttempts
        Too many wrong passwords in a row, for this account or from this address.
    """
    found = directory.users.find({"username": username.strip().lower()}, limit=1)
    account = directory.accounts.get(found[0].id) if found and found[0].active else None
    count_attempt(directory, account, address)
    if account is None:
        directory.passwords.hash(password)  # takes as long as judging it would
        raise Unauthenticated(_WRONG)
    _judge(directory, account, password, address)
    return _begin(directory, found[0])


def sign_in_with_token(directory: Directory, secret: str) -> SignedIn:
    """Begin a session with an API token that is good for everything its user may."""
    who = require_identity(directory, secret)
    if not who.writes or who.archives is not None:
        raise Forbidden("This token is good for some things only; it cannot sign in.")
    return _begin(directory, who.user)


def sign_out(directory: Directory, caller: Identity) -> None:
    """End the session the caller came with."""
    if caller.token is None or caller.token.kind is not TokenKind.SESSION:
        raise Invalid({"": ["This is no session of the page."]})
    revoke(directory, caller.token, by=caller.person)


def change_password(
    directory: Directory, caller: Identity, identifier: str, *, password: str, present: str | None
) -> None:
    """Set a password: one's own, or as administrator anybody's. All sessions of that user end.

    Raises
    ------
    Invalid
        The new one is too short, or the present one is wrong.
    """
    user = caller.user
    if identifier != caller.id:
        require_administrator(directory, caller, "set passwords")
        user = directory.users.require(identifier)
    else:
        _check_present(directory, identifier, present)
    set_password(directory, user, password, by=caller.person)
    sessions: Where = {"user": user.id, "kind": TokenKind.SESSION.value, "revoked": False}
    for session in directory.tokens.find(sessions):
        revoke(directory, session, by=caller.person)


def set_password(directory: Directory, user: User, password: str, *, by: Person = OPERATOR) -> None:
    """Store the hash of a password."""
    hashed, now = directory.passwords.hash(checked_password(password)), directory.clock.now()
    with suppress(Duplicate):
        directory.accounts.add(Account(id=user.id, password=""))

    def apply(account: Account) -> None:
        account.password = hashed
        account.note_success()
        account.note("password.changed", by=by, at=now, subject=user.person)

    directory.accounts.change(user.id, apply)


def _begin(directory: Directory, user: User) -> SignedIn:
    expires: datetime = directory.clock.now() + directory.rules.session_lifetime
    session = issue(
        directory,
        user,
        name="page",
        scope=Scope(expires_at=expires),
        kind=TokenKind.SESSION,
        by=user.person,
    )
    return SignedIn(user, session)


def _check_present(directory: Directory, user: str, present: str | None) -> None:
    account = directory.accounts.get(user)
    if account is None:
        return
    count_attempt(directory, account, address=None)
    try:
        _judge(directory, account, present or "", address=None)
    except Unauthenticated as error:
        raise Invalid({"present": ["The present password is wrong."]}) from error


def _judge(directory: Directory, account: Account, password: str, address: str | None) -> None:
    if not (account.password and directory.passwords.matches(password, account.password)):
        raise Unauthenticated(_WRONG)
    forgive(directory, account, address)
