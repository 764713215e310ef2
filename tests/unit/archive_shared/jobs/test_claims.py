"""Claims: what a worker writes counts only while the job is its own."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from archive_shared.documents.sqlite import SqliteDocuments
from archive_shared.errors import NotFound
from archive_shared.events import ItemCreated, ItemDeleted, ItemUpdated
from archive_shared.jobs.claims import Claims
from archive_shared.jobs.handler import JobPolicy
from archive_shared.jobs.job import FencedOff, JobState, NotClaimable
from archive_shared.jobs.lease_keeper import LeaseKeeper
from tests.support.announcing import TASKS, Task, TaskHandler, add_task, open_documents, tasks_in
from tests.support.clocks import StoppedClock

POLICY = JobPolicy(lease_s=30, max_attempts=2, max_outages=4, first_pause_s=10, longest_pause_s=10)


@pytest.fixture
def documents(tmp_path: Path) -> Iterator[SqliteDocuments]:
    documents = open_documents(tmp_path)
    yield documents
    documents.close()


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


def claims(documents: SqliteDocuments, clock: StoppedClock, owner: str = "w") -> Claims[Task]:
    return Claims(tasks_in(documents, clock), TaskHandler(()), owner=owner, policy=POLICY, clock=clock)


@pytest.fixture
def ours(documents: SqliteDocuments, clock: StoppedClock) -> Claims[Task]:
    add_task(documents, "t", clock)
    return claims(documents, clock)


def claim(ours: Claims[Task]) -> Task:
    claimed = ours.claim("t")
    assert claimed is not None
    return claimed


def announced(documents: SqliteDocuments) -> list[str]:
    document = documents.get(TASKS.name, "t")
    assert document is not None
    return [envelope["type"] for envelope in document["outbox"]]


def stored(documents: SqliteDocuments) -> Task:
    return tasks_in(documents).require("t")


def test_claiming_tells_the_service_in_the_same_write(ours: Claims[Task], documents: SqliteDocuments) -> None:
    claimed = claim(ours)

    assert claimed.job.is_held_by("w", 1)
    assert announced(documents) == [ItemCreated.TYPE]


def test_only_one_may_claim(ours: Claims[Task], documents: SqliteDocuments, clock: StoppedClock) -> None:
    claim(ours)

    with pytest.raises(NotClaimable):
        claims(documents, clock, "x").claim("t")


def test_there_is_nothing_to_claim(ours: Claims[Task]) -> None:
    with pytest.raises(NotFound):
        ours.claim("unknown")


def test_success_is_told_once_even_when_it_is_written_twice(
    ours: Claims[Task], documents: SqliteDocuments
) -> None:
    held = claim(ours)

    ours.succeed(held, {"answer": 42})
    ours.succeed(held, {"answer": 42})

    assert (stored(documents).job.state, stored(documents).result) == (JobState.DONE, "42")
    assert announced(documents) == [ItemCreated.TYPE, ItemUpdated.TYPE]


def test_who_lost_the_job_cannot_write(
    ours: Claims[Task], documents: SqliteDocuments, clock: StoppedClock
) -> None:
    held = claim(ours)
    clock.advance(31)
    claims(documents, clock, "x").claim("t")

    writes: list[Callable[[], None]] = [
        lambda: ours.renew(held),
        lambda: ours.report(held, {"percent": 50}),
        lambda: ours.succeed(held, {"answer": 1}),
        lambda: ours.fail(held, "no"),
        lambda: ours.try_again(held, "no"),
        lambda: ours.put_off(held, "no"),
        lambda: ours.give_back(held, "no"),
    ]
    for write in writes:
        with pytest.raises(FencedOff):
            write()

    assert stored(documents).job.is_held_by("x", 2)
    assert stored(documents).progress == 0


def test_who_is_late_but_not_replaced_may_still_commit(
    ours: Claims[Task], documents: SqliteDocuments, clock: StoppedClock
) -> None:
    held = claim(ours)
    clock.advance(1000)

    ours.succeed(held, {"answer": 1})

    assert stored(documents).job.state is JobState.DONE


def test_a_cancelled_job_accepts_nothing(ours: Claims[Task], documents: SqliteDocuments) -> None:
    held = claim(ours)

    def cancel(task: Task) -> None:
        task.job = task.job.cancel("not wanted")

    tasks_in(documents).change("t", cancel)

    with pytest.raises(FencedOff):
        ours.renew(held)
    with pytest.raises(FencedOff):
        ours.succeed(held, {"answer": 1})


def test_progress_holds_the_job_too(
    ours: Claims[Task], documents: SqliteDocuments, clock: StoppedClock
) -> None:
    held = claim(ours)
    clock.advance(20)

    ours.report(held, {"percent": 50})

    assert stored(documents).progress == 50
    assert not stored(documents).job.is_claimable(clock.now().replace(second=49))


def test_what_a_short_job_reported_last_is_stored_when_it_ends(
    ours: Claims[Task], documents: SqliteDocuments
) -> None:
    with LeaseKeeper(ours, claim(ours), POLICY) as lease:
        lease.report({"percent": 90})

    assert stored(documents).progress == 90


def test_a_crash_costs_an_attempt_and_a_pause(
    ours: Claims[Task], documents: SqliteDocuments, clock: StoppedClock
) -> None:
    held = claim(ours)

    ours.try_again(held, "crashed")

    job = stored(documents).job
    assert (job.state, job.attempts, job.reason) == (JobState.QUEUED, 1, "crashed")
    assert 5 <= (job.due_at - clock.now()).total_seconds() <= 10


def test_a_store_that_does_not_answer_costs_pauses_but_no_attempt(
    ours: Claims[Task], documents: SqliteDocuments, clock: StoppedClock
) -> None:
    for _ in range(POLICY.max_attempts):
        ours.put_off(claim(ours), "no store")
        clock.advance(10)
    ours.put_off(claim(ours), "no store")

    job = stored(documents).job
    assert (job.state, job.attempts, job.outages, job.reason) == (JobState.QUEUED, 0, 3, "no store")
    assert 5 <= (job.due_at - clock.now()).total_seconds() <= 10


def test_a_store_that_never_answers_fails_the_job_in_the_end(
    ours: Claims[Task], documents: SqliteDocuments, clock: StoppedClock
) -> None:
    for _ in range(POLICY.max_outages + POLICY.max_attempts):
        ours.put_off(claim(ours), "no store")
        clock.advance(10)

    job = stored(documents).job
    assert (job.state, job.reason) == (
        JobState.FAILED,
        "Given up after 2 attempts. The last one: no store",
    )
    assert announced(documents)[-1] == ItemDeleted.TYPE


def test_the_last_crash_fails_the_job(
    ours: Claims[Task], documents: SqliteDocuments, clock: StoppedClock
) -> None:
    ours.try_again(claim(ours), "crashed")
    clock.advance(10)

    ours.try_again(claim(ours), "crashed again")

    job = stored(documents).job
    assert (job.state, job.reason) == (
        JobState.FAILED,
        "Given up after 2 attempts. The last one: crashed again",
    )
    assert announced(documents)[-1] == ItemDeleted.TYPE


def test_a_job_its_workers_died_of_fails_at_the_next_claim(
    ours: Claims[Task], documents: SqliteDocuments, clock: StoppedClock
) -> None:
    for _ in range(2):
        claim(ours)
        clock.advance(31)

    assert ours.claim("t") is None

    job = stored(documents).job
    assert (job.state, job.attempts) == (JobState.FAILED, 2)
    assert "the worker died" in job.reason
    assert announced(documents)[-1] == ItemDeleted.TYPE


def test_a_job_given_back_is_due_at_once_with_all_its_attempts(
    ours: Claims[Task], documents: SqliteDocuments
) -> None:
    ours.give_back(claim(ours), "stopped")

    assert stored(documents).job.attempts == 0
    assert claim(ours).job.attempts == 1


def test_the_policy_decides_how_often(documents: SqliteDocuments, clock: StoppedClock) -> None:
    add_task(documents, "t", clock)
    once = replace(POLICY, max_attempts=1)
    strict = Claims(tasks_in(documents, clock), TaskHandler(()), owner="w", policy=once, clock=clock)

    strict.try_again(claim(strict), "crashed")

    assert stored(documents).job.state is JobState.FAILED
