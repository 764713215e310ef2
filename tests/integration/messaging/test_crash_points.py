"""Every point at which relay, worker or consumer may die or hang, each with `kill -9` and a pause longer than the lease.

Whatever happens there, the job is done once, its end is announced once, everybody who listens hears of it, and
nothing is left over.
"""

import signal
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from archive_shared.documents.sqlite import SqliteDocuments
from archive_shared.events import ItemCreated, ItemUpdated
from archive_shared.jobs.job import JobState
from archive_shared.lifecycle import STOPPED
from tests.support.announcing import EFFECTS, TASKS, add_task, tasks_in
from tests.support.bus import Bus, settle_down
from tests.support.parts import CRASH_POINTS, LEASE_S, PARTS, PAUSE_S, QUEUE
from tests.support.processes import ChildProcess, running_process, wait_until
from tests.support.threads import running

ROOT = Path(__file__).parents[3]
HEALED_WITHIN_S = 60


@pytest.mark.timeout(180)
@pytest.mark.parametrize("mode", ["kill", "pause"])
@pytest.mark.parametrize("point", CRASH_POINTS)
def test_a_crash_anywhere_leaves_one_effect(
    bus: Bus, documents: SqliteDocuments, tmp_path: Path, point: str, mode: str
) -> None:
    token = tmp_path / "token"
    token.touch()
    bus.listen(QUEUE, ItemCreated, ItemUpdated)
    add_task(documents, "t", seconds=0.5, report=True)
    victim_part = point.partition(".")[0]
    others = [name for name in PARTS if name != victim_part]

    with (
        running(*[part(name, bus, documents) for name in others]),
        victim(bus, tmp_path, point, mode) as crashing,
    ):
        wait_until(lambda: not token.exists(), timeout_s=HEALED_WITHIN_S, what=f"{point} being reached")
        with running(part(victim_part, bus, documents)):
            wait_until(lambda: is_healed(documents), timeout_s=HEALED_WITHIN_S, what="everything done")
            if mode == "pause":
                wait_until(lambda: is_awake(crashing.pid), timeout_s=2 * PAUSE_S, what="waking up")
                settle_down(LEASE_S / 2)  # the victim goes on where it stopped, and must not spoil anything
        assert_ended_well(crashing, mode)

    assert_once(documents)


def victim(bus: Bus, folder: Path, point: str, mode: str) -> AbstractContextManager[ChildProcess]:
    command = [sys.executable, "-m", "tests.support.parts", bus.url, str(folder), point, mode]
    return running_process(command, log_path=folder / "victim.log", folder=ROOT)


def part(name: str, bus: Bus, documents: SqliteDocuments) -> Callable[[threading.Event], None]:
    return lambda stop: PARTS[name](bus, documents, stop, lambda point: None)


def is_healed(documents: SqliteDocuments) -> bool:
    task = documents.get(TASKS.name, "t")
    return (
        task is not None
        and task["job"]["state"] == JobState.DONE
        and not task["outbox"]
        and documents.count(EFFECTS.name) == task["announced"]
    )


def is_awake(pid: int) -> bool:
    return "\nState:\tT" not in Path(f"/proc/{pid}/status").read_text()


def assert_ended_well(crashing: ChildProcess, mode: str) -> None:
    if mode == "kill":
        assert crashing.wait(timeout_s=10) == -signal.SIGKILL
    else:
        crashing.send_signal(signal.SIGTERM)
        assert crashing.wait(timeout_s=20) == STOPPED, crashing.log()


def assert_once(documents: SqliteDocuments) -> None:
    task = tasks_in(documents).require("t")
    heard = [effect["type"] for effect in documents.find(EFFECTS.name)]
    assert heard.count(ItemUpdated.TYPE) == 1
    assert heard.count(ItemCreated.TYPE) == task.job.epoch
    assert task.result == f"epoch {task.job.epoch}"
    assert task.job.epoch <= 2
    assert task.job.hint_at is None
