"""The state of a piece of long work, a value inside the aggregate it is about, and its transitions.

The database is the truth about it; messages only hint that it is worth a look. At most one worker holds it at a
time, by a lease; the epoch counts the claims, so that a worker that lost its lease cannot write any more.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from archive_shared.documents import Aggregate
from archive_shared.errors import Conflict
from archive_shared.tracing import current_traceparent

JOB_FIELDS = {"hint_at": "job.hint_at", "job_state": "job.state", "job_due_at": "job.due_at"}
"""To be among the fields of every collection of `JobAggregate`s."""

JOB_INDEXES = (("hint_at",), ("job_state", "job_due_at"))


class JobState(StrEnum):
    """QUEUED and RUNNING change on; the others are final."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class NotClaimable(Conflict):
    """The job is finished, is not due yet, or somebody works on it."""


class FencedOff(Conflict):
    """Somebody else works on the job now, or it is finished or cancelled: what we did does not count."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """How far a piece of work is, and who does it.

    Parameters
    ----------
    due_at
        Not to be started before.
    hint_at
        When workers are to be told of it (again); None when there is nothing to tell.
    hints
        How often they were told since it last became due; the pauses between hints grow with it.
    attempts
        How often it was started and not given back. Counted at the start, so crashes count.
    outages
        How often it was given back since a store did not answer.
    epoch
        How often it was claimed; fences off everybody but the last claimer.
    reason
        Why it failed, or why the last attempt did; for people to read.
    traceparent
        The trace of the request that caused it.
    """

    state: JobState = JobState.QUEUED
    due_at: datetime
    hint_at: datetime | None
    hints: int = 0
    attempts: int = 0
    outages: int = 0
    epoch: int = 0
    owner: str | None = None
    lease_ends_at: datetime | None = None
    reason: str = ""
    traceparent: str | None = None

    @classmethod
    def queued(cls, at: datetime) -> "Job":
        """Return new work that may be started at once; it belongs to the present trace."""
        return cls(due_at=at, hint_at=at, traceparent=current_traceparent())

    @property
    def is_finished(self) -> bool:
        return self.state in (JobState.DONE, JobState.FAILED, JobState.CANCELLED)

    def is_claimable(self, now: datetime) -> bool:
        if self.state is JobState.QUEUED:
            return self.due_at <= now
        return self.state is JobState.RUNNING and self.lease_ends_at is not None and self.lease_ends_at <= now

    def is_held_by(self, owner: str, epoch: int) -> bool:
        return self.state is JobState.RUNNING and self.owner == owner and self.epoch == epoch

    def was_settled_by(self, owner: str, epoch: int) -> bool:
        """Tell whether this claimer ended the job or gave it back, and nobody claimed it since."""
        settled = self.state in (JobState.DONE, JobState.FAILED, JobState.QUEUED)
        return settled and self.owner == owner and self.epoch == epoch

    def claim(self, now: datetime, *, owner: str, lease_s: float) -> "Job":
        """Start it; raise `NotClaimable` when that is not ours to do."""
        if not self.is_claimable(now):
            raise NotClaimable(f"the job is {self.state.value}")
        claimed = replace(
            self, state=JobState.RUNNING, owner=owner, epoch=self.epoch + 1, attempts=self.attempts + 1
        )
        return claimed.renew(now, lease_s=lease_s)

    def renew(self, now: datetime, *, lease_s: float) -> "Job":
        """Hold it for longer."""
        ends_at = now + timedelta(seconds=lease_s)
        return replace(self, lease_ends_at=ends_at, hint_at=ends_at, hints=0)

    def finish(self) -> "Job":
        return self._ended(JobState.DONE, "")

    def fail(self, reason: str) -> "Job":
        return self._ended(JobState.FAILED, reason)

    def cancel(self, reason: str) -> "Job":
        """End it, whoever works on it: they are fenced off and stop when they notice."""
        return self._ended(JobState.CANCELLED, reason)

    def give_back(self, now: datetime, *, reason: str, after_s: float = 0.0, refund: bool = False) -> "Job":
        """Queue it again, to be started after a pause; `refund` when the attempt was cut short by us."""
        due_at = now + timedelta(seconds=after_s)
        return replace(
            self,
            state=JobState.QUEUED,
            due_at=due_at,
            hint_at=due_at,
            hints=0,
            attempts=self.attempts - (1 if refund else 0),
            lease_ends_at=None,
            reason=reason,
        )

    def put_off(self, now: datetime, *, reason: str, after_s: float) -> "Job":
        """Queue it again since a store did not answer, which was no attempt."""
        waiting = self.give_back(now, reason=reason, after_s=after_s, refund=True)
        return replace(waiting, outages=self.outages + 1)

    def _ended(self, state: JobState, reason: str) -> "Job":
        return replace(self, state=state, hint_at=None, lease_ends_at=None, reason=reason)


@dataclass(kw_only=True)
class JobAggregate(Aggregate):
    """Base of aggregates that long work is done for."""

    job: Job
