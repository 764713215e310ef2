"""What becomes of a message whose handler raised: tried again later, or set aside as poison."""

from dataclasses import dataclass

from archive_shared.backoff import backoff_s
from archive_shared.errors import Invalid, Unavailable
from archive_shared.wire.cloud_events import Undecodable

LONGEST_REASON = 500

_HOPELESS = (Undecodable, Invalid)
_NOT_ITS_FAULT = (Unavailable, ConnectionError, TimeoutError)


@dataclass(frozen=True)
class Done:
    """Handled: acknowledge it."""


@dataclass(frozen=True)
class RetryLater:
    """Keep it and try again after a pause."""

    after_s: float


@dataclass(frozen=True)
class Poison:
    """It cannot be handled: set it aside with the reason."""

    reason: str


Verdict = Done | RetryLater | Poison


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how soon a message is tried again.

    Parameters
    ----------
    most_failures
        After so many the message counts as poison; what is not its fault, such as a database that does not
        answer, does not count.
    """

    first_pause_s: float = 0.5
    longest_pause_s: float = 30.0
    most_failures: int = 6


PATIENT = RetryPolicy()


@dataclass(frozen=True)
class History:
    """How often a message was tried in vain: by its own fault, or because something was gone."""

    failures: int = 0
    outages: int = 0

    def after(self, error: Exception) -> "History":
        if isinstance(error, _NOT_ITS_FAULT):
            return History(self.failures, self.outages + 1)
        return History(self.failures + 1, self.outages)


def judge(error: Exception, history: History, policy: RetryPolicy) -> RetryLater | Poison:
    """Decide about a message whose handling failed; `history` includes this failure."""
    if isinstance(error, _HOPELESS) or history.failures >= policy.most_failures:
        return Poison(describe(error))
    tries = history.failures + history.outages
    return RetryLater(backoff_s(tries, first_s=policy.first_pause_s, longest_s=policy.longest_pause_s))


def describe(error: Exception) -> str:
    """Say in one short line what went wrong, without a traceback."""
    return f"{type(error).__name__}: {error}".replace("\n", " ")[:LONGEST_REASON]
