"""The password of a user, as a slow hash, and the pauses that guessing it costs."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from archive_shared.documents import Collection
from archive_shared.errors import Invalid
from permissions.domain.act import AUDITED_FIELDS, AUDITED_INDEX, Audited

SHORTEST = 12
LONGEST = 256
FREE_ATTEMPTS = 5
FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(minutes=15)


@dataclass(kw_only=True)
class Account(Audited):
    """A local account; its identifier is the user's.

    Parameters
    ----------
    password
        Its argon2id hash.
    failures
        Wrong passwords since the last right one.
    closed_until
        Until then not even the right password is good.
    """

    password: str
    failures: int = 0
    closed_until: datetime | None = None

    def wait_s(self, now: datetime) -> float:
        """Return how long to wait before the next attempt, 0 if it may be made now."""
        if self.closed_until is None:
            return 0.0
        return max((self.closed_until - now).total_seconds(), 0.0)

    def note_attempt(self, now: datetime) -> None:
        """Count an attempt before it is judged, so that attempts at once do not count as one."""
        self.failures += 1
        beyond = self.failures - FREE_ATTEMPTS
        if beyond >= 0:
            self.closed_until = now + min(FIRST_PAUSE * 2 ** min(beyond, 20), LONGEST_PAUSE)

    def note_success(self) -> None:
        self.failures, self.closed_until = 0, None


ACCOUNTS = Collection("accounts", fields=AUDITED_FIELDS, indexes=[AUDITED_INDEX])


def checked_password(text: str) -> str:
    """Return the password; raise `Invalid` for one that is too short to withstand guessing, or absurdly long."""
    if not SHORTEST <= len(text) <= LONGEST:
        raise Invalid({"password": [f"Use {SHORTEST} to {LONGEST} characters."]})
    return text
