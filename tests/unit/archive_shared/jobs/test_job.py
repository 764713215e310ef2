"""The states of a job, and who may change them."""

from datetime import UTC, datetime, timedelta

import pytest

from archive_shared.jobs.job import Job, JobState, NotClaimable
from archive_shared.tracing import current_traceparent, traced

NOW = datetime(2026, 11, 23, tzinfo=UTC)
LEASE_S = 30.0


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def claimed() -> Job:
    return Job.queued(NOW).claim(NOW, owner="w", lease_s=LEASE_S)


def test_new_work_may_start_at_once() -> None:
    job = Job.queued(NOW)

    assert job.is_claimable(NOW)
    assert (job.state, job.hint_at, job.attempts, job.epoch) == (JobState.QUEUED, NOW, 0, 0)


def test_work_continues_the_trace_that_caused_it() -> None:
    with traced(None):
        assert Job.queued(NOW).traceparent == current_traceparent()


def test_claiming_counts_the_attempt_and_starts_an_epoch() -> None:
    job = claimed()

    assert (job.state, job.owner, job.attempts, job.epoch) == (JobState.RUNNING, "w", 1, 1)
    assert job.lease_ends_at == job.hint_at == later(LEASE_S)
    assert job.is_held_by("w", 1)


@pytest.mark.parametrize(("owner", "epoch"), [("x", 1), ("w", 2), ("w", 0)])
def test_nobody_else_holds_it(owner: str, epoch: int) -> None:
    assert not claimed().is_held_by(owner, epoch)


def test_a_held_job_cannot_be_claimed() -> None:
    with pytest.raises(NotClaimable):
        claimed().claim(later(LEASE_S - 1), owner="x", lease_s=LEASE_S)


def test_a_job_whose_lease_ran_out_can_and_fences_its_old_owner_off() -> None:
    again = claimed().claim(later(LEASE_S), owner="x", lease_s=LEASE_S)

    assert (again.attempts, again.epoch) == (2, 2)
    assert not again.is_held_by("w", 1)


def test_the_same_worker_is_fenced_off_from_its_own_earlier_claim() -> None:
    again = claimed().claim(later(LEASE_S), owner="w", lease_s=LEASE_S)

    assert not again.is_held_by("w", 1)
    assert again.is_held_by("w", 2)


def test_renewing_holds_it_for_longer() -> None:
    job = claimed().renew(later(10), lease_s=LEASE_S)

    assert not job.is_claimable(later(LEASE_S + 5))
    assert job.is_claimable(later(LEASE_S + 10))
    assert job.hint_at == later(LEASE_S + 10)


@pytest.mark.parametrize("end", ["finish", "fail", "cancel"])
def test_an_ended_job_is_never_claimed_or_hinted_again(end: str) -> None:
    job = claimed()
    ended = job.finish() if end == "finish" else getattr(job, end)("because")

    assert ended.is_finished
    assert ended.hint_at is None
    assert not ended.is_claimable(later(10**6))
    assert not ended.is_held_by("w", 1)


def test_a_job_given_back_waits_until_it_is_due() -> None:
    job = claimed().give_back(later(5), reason="crashed", after_s=10)

    assert (job.state, job.attempts, job.reason) == (JobState.QUEUED, 1, "crashed")
    assert not job.is_claimable(later(14.9))
    assert job.is_claimable(later(15))
    assert job.hint_at == later(15)


def test_an_attempt_we_cut_short_ourselves_does_not_count() -> None:
    job = claimed().give_back(later(5), reason="stopped", refund=True)

    assert (job.attempts, job.epoch) == (0, 1)
    assert job.is_claimable(later(5))


def test_who_ended_it_recognises_that() -> None:
    assert claimed().finish().was_settled_by("w", 1)
    assert claimed().fail("no").was_settled_by("w", 1)
    assert claimed().give_back(NOW, reason="no").was_settled_by("w", 1)
    assert not claimed().finish().was_settled_by("w", 2)
    assert not claimed().was_settled_by("w", 1)


def test_a_cancelled_job_was_not_ended_by_its_worker() -> None:
    assert not claimed().cancel("not wanted").was_settled_by("w", 1)
