"""How guessing passwords is slowed down: some attempts are free, then each costs twice the pause of the one before.

Who guesses is counted three ways. All who never signed in to an account count together on that account; where somebody
did sign in to it before counts by itself, so that strangers cannot lock its owner out. And strangers count by the address they
come from, whatever accounts they try.
"""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from archive_shared.documents import Aggregate, Collection
from archive_shared.identifiers import derived_id

FREE_ATTEMPTS = 5
FREE_FROM_ADDRESS = 50  # a clinic may be one address, with many people who mistype
FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(minutes=15)
STRANGERS_LAST = timedelta(hours=1)  # of quiet
ACQUAINTANCE_LASTS = timedelta(days=180)


@dataclass(kw_only=True)
class Brake:
    """Counts wrong passwords.

    Parameters
    ----------
    failures
        Wrong passwords since the last right one.
    closed_until
        Until then not even the right password is good.
    """

    failures: int = 0
    closed_until: datetime | None = None

    def wait_s(self, now: datetime) -> float:
        """Return how long to wait before the next attempt, 0 if it may be made now."""
        if self.closed_until is None:
            return 0.0
        return max((self.closed_until - now).total_seconds(), 0.0)

    def note_attempt(self, now: datetime, free: int = FREE_ATTEMPTS) -> None:
        """Count an attempt before it is judged, so that attempts at once do not count as one."""
        self.failures += 1
        beyond = self.failures - free
        if beyond >= 0:
            self.closed_until = now + min(FIRST_PAUSE * 2 ** min(beyond, 20), LONGEST_PAUSE)

    def note_success(self) -> None:
        self.failures, self.closed_until = 0, None


@dataclass(kw_only=True)
class Place(Brake, Aggregate):
    """Where passwords are tried: an address, or an account as far as it is signed in to from there.

    Parameters
    ----------
    forget_at
        From then on it is as if nothing had ever come from there.
    """

    forget_at: datetime

    def note_attempt_of_stranger(self, now: datetime) -> None:
        if now >= self.forget_at:
            self.note_success()
        self.forget_at = now + STRANGERS_LAST
        self.note_attempt(now, FREE_FROM_ADDRESS)

    def take_back_attempt(self) -> None:
        """Uncount one: its password was right. Those before it count on, else one's own account would hide guessing at others."""
        self.failures = max(self.failures - 1, 0)
        if self.failures < FREE_FROM_ADDRESS:
            self.closed_until = None

    def welcome(self, now: datetime) -> None:
        """Remember that somebody signed in from here."""
        self.note_success()
        self.forget_at = now + ACQUAINTANCE_LASTS


PLACES = Collection("places", fields={"forget_at": "forget_at"}, indexes=[("forget_at",)])


def place_of(address: str, account: str | None = None) -> str:
    """Return the identifier of an address, or of an account at an address; an IPv6 customer has a /64, so that counts as one."""
    network = ipaddress.ip_network((address, 64 if ":" in address else 32), strict=False)
    return derived_id("place of signing in", str(network), account or "")
