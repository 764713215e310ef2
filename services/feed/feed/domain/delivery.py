"""Deliveries: one event on its way to one webhook; a job as a document, and its own log.

At most one delivery of a webhook is under way at a time: whoever is carries the webhook in `in_flight`, which no two
documents may share. So the database itself keeps the calls to a receiver one after another, however many workers there
are, and a receiver that is slow gets no crowd.
"""

import random
from dataclasses import dataclass, field
from datetime import datetime

from archive_shared.documents import Collection
from archive_shared.errors import Conflict
from archive_shared.jobs.job import JOB_FIELDS, JOB_INDEXES, FencedOff, Job, JobAggregate, JobState

TEST_TYPE = "archive.webhook.test.v1"

RETRY_AFTER_S = (5, 30, 120, 600, 1800, 3600, 7200, 14400, 14400, 14400, 14400, 14400)
"""Pauses after the first, second, … failed attempt: the last attempt is made a day after the first."""

MOST_ATTEMPTS_KEPT = 50
OPEN = (JobState.QUEUED.value, JobState.RUNNING.value)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One call; `status` is the receiver's, None when there was no answer. Never what was sent or answered."""

    at: datetime
    duration_ms: int
    status: int | None = None
    reason: str = ""

    @property
    def succeeded(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@dataclass(kw_only=True)
class Delivery(JobAggregate):
    """A delivery; its job says how far it is.

    Parameters
    ----------
    position
        Where the event is in the feed; None for the event that tries a webhook out, which is in no feed.
    attempts
        All calls, the last ones of very many.
    """

    webhook: str
    event: str
    type: str
    position: int | None
    created_at: datetime
    ended_at: datetime | None = None
    attempts: list[Attempt] = field(default_factory=list)
    in_flight: str | None = None

    @property
    def is_test(self) -> bool:
        return self.position is None

    def take(self, now: datetime, *, owner: str, lease_s: float) -> None:
        """Start an attempt; raise `NotClaimable` when that is not ours to do."""
        self.job = self.job.claim(now, owner=owner, lease_s=lease_s)
        self.in_flight = self.webhook

    def note(self, attempt: Attempt, *, held: Job) -> None:
        """Take over how an attempt ended: done, to be tried again, or failed for good."""
        self._require(held)
        self.attempts = [*self.attempts, attempt][-MOST_ATTEMPTS_KEPT:]
        if attempt.succeeded:
            self._end(self.job.finish(), attempt.at)
        elif self.is_test or self.job.attempts > len(RETRY_AFTER_S):
            self._end(self.job.fail(attempt.reason), attempt.at)
        else:
            pause_s = RETRY_AFTER_S[self.job.attempts - 1] * random.uniform(0.8, 1.2)  # noqa: S311 (jitter, not a secret)
            self._rest(self.job.give_back(attempt.at, reason=attempt.reason, after_s=pause_s))

    def put_off(self, now: datetime, reason: str, *, after_s: float, held: Job) -> None:
        """Try later; this was no attempt."""
        self._require(held)
        self._rest(self.job.give_back(now, reason=reason, after_s=after_s, refund=True))

    def drop(self, now: datetime, reason: str, *, held: Job) -> None:
        """Send it never: the reason is not the receiver's."""
        self._require(held)
        self._end(self.job.cancel(reason), now)

    def send_again(self, now: datetime) -> None:
        """Queue it anew, as if it had never been tried; its log stays."""
        if not self.job.is_finished:
            raise Conflict("It is on its way already.")
        self.job, self.ended_at = Job.queued(now), None

    def hurry(self, now: datetime) -> None:
        """Let it be tried at once, if it waits."""
        if self.job.state is JobState.QUEUED:
            self.job = Job.queued(now)

    def _require(self, held: Job) -> None:
        if not self.job.is_held_by(held.owner or "", held.epoch):
            raise FencedOff(f"delivery {self.id} is not held in epoch {held.epoch} any more")

    def _end(self, job: Job, at: datetime) -> None:
        self.job, self.ended_at, self.in_flight = job, at, None

    def _rest(self, job: Job) -> None:
        self.job, self.in_flight = job, None


DELIVERIES = Collection(
    "deliveries",
    fields={
        **JOB_FIELDS,
        "webhook": "webhook",
        "in_flight": "in_flight",
        "created_at": "created_at",
        "ended_at": "ended_at",
    },
    unique=[("in_flight",)],
    indexes=[
        *JOB_INDEXES,
        ("webhook", "created_at"),
        ("webhook", "job_state", "ended_at"),
        ("ended_at",),
    ],
)
