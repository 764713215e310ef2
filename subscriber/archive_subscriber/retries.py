"""How often and how soon an event is tried again after its handling failed, and what is known of earlier attempts."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from archive_subscriber.problems import TryLater, Unusable

LONGEST_REASON = 500

_OURS = "x-subscriber-"
_FAILURES, _OUTAGES, _DUE, _REASON = f"{_OURS}failures", f"{_OURS}outages", f"{_OURS}due", f"{_OURS}reason"
_NOT_ITS_FAULT = (TryLater, ConnectionError, TimeoutError)


@dataclass(frozen=True)
class Retries:
    """When an event that could not be handled is tried again.

    Parameters
    ----------
    attempts
        After so many failures it becomes a dead letter.
    first_pause_s
        Before the second attempt; the pauses double from there.
    """

    attempts: int = 6
    first_pause_s: float = 0.5
    longest_pause_s: float = 30.0

    def pause_s(self, failures: int) -> float:
        """Return the pause after that many failures in a row, spread so that crowds part."""
        return backoff_s(failures, first_s=self.first_pause_s, longest_s=self.longest_pause_s)


PATIENT = Retries()


def backoff_s(failures: int, *, first_s: float, longest_s: float) -> float:
    """Return a pause: doubling, bounded, and spread so that crowds part."""
    doubled_s = first_s * 2.0 ** min(failures - 1, 30)
    return min(longest_s, doubled_s) * random.uniform(0.5, 1)  # noqa: S311 (jitter, not a secret)


@dataclass(frozen=True)
class History:
    """What is known of the attempts an event has behind it.

    Parameters
    ----------
    failures, outages
        How often it failed by its own fault, and because something else was gone.
    due
        Not to be tried before.
    reason
        Of the last failure, in one line.
    is_hopeless
        Whether it was said that no attempt can help.
    """

    failures: int = 0
    outages: int = 0
    due: datetime | None = None
    reason: str = ""
    is_hopeless: bool = False

    @property
    def tries(self) -> int:
        return self.failures + self.outages

    def after(self, error: Exception, retries: Retries) -> Self:
        """Return the history with one more failed attempt."""
        not_its_fault = isinstance(error, _NOT_ITS_FAULT)
        pause = timedelta(seconds=retries.pause_s(self.tries + 1))
        return replace(
            self,
            failures=self.failures + (not not_its_fault),
            outages=self.outages + not_its_fault,
            due=datetime.now(UTC) + pause,
            reason=describe(error),
            is_hopeless=isinstance(error, Unusable),
        )

    def is_poison(self, retries: Retries) -> bool:
        return self.is_hopeless or self.failures >= retries.attempts

    def wait_s(self, retries: Retries) -> float:
        """Return how long it must wait; bounded, for clocks of two machines may differ."""
        left_s = (self.due - datetime.now(UTC)).total_seconds() if self.due else 0.0
        return min(max(left_s, 0.0), retries.longest_pause_s)

    def to_headers(self) -> dict[str, Any]:
        due = self.due.isoformat() if self.due else ""
        return {_FAILURES: self.failures, _OUTAGES: self.outages, _DUE: due, _REASON: self.reason}


def history_in(headers: Mapping[str, Any]) -> History:
    """Read what an earlier subscriber process left with a message it handed back."""
    if _FAILURES not in headers:
        return History()
    due = str(headers[_DUE])
    return History(
        failures=int(headers[_FAILURES]),
        outages=int(headers[_OUTAGES]),
        due=datetime.fromisoformat(due) if due else None,
        reason=str(headers[_REASON]),
    )


def without_history(headers: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in headers.items() if not name.startswith(_OURS)}


def describe(error: Exception) -> str:
    """Say in one short line what went wrong, without a traceback."""
    return f"{type(error).__name__}: {error}".replace("\n", " ")[:LONGEST_REASON]
