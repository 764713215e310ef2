"""What permissions knows, as its use cases see it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from archive_shared.clock import Clock
from archive_shared.documents import Repository
from archive_shared.idempotency import AnswerBook
from permissions.domain.account import Account
from permissions.domain.admission import Admission
from permissions.domain.guessing import Place
from permissions.domain.notification import Notification
from permissions.domain.organisation import Organisation
from permissions.domain.request import AccessRequest
from permissions.domain.roster import Roster
from permissions.domain.token import Token
from permissions.domain.user import Creators, User
from permissions.use_cases.ledger import Ledger
from permissions.use_cases.trail import Trail


@dataclass(frozen=True)
class Rules:
    """What the installation decided.

    Parameters
    ----------
    archive_creators
        Who may create archives beside administrators.
    cool_down
        How long after a no somebody may ask again.
    session_lifetime
        How long somebody stays signed in on the page.
    sends_mail
        Whether there is a server that takes e-mail.
    """

    archive_creators: Creators = Creators.EVERYONE
    cool_down: timedelta = timedelta(days=7)
    session_lifetime: timedelta = timedelta(hours=12)
    sends_mail: bool = False


@dataclass(frozen=True)
class Claims:
    """What an identity provider says of somebody: who it is among all it knows, and what they are called."""

    login: str
    username: str
    email: str


Verify = Callable[[str], Claims]
"""Reads a signed token of the identity provider; raises `Unauthenticated` for one that is not good."""


class Passwords(Protocol):
    """A slow hash for passwords."""

    def hash(self, password: str) -> str: ...
    def matches(self, password: str, hashed: str) -> bool: ...


@dataclass(frozen=True)
class Directory:
    """Everything that is kept, and the rules of the installation."""

    users: Ledger[User]
    tokens: Ledger[Token]
    rosters: Ledger[Roster]
    requests: Ledger[AccessRequest]
    admissions: Ledger[Admission]
    organisations: Ledger[Organisation]
    accounts: Ledger[Account]
    places: Repository[Place]
    notifications: Repository[Notification]
    answers: AnswerBook
    trail: Trail
    clock: Clock
    passwords: Passwords
    verify: Verify | None = None
    rules: Rules = field(default_factory=Rules)
