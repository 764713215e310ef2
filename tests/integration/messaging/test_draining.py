"""Stopping and dying: SIGTERM finishes or gives back the job in hand, SIGKILL leaves nothing running."""

import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive_shared.documents.sqlite import SqliteDocuments
from archive_shared.jobs.job import JobState
from archive_shared.lifecycle import STOPPED
from tests.support.announcing import Task, add_task, tasks_in
from tests.support.bus import Bus
from tests.support.parts import POLICY, run_relay, run_worker
from tests.support.processes import ChildProcess, running_process, wait_until
from tests.support.threads import running

ROOT = Path(__file__).parents[3]
NEVER = "never.reached"


@pytest.fixture
def worker(bus: Bus, documents: SqliteDocuments, tmp_path: Path) -> Iterator[ChildProcess]:
    """A worker in a process of its own, with a relay that hints to it."""
    never = [f"{tmp_path / 'token'}", f"worker.{NEVER}", "kill", ""]
    store = [str(tmp_path / "documents.db"), ""]
    command = [sys.executable, "-m", "tests.support.victim", bus.url, *store, *never]
    with (
        running(lambda stop: run_relay(bus, documents, stop)),
        running_process(command, log_path=tmp_path / "worker.log", folder=ROOT) as process,
    ):
        yield process


def wait_until_running(documents: SqliteDocuments, tmp_path: Path) -> int:
    """Wait until the program of the task works, and return its process."""
    note = tmp_path / "pid"
    wait_until(lambda: note.exists() and note.read_text().strip(), timeout_s=40, what="the program")
    return int(note.read_text())


def is_running(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def the_task(documents: SqliteDocuments) -> Task:
    return tasks_in(documents).require("t")


def test_a_job_that_ends_within_the_grace_period_is_done(
    worker: ChildProcess, documents: SqliteDocuments, tmp_path: Path
) -> None:
    add_task(documents, "t", seconds=0.5, note_pid_in=str(tmp_path / "pid"))
    wait_until_running(documents, tmp_path)

    worker.send_signal(signal.SIGTERM)

    assert worker.wait(timeout_s=20) == STOPPED, worker.log()
    assert (the_task(documents).job.state, the_task(documents).job.attempts) == (JobState.DONE, 1)


def test_a_job_that_takes_longer_is_given_back_and_costs_no_attempt(
    bus: Bus, worker: ChildProcess, documents: SqliteDocuments, tmp_path: Path
) -> None:
    add_task(documents, "t", hang=True, fail_in_epochs=1, note_pid_in=str(tmp_path / "pid"))
    program = wait_until_running(documents, tmp_path)
    began_s = time.monotonic()

    worker.send_signal(signal.SIGTERM)

    assert worker.wait(timeout_s=20) == STOPPED, worker.log()
    assert time.monotonic() - began_s > POLICY.grace_s - 0.1
    assert not is_running(program)
    assert (the_task(documents).job.state, the_task(documents).job.attempts) == (JobState.QUEUED, 0)
    with running(lambda stop: run_worker(bus, documents, stop)):
        wait_until(lambda: the_task(documents).job.state is JobState.DONE, timeout_s=40)


def test_an_idle_worker_stops_at_once(worker: ChildProcess, documents: SqliteDocuments) -> None:
    add_task(documents, "t")
    wait_until(lambda: the_task(documents).job.state is JobState.DONE, timeout_s=40)
    began_s = time.monotonic()

    worker.send_signal(signal.SIGTERM)

    assert worker.wait(timeout_s=20) == STOPPED, worker.log()
    assert time.monotonic() - began_s < 15


def test_a_killed_worker_leaves_no_program_behind_and_another_takes_over(
    bus: Bus, worker: ChildProcess, documents: SqliteDocuments, tmp_path: Path
) -> None:
    add_task(documents, "t", hang=True, fail_in_epochs=1, note_pid_in=str(tmp_path / "pid"))
    program = wait_until_running(documents, tmp_path)

    worker.send_signal(signal.SIGKILL)

    wait_until(lambda: not is_running(program), timeout_s=5, what="the end of the program")
    with running(lambda stop: run_worker(bus, documents, stop)):
        wait_until(lambda: the_task(documents).job.state is JobState.DONE, timeout_s=40)
    assert the_task(documents).job.attempts == 2


def test_a_job_that_kills_its_workers_fails_in_the_end(
    bus: Bus, documents: SqliteDocuments, tmp_path: Path
) -> None:
    add_task(documents, "t")

    def pretend_to_have_died(task: Task) -> None:
        task.job = task.job.claim(task.job.due_at, owner="dead", lease_s=0)

    for _ in range(POLICY.max_attempts):
        tasks_in(documents).change("t", pretend_to_have_died)

    with running(lambda stop: run_relay(bus, documents, stop), lambda stop: run_worker(bus, documents, stop)):
        wait_until(lambda: the_task(documents).job.state is JobState.FAILED, timeout_s=40)

    assert the_task(documents).job.reason == "Given up after 3 attempts. The last one: the worker died"
