"""Taking hold of jobs, and writing about them only while they are held; the worker's side of `Job`.

Every write is one compare-and-set on the job's document, which also carries what the service makes of it.
"""

from collections.abc import Callable, Mapping
from typing import Any, Generic

from archive_shared.backoff import backoff_s
from archive_shared.clock import Clock
from archive_shared.documents import Repository
from archive_shared.jobs.handler import J, JobHandler, JobPolicy
from archive_shared.jobs.job import FencedOff, Job, JobState

GAVE_UP = "Given up after {attempts} attempts. The last one: {reason}"


class Claims(Generic[J]):
    """What one worker may do to the jobs of one kind. Thread-safe."""

    def __init__(
        self,
        repository: Repository[J],
        handler: JobHandler[J],
        *,
        owner: str,
        policy: JobPolicy,
        clock: Clock,
    ) -> None:
        self._repository = repository
        self._handler = handler
        self._owner = owner
        self._policy = policy
        self._clock = clock

    def claim(self, job_id: str) -> J | None:
        """Start a job and return its aggregate; None when it was tried too often, which makes it fail.

        Raises
        ------
        NotClaimable
            It is finished, not due, or somebody works on it.
        NotFound
            There is no such job.
        """

        def step(aggregate: J) -> None:
            now = self._clock.now()
            claimed = aggregate.job.claim(now, owner=self._owner, lease_s=self._policy.lease_s)
            if claimed.attempts > self._policy.max_attempts:
                self._give_up(aggregate, aggregate.job.reason or "the worker died")
                return
            aggregate.job = claimed
            self._handler.started(aggregate)

        claimed = self._repository.change(job_id, step)
        return claimed if claimed.job.state is JobState.RUNNING else None

    def renew(self, held: J) -> None:
        """Hold a job for longer.

        This and everything below raises `FencedOff` when the job is not ours any more, and `NotFound` when it
        was deleted. Ending it twice is no error: the answer to the first time may have been lost.
        """
        self._write(held, lambda aggregate: None, self._renewed)

    def report(self, held: J, progress: Mapping[str, Any]) -> None:
        self._write(held, lambda aggregate: self._handler.progressed(aggregate, progress), self._renewed)

    def succeed(self, held: J, result: Mapping[str, Any]) -> None:
        try:
            self._write(held, lambda aggregate: self._handler.succeeded(aggregate, result), Job.finish)
        except ValueError as error:  # no store would ever take it, so trying again would not help
            self.fail(held, f"Its outcome cannot be stored: {error}.")

    def fail(self, held: J, reason: str) -> None:
        """End it: trying again would not help."""
        self._write(
            held,
            lambda aggregate: self._handler.failed(aggregate, reason),
            lambda job: job.fail(reason),
        )

    def try_again(self, held: J, reason: str) -> None:
        """Queue it for another attempt after a pause, or end it when it had all its attempts."""
        job = held.job
        if job.attempts >= self._policy.max_attempts:
            self.fail(held, GAVE_UP.format(attempts=job.attempts, reason=reason))
            return
        now, pause_s = self._clock.now(), self._pause_s(job.attempts)
        self._write(
            held, lambda aggregate: None, lambda job: job.give_back(now, reason=reason, after_s=pause_s)
        )

    def put_off(self, held: J, reason: str) -> None:
        """Queue it until a store answers again, which is no attempt; one that never does counts like a crash."""
        outages = held.job.outages + 1
        if outages > self._policy.max_outages:
            self.try_again(held, reason)
            return
        now, pause_s = self._clock.now(), self._pause_s(outages)
        self._write(
            held, lambda aggregate: None, lambda job: job.put_off(now, reason=reason, after_s=pause_s)
        )

    def give_back(self, held: J, reason: str) -> None:
        """Let another worker do it at once; this attempt does not count."""
        now = self._clock.now()
        self._write(held, lambda aggregate: None, lambda job: job.give_back(now, reason=reason, refund=True))

    def _pause_s(self, failures: int) -> float:
        policy = self._policy
        return backoff_s(failures, first_s=policy.first_pause_s, longest_s=policy.longest_pause_s)

    def _renewed(self, job: Job) -> Job:
        return job.renew(self._clock.now(), lease_s=self._policy.lease_s)

    def _give_up(self, aggregate: J, reason: str) -> None:
        told = GAVE_UP.format(attempts=aggregate.job.attempts, reason=reason)
        self._handler.failed(aggregate, told)
        aggregate.job = aggregate.job.fail(told)

    def _write(self, held: J, tell: Callable[[J], None], transition: Callable[[Job], Job]) -> None:
        epoch = held.job.epoch

        def step(aggregate: J) -> None:
            if aggregate.job.is_held_by(self._owner, epoch):
                tell(aggregate)
                aggregate.job = transition(aggregate.job)
            elif not aggregate.job.was_settled_by(self._owner, epoch):
                raise FencedOff(f"job {aggregate.id} is not held in epoch {epoch} any more")

        self._repository.change(held.id, step)
