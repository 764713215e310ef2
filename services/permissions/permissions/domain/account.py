"""The password of a user, as a slow hash, and the pauses that guessing it costs."""

from dataclasses import dataclass

from archive_shared.documents import Collection
from archive_shared.errors import Invalid
from permissions.domain.act import AUDITED_FIELDS, AUDITED_INDEX, Audited
from permissions.domain.guessing import Brake

SHORTEST = 12
LONGEST = 256


@dataclass(kw_only=True)
class Account(Brake, Audited):
    """A local account; its identifier is the user's. It counts the wrong passwords of strangers.

    Parameters
    ----------
    password
        Its argon2id hash.
    """

    password: str


ACCOUNTS = Collection("accounts", fields=AUDITED_FIELDS, indexes=[AUDITED_INDEX])


def checked_password(text: str) -> str:
    """Return the password; raise `Invalid` for one that is too short to withstand guessing, or absurdly long."""
    if not SHORTEST <= len(text) <= LONGEST:
        raise Invalid({"password": [f"Use {SHORTEST} to {LONGEST} characters."]})
    return text
