"""API tokens: shown once, kept as a hash, as good as the user they belong to."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from archive_shared.documents import Aggregate, Collection

PREFIX = "map_"  # lets secret scanners recognise a leaked token
_RANDOM_BYTES = 32


@dataclass(kw_only=True)
class Token(Aggregate):
    """The record of a token.

    Parameters
    ----------
    digest
        SHA-256 of the token. It holds 256 random bits, so a slow hash would add cost and no safety.
    ending
        Its last four characters, for people to tell their tokens apart.
    """

    user: str
    name: str
    digest: str
    ending: str
    created_at: datetime


TOKENS = Collection(
    "tokens",
    fields={"digest": "digest", "user": "user", "created_at": "created_at"},
    unique=[("digest",)],
    indexes=[("user", "created_at")],
)


def new_secret() -> str:
    """Return a new token as its owner will see it, once."""
    return PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
