"""Remembers for a moment what permissions said of a token, so that a thousand tiles cost one question.

Only a yes is remembered: what would be a no, and lists, are asked anew, so that a role just given counts at once. A yes
is dropped as soon as the bus tells that it may not hold any more (`role.*`, `token.*`, `user.*`). It is never used when
it is older than a second, whoever did not tell, nor while the bus is known to be silent. So a role taken away is
refused everywhere within a second at the latest. Nothing fresh and no answer is a no (`Unavailable`).
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Protocol

from archive_shared.access import Access, Answers, Question, Standing, Usable
from archive_shared.events import Event
from archive_shared.events.permissions import CHANGES_STANDING

LONGEST_AGE_S = 1.0
MOST_TOKENS = 10_000


class Permissions(Access, Protocol):
    """Permissions, asked every time."""

    def standing(self, token: str | None) -> Standing: ...


@dataclass
class _Remembered:
    """What was said of a token, and what an administrator was allowed since then (which is told to permissions once)."""

    standing: Standing
    asked_at_s: float
    used_power: set[Question] = field(default_factory=set)

    @property
    def user(self) -> str | None:
        return self.standing.caller.id if self.standing.caller else None


class CachedAccess:
    """Implements `Access` on what is remembered; thread-safe, one per process and peer.

    Parameters
    ----------
    hears
        Tells whether the bus would tell of a change now; while it would not, nothing is remembered.
    now_s
        A clock that only goes forward.
    """

    def __init__(
        self,
        permissions: Permissions,
        *,
        hears: Callable[[], bool] = lambda: True,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._permissions = permissions
        self._hears = hears
        self._now_s = now_s
        self._lock = Lock()
        self._remembered: dict[str | None, _Remembered] = {}  # oldest first
        self._changes = 0

    def ask(self, token: str | None, questions: Sequence[Question]) -> Answers:
        known = self._fresh(token)
        if known is None or not _settles(known.standing, questions):
            known = self._fetch(token)
        standing = known.standing
        allowed = [standing.allows(each) for each in questions]
        if standing.power:
            self._tell(token, known, [each for each in questions if standing.allows_by_power(each)])
            allowed = [each in known.used_power or yes for each, yes in zip(questions, allowed, strict=True)]
        return Answers(standing.caller, allowed)

    def ask_about(self, user: str, questions: Sequence[Question]) -> Answers:
        return self._permissions.ask_about(user, questions)

    def usable(self, token: str | None) -> Usable:
        standing = self._fetch(token).standing
        return self._permissions.usable(token) if standing.power else standing.usable()

    def make_first_editor(self, *, archive: str, user: str) -> None:
        self._permissions.make_first_editor(archive=archive, user=user)
        self.forget(user)

    def hear(self, event: Event) -> None:
        """Drop what the event may have changed."""
        if isinstance(event, CHANGES_STANDING):
            self.forget(event.user)

    def forget(self, user: str | None = None) -> None:
        """Drop what is remembered of a user, of everybody if none is given."""
        with self._lock:
            self._changes += 1
            self._remembered = {
                token: known
                for token, known in self._remembered.items()
                if user is not None and known.user != user
            }

    def _tell(self, token: str | None, known: _Remembered, questions: Sequence[Question]) -> None:
        """Have permissions decide what only an administrator may, so that it is in the audit trail."""
        new = [each for each in questions if each not in known.used_power]
        if new:
            answers = self._permissions.ask(token, new)
            known.used_power |= {each for each, yes in zip(new, answers.allowed, strict=True) if yes}

    def _fresh(self, token: str | None) -> _Remembered | None:
        found = self._remembered.get(token)
        is_fresh = found is not None and self._now_s() - found.asked_at_s < LONGEST_AGE_S
        return found if is_fresh and self._hears() else None

    def _fetch(self, token: str | None) -> _Remembered:
        # Whatever changes from here on may not be in the answer, so its age counts from here.
        now_s, changes = self._now_s(), self._changes
        asked = _Remembered(self._permissions.standing(token), now_s)
        if self._hears():
            self._remember(token, asked, unless_changed_since=changes)
        return asked

    def _remember(self, token: str | None, asked: _Remembered, *, unless_changed_since: int) -> None:
        with self._lock:
            if self._changes != unless_changed_since:
                return
            self._remembered.pop(token, None)
            self._remembered[token] = asked
            self._drop_old()

    def _drop_old(self) -> None:
        oldest_s = self._now_s() - LONGEST_AGE_S
        while self._remembered:
            token, known = next(iter(self._remembered.items()))
            if known.asked_at_s >= oldest_s and len(self._remembered) <= MOST_TOKENS:
                return
            del self._remembered[token]


def _settles(standing: Standing, questions: Sequence[Question]) -> bool:
    """Tell whether a remembered standing answers; a no does not, unless nobody is asking, to whom nothing is given."""
    return standing.caller is None or all(
        standing.allows(each) or standing.allows_by_power(each) for each in questions
    )
