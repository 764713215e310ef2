"""Workers with real programs: claimed once, done, and told honestly when not; nothing is left running."""

import os
import signal
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from archive_shared.documents.sqlite import SqliteDocuments
from archive_shared.errors import NotFound
from archive_shared.jobs.job import JobState
from archive_shared.jobs.worker import Worker
from archive_shared.messaging.confirmed import send
from archive_shared.messaging.dead_letters import list_dead_letters
from archive_shared.messaging.deliveries import PUMP_EVERY_S
from tests.support.announcing import TASKS, Task, TaskHandler, add_task, tasks_in
from tests.support.bus import JOBS, Bus, settle_down
from tests.support.parts import POLICY, PROGRAM, run_relay, run_worker
from tests.support.processes import wait_until
from tests.support.threads import running


@pytest.fixture
def working(bus: Bus, documents: SqliteDocuments) -> Iterator[threading.Event]:
    """Relay and worker of the service run."""
    with running(
        lambda stop: run_relay(bus, documents, stop), lambda stop: run_worker(bus, documents, stop)
    ) as stop:
        yield stop


def wait_for(documents: SqliteDocuments, identifier: str, *states: JobState, timeout_s: float = 40) -> Task:
    """Wait until a task is in one of these states."""
    repository = tasks_in(documents)

    def reached() -> Task | None:
        task = repository.require(identifier)
        return task if task.job.state in states else None

    found = wait_until(reached, timeout_s=timeout_s, what=f"{identifier} {states}")
    assert found is not None
    return found


def is_running(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def is_written(note: Path) -> bool:
    """Tell whether a program that notes its number there has done so; the file is there a moment before."""
    return note.exists() and bool(note.read_text())


def test_a_job_is_done_and_announced(documents: SqliteDocuments, working: threading.Event) -> None:
    add_task(documents, "t", answer="42", report=True, seconds=1)

    task = wait_for(documents, "t", JobState.DONE)

    assert (task.result, task.job.attempts, task.job.epoch) == ("42", 1, 1)
    assert task.progress == 90
    assert task.job.hint_at is None
    announced = wait_until(
        lambda: (documents.get(TASKS.name, "t") or {}).get("outbox") == [], timeout_s=10, what="publishing"
    )
    assert announced


def test_many_jobs_are_each_done_once(
    bus: Bus, documents: SqliteDocuments, working: threading.Event, tmp_path: Path
) -> None:
    note = str(tmp_path / "pids")
    for number in range(6):
        add_task(documents, f"t{number}", note_pid_in=note)

    with running(lambda stop: run_worker(bus, documents, stop)):
        tasks = [wait_for(documents, f"t{number}", JobState.DONE) for number in range(6)]

    assert [task.job.epoch for task in tasks] == [1] * 6
    assert len(Path(note).read_text().split()) == 6


def test_what_cannot_be_done_fails_at_once_with_the_reason(
    documents: SqliteDocuments, working: threading.Event
) -> None:
    add_task(documents, "t", refuse="The file is no image.", fail_in_epochs=9)

    task = wait_for(documents, "t", JobState.FAILED)

    assert (task.job.reason, task.job.attempts) == ("The file is no image.", 1)


@pytest.mark.parametrize(
    ("misbehaviour", "reason"),
    [
        ({"exit": 3}, "exit code 3"),
        ({"signal": signal.SIGSEGV}, "SIGSEGV"),
        ({"exit": 0}, "without a result"),
    ],
)
def test_a_crash_is_tried_again_until_it_works(
    documents: SqliteDocuments, working: threading.Event, misbehaviour: dict[str, Any], reason: str
) -> None:
    add_task(documents, "t", fail_in_epochs=1, **misbehaviour)

    task = wait_for(documents, "t", JobState.DONE)

    assert (task.result, task.job.attempts) == ("epoch 2", 2)


def test_a_job_outlives_an_outage_of_the_store_of_more_tries_than_it_has(
    documents: SqliteDocuments, working: threading.Event
) -> None:
    outage = POLICY.max_attempts + 2
    add_task(documents, "t", fail_in_epochs=outage, store_is_silent="The store does not answer.")

    task = wait_for(documents, "t", JobState.DONE)

    assert (task.result, task.job.attempts) == (f"epoch {outage + 1}", 1)
    assert task.job.outages == outage


def test_poison_fails_after_its_attempts(documents: SqliteDocuments, working: threading.Event) -> None:
    add_task(documents, "t", fail_in_epochs=99, signal=signal.SIGSEGV)

    task = wait_for(documents, "t", JobState.FAILED)

    assert task.job.attempts == POLICY.max_attempts
    assert task.job.reason == "Given up after 3 attempts. The last one: The program was ended by SIGSEGV."


def test_an_endless_job_costs_its_time_only(bus: Bus, documents: SqliteDocuments) -> None:
    hasty = replace(POLICY, time_limit_s=6)
    add_task(documents, "endless", hang=True, fail_in_epochs=99)
    add_task(documents, "next")

    with running(
        lambda stop: run_relay(bus, documents, stop),
        lambda stop: run_worker(bus, documents, stop, policy=hasty),
    ):
        endless = wait_for(documents, "endless", JobState.FAILED)
        wait_for(documents, "next", JobState.DONE)

    assert endless.job.reason == "It took longer than 6 seconds."


def test_a_job_gets_no_more_memory_than_it_may(bus: Bus, documents: SqliteDocuments) -> None:
    frugal = replace(POLICY, memory_bytes=2**30, max_attempts=1)
    add_task(documents, "t", hoard=True, fail_in_epochs=99, exit=0)

    with running(
        lambda stop: run_relay(bus, documents, stop),
        lambda stop: run_worker(bus, documents, stop, policy=frugal),
    ):
        task = wait_for(documents, "t", JobState.FAILED)

    assert "exit code 1" in task.job.reason  # a MemoryError, not the end of the machine


def test_nothing_a_job_started_outlives_it(
    documents: SqliteDocuments, working: threading.Event, tmp_path: Path
) -> None:
    note = tmp_path / "sleeper"
    add_task(documents, "t", start_sleeper=str(note))

    wait_for(documents, "t", JobState.DONE)

    pid = int(note.read_text())
    wait_until(lambda: not is_running(pid), timeout_s=5, what="the end of the sleeper")


def test_a_cancelled_job_is_stopped(
    documents: SqliteDocuments, working: threading.Event, tmp_path: Path
) -> None:
    note = tmp_path / "pid"
    add_task(documents, "t", hang=True, fail_in_epochs=9, note_pid_in=str(note))
    wait_until(lambda: is_written(note), timeout_s=30)
    pid = int(note.read_text())

    def cancel(task: Task) -> None:
        task.job = task.job.cancel("not wanted any more")

    tasks_in(documents).change("t", cancel)

    wait_until(lambda: not is_running(pid), timeout_s=10, what="the end of the program")
    assert tasks_in(documents).require("t").job.state is JobState.CANCELLED


def test_a_deleted_job_is_stopped(
    documents: SqliteDocuments, working: threading.Event, tmp_path: Path
) -> None:
    note = tmp_path / "pid"
    add_task(documents, "t", hang=True, fail_in_epochs=9, note_pid_in=str(note))
    wait_until(lambda: is_written(note), timeout_s=30)
    pid = int(note.read_text())

    tasks_in(documents).delete("t")

    wait_until(lambda: not is_running(pid), timeout_s=10, what="the end of the program")
    add_task(documents, "next")
    wait_for(documents, "next", JobState.DONE)


def test_a_job_longer_than_its_lease_stays_with_its_worker(
    bus: Bus, documents: SqliteDocuments, working: threading.Event
) -> None:
    add_task(documents, "t", seconds=2 * POLICY.lease_s + 1)

    with running(lambda stop: run_worker(bus, documents, stop)):
        task = wait_for(documents, "t", JobState.DONE)

    assert task.job.epoch == 1


def test_a_busy_worker_leaves_hints_to_others(
    bus: Bus, documents: SqliteDocuments, working: threading.Event, tmp_path: Path
) -> None:
    note = tmp_path / "pid"
    add_task(documents, "long", hang=True, fail_in_epochs=9, note_pid_in=str(note))
    wait_until(lambda: is_written(note), timeout_s=30)

    add_task(documents, "short")

    wait_until(lambda: bus.size(JOBS) == 1, timeout_s=10, what="the hint waiting in the queue")
    settle_down(2 * PUMP_EVERY_S)
    assert bus.size(JOBS) == 1
    with running(lambda stop: run_worker(bus, documents, stop)):
        wait_for(documents, "short", JobState.DONE)


def test_doubled_late_and_unknown_hints_change_nothing(
    bus: Bus, documents: SqliteDocuments, working: threading.Event
) -> None:
    add_task(documents, "t")
    wait_for(documents, "t", JobState.DONE)

    with bus.publisher() as publisher:
        for job in ("t", "t", "unknown"):
            publisher.hint(JOBS, job)
    add_task(documents, "last")
    wait_for(documents, "last", JobState.DONE)

    assert tasks_in(documents).require("t").job.epoch == 1


def test_lost_hints_are_sent_again(bus: Bus, documents: SqliteDocuments) -> None:
    add_task(documents, "t")
    with running(lambda stop: run_relay(bus, documents, stop)):
        wait_until(lambda: bus.size(JOBS) == 1, timeout_s=10)
        with bus.connected() as connection:
            connection.channel().queue_purge(JOBS)

        with running(lambda stop: run_worker(bus, documents, stop)):
            wait_for(documents, "t", JobState.DONE)


def test_what_is_no_hint_becomes_a_dead_letter(
    bus: Bus, documents: SqliteDocuments, working: threading.Event
) -> None:
    with bus.connected() as connection:
        send(
            connection,
            exchange="",
            key=JOBS,
            body=b"\xff",
            content_type="application/json",
            message_id="m",
            headers={},
        )

    with bus.connected() as connection:
        [letter] = wait_until(lambda: list_dead_letters(connection), timeout_s=15)
    assert (letter.queue, letter.body) == (JOBS, b"\xff")


def test_a_warm_program_is_used_once(bus: Bus, documents: SqliteDocuments, tmp_path: Path) -> None:
    note = tmp_path / "pids"
    with running(
        lambda stop: run_relay(bus, documents, stop),
        lambda stop: run_worker(bus, documents, stop, warm=True),
    ):
        for number in range(3):
            add_task(documents, f"t{number}", note_pid_in=str(note))
            wait_for(documents, f"t{number}", JobState.DONE)

    pids = [int(pid) for pid in note.read_text().split()]
    assert len(set(pids)) == 3
    wait_until(lambda: not any(map(is_running, pids)), timeout_s=5)
    assert os.getpid() not in pids


def test_a_program_that_may_does_several_jobs(bus: Bus, documents: SqliteDocuments, tmp_path: Path) -> None:
    note = tmp_path / "pids"
    patient = replace(POLICY, jobs_per_program=3)

    with running(
        lambda stop: run_relay(bus, documents, stop),
        lambda stop: run_worker(bus, documents, stop, policy=patient, warm=True),
    ):
        for number in range(4):
            add_task(documents, f"t{number}", note_pid_in=str(note), answer=str(number))
            assert wait_for(documents, f"t{number}", JobState.DONE).result == str(number)

    pids = note.read_text().split()
    assert pids[0] == pids[1] == pids[2] != pids[3]
    assert not any(is_running(int(pid)) for pid in pids)


def test_a_program_that_failed_does_no_further_job(
    bus: Bus, documents: SqliteDocuments, tmp_path: Path
) -> None:
    note = tmp_path / "pids"
    patient = replace(POLICY, jobs_per_program=9, time_limit_s=4)
    orders: list[dict[str, Any]] = [
        {},
        {"refuse": "No.", "fail_in_epochs": 9},
        {"hang": True, "fail_in_epochs": 9},
        {},
    ]

    with running(
        lambda stop: run_relay(bus, documents, stop),
        lambda stop: run_worker(bus, documents, stop, policy=patient, warm=True),
    ):
        for number, order in enumerate(orders):
            add_task(documents, f"t{number}", note_pid_in=str(note), **order)
            wait_for(documents, f"t{number}", JobState.DONE, JobState.FAILED)

    pids = note.read_text().split()
    assert len(pids) == 4
    assert pids[0] == pids[1]
    assert len({*pids[1:]}) == 3
    assert not any(is_running(int(pid)) for pid in pids)


class Keeping(TaskHandler):
    """Its outcomes cannot be kept outside of the task, for whatever reason its answer names."""

    def keep(self, aggregate: Task, result: Mapping[str, Any]) -> None:
        if result["answer"] == "vast":
            raise ValueError("document x has 7000000 bytes; split it up")
        if result["answer"] == "gone":
            raise NotFound("what it is for does not exist")


def test_an_outcome_that_cannot_be_kept_ends_its_job_and_not_the_worker(
    bus: Bus, documents: SqliteDocuments
) -> None:
    add_task(documents, "vast", answer="vast")
    add_task(documents, "gone", answer="gone")

    def work(stop: threading.Event) -> None:
        Worker(
            tasks_in(documents), Keeping(PROGRAM), connect=bus.connect, queue=JOBS, policy=POLICY, warm=False
        ).run(stop)

    with running(lambda stop: run_relay(bus, documents, stop), work):
        vast = wait_for(documents, "vast", JobState.FAILED)
        wait_for(documents, "gone", JobState.RUNNING)
        add_task(documents, "next")
        wait_for(documents, "next", JobState.DONE)

    assert vast.job.reason.startswith("Its outcome cannot be stored")
    assert vast.job.attempts == 1
