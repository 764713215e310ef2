"""Secrets that stand for a user: API tokens, and the sessions of the page. Shown once, kept as a hash."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from archive_shared.documents import Collection
from archive_shared.documents.repository import OUTBOX_FIELDS, OUTBOX_INDEX
from archive_shared.events import TokenRevoked
from permissions.domain.act import AUDITED_FIELDS, AUDITED_INDEX, Audited
from permissions.domain.person import Person

PREFIX = "map_"  # lets secret scanners recognise a leaked token
_RANDOM_BYTES = 32
USE_IS_NOTED_EVERY = timedelta(minutes=1)  # else every request would write


class TokenKind(StrEnum):
    """What a secret was made for."""

    API = "api"
    SESSION = "session"


@dataclass(kw_only=True)
class Token(Audited):
    """The record of a token.

    Parameters
    ----------
    user
        Identifier of whom it stands for.
    digest
        SHA-256 of the token. It holds 256 random bits, so a slow hash would add cost and no safety.
    ending
        Its last four characters, for people to tell their tokens apart.
    writes
        Whether it may change anything; else it is good for reading only.
    archives
        The only archives it is good for; None for all its user has a role on.
    """

    user: str
    name: str
    digest: str
    ending: str
    created_at: datetime
    kind: TokenKind = TokenKind.API
    writes: bool = True
    archives: list[str] | None = None
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked: bool = False

    def is_good(self, now: datetime) -> bool:
        return not self.revoked and (self.expires_at is None or now < self.expires_at)

    def is_use_worth_noting(self, now: datetime) -> bool:
        return self.last_used_at is None or now - self.last_used_at >= USE_IS_NOTED_EVERY

    def use(self, now: datetime) -> None:
        """Note that it is being used, to the minute."""
        if self.is_use_worth_noting(now):
            self.last_used_at = now

    def revoke(self, *, owner: Person, by: Person, at: datetime) -> None:
        """Make it worthless; doing it again changes nothing."""
        if self.revoked:
            return
        self.revoked = True
        self.record(TokenRevoked(token=self.id, user=self.user, revoked_by=by.id))
        action = "token.revoked" if self.kind is TokenKind.API else "session.ended"
        self.note(action, by=by, at=at, subject=owner, name=self.name)


TOKENS = Collection(
    "tokens",
    fields={
        "digest": "digest",
        "user": "user",
        "kind": "kind",
        "revoked": "revoked",
        "created_at": "created_at",
        **OUTBOX_FIELDS,
        **AUDITED_FIELDS,
    },
    unique=[("digest",)],
    indexes=[("user", "kind", "revoked", "created_at"), OUTBOX_INDEX, AUDITED_INDEX],
)


def new_secret() -> str:
    """Return a new token as its owner will see it, once."""
    return PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
