"""One crash and its healing: what is done, what is broken, and what must be true afterwards.

A job is queued and two counters announce their steps. The part that will crash runs as a process of its own, the others in threads;
once it has crashed, another one like it takes over. In the end the job is done once, its end announced once, everybody who listens
heard of everything, believes the latest, and nothing is left over.

`python -m tests.support.crashing` does it with a bug planted everywhere (`tests.support.mutants`) and exits with 1 when that showed.
"""

import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from archive_shared.documents import Documents
from archive_shared.events import ItemCreated, ItemUpdated
from archive_shared.jobs.job import JobState
from archive_shared.lifecycle import STOPPED
from tests.support.announcing import (
    ANNOUNCING,
    COLLECTIONS,
    COUNTERS,
    EFFECTS,
    TASKS,
    VIEWS,
    Counter,
    add_task,
    counters_in,
    tasks_in,
)
from tests.support.bus import VISIBILITY_TIMEOUT_S, Bus, settle_down
from tests.support.crash_points import LEASE_S, PAUSE_S, nowhere
from tests.support.document_stores import Place
from tests.support.mutants import plant
from tests.support.parts import PARTS, QUEUE
from tests.support.processes import ChildProcess, running_process, wait_until
from tests.support.threads import running

ROOT = Path(__file__).parents[2]
HEALED_WITHIN_S = 90.0
QUIET_S = VISIBILITY_TIMEOUT_S + 1  # until what the victim held, or said at last, has come and been handled
COUNTED = 2
CAUGHT = 1


@dataclass(frozen=True)
class Case:
    """A crash point, how to crash there, and where nobody else is.

    Parameters
    ----------
    mode
        `kill` (SIGKILL) or `pause` (SIGSTOP, for longer than any lease).
    mutant
        Name of the bug planted in all parts, empty for none.
    """

    bus: Bus
    place: Place
    folder: Path
    point: str
    mode: str
    mutant: str = ""

    @property
    def part(self) -> str:
        return self.point.partition(".")[0]

    @property
    def token(self) -> Path:
        return self.folder / "token"

    @property
    def arguments(self) -> list[str]:
        place = self.place
        return [
            self.bus.url,
            place.address,
            place.database,
            str(self.token),
            self.point,
            self.mode,
            self.mutant,
        ]


def crash_and_heal(case: Case, *, healed_within_s: float = HEALED_WITHIN_S) -> None:
    """Run a case; raise `AssertionError` or `TimeoutError` when something is not as it must be."""
    case.token.touch()
    case.bus.listen(QUEUE, ItemCreated, ItemUpdated)
    command = [sys.executable, "-m", "tests.support.victim", *case.arguments]
    with case.place.opened(COLLECTIONS) as documents:
        _make_work(documents)
        with (
            running(*[_part(name, case.bus, documents) for name in PARTS if name != case.part]),
            running_process(command, log_path=case.folder / "victim.log", folder=ROOT) as victim,
        ):
            wait_until(lambda: not case.token.exists(), timeout_s=healed_within_s, what="the crash")
            with running(_part(case.part, case.bus, documents)):
                wait_until(lambda: _is_healed(documents), timeout_s=healed_within_s, what="healing")
                if case.mode == "pause":
                    wait_until(lambda: _is_awake(victim.pid), timeout_s=10 * PAUSE_S, what="waking up")
                    settle_down(LEASE_S / 2)  # it goes on where it stopped, and must not spoil anything
                _assert_ended_well(victim, case.mode)
                settle_down(QUIET_S)
                wait_until(lambda: _is_healed(documents), timeout_s=healed_within_s, what="healing")
        _assert_once(documents)


def _make_work(documents: Documents) -> None:
    for name in ("c", "d"):
        counters_in(documents).add(Counter(id=name))
        for _ in range(COUNTED):
            counters_in(documents).change(name, Counter.count)
    add_task(documents, "t", seconds=0.5, report=True)


def _part(name: str, bus: Bus, documents: Documents) -> Callable[[threading.Event], None]:
    return lambda stop: PARTS[name](bus, documents, stop, nowhere)


def _is_healed(documents: Documents) -> bool:
    announcing = [document for name in ANNOUNCING for document in documents.find(name)]
    [task] = documents.find(TASKS.name)
    return (
        task["job"]["state"] == JobState.DONE
        and not any(document["outbox"] for document in announcing)
        and documents.count(EFFECTS.name) >= sum(document["announced"] for document in announcing)
    )


def _is_awake(pid: int) -> bool:
    return "\nState:\tT" not in Path(f"/proc/{pid}/status").read_text()


def _assert_ended_well(victim: ChildProcess, mode: str) -> None:
    if mode == "kill":
        assert victim.wait(timeout_s=10) == -signal.SIGKILL
    else:
        victim.send_signal(signal.SIGTERM)
        assert victim.wait(timeout_s=30) == STOPPED, victim.log()


def _assert_once(documents: Documents) -> None:
    task = tasks_in(documents).require("t")
    heard = [effect["type"] for effect in documents.find(EFFECTS.name)]
    assert heard.count(ItemUpdated.TYPE) == 1 + 2 * COUNTED
    assert heard.count(ItemCreated.TYPE) == task.job.epoch
    assert task.result == f"epoch {task.job.epoch}"
    assert task.job.hint_at is None
    told = {
        each["_id"]: each["announced"] for name in (COUNTERS, TASKS) for each in documents.find(name.name)
    }
    assert {view["_id"]: view["sequence"] for view in documents.find(VIEWS.name)} == told


def main(arguments: Sequence[str]) -> int:
    url, address, database, token, point, mode, mutant = arguments
    plant(mutant)
    case = Case(Bus(url), Place(address, database), Path(token).parent, point, mode, mutant)
    try:
        crash_and_heal(case, healed_within_s=30)
    except (AssertionError, TimeoutError) as error:
        print(error)
        return CAUGHT
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
