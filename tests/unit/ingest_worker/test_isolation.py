"""Whatever a task does to its child, the caller gets an outcome and the next task runs."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from archive_shared.confinement.no_files import landlock_version
from archive_shared.errors import Unavailable
from ingest_worker.adapters.disk import Disk
from ingest_worker.adapters.isolation import Isolation
from ingest_worker.adapters.tasks_together import Done, Outcome, Stopped, Task
from ingest_worker.adapters.whole_folders import FEWEST
from ingest_worker.domain.budget import MIB, Budget
from ingest_worker.domain.work_disk import WorkDiskFull
from tests.support.processes import wait_until

MISBEHAVIOUR = "tests.support.misbehaviour"
WITHOUT_FILTER = "tests.support.without_process_filter"
WITHOUT_ROOM = "tests.support.without_room"
SIGNALS_ARE_KEPT_IN = landlock_version() >= 6
BUDGET = Budget(wall_time_s=20, cpu_time_s=20, memory_bytes=256 * MIB)
UNEXPECTED = (
    "The conversion stopped unexpectedly; the file is damaged, or of a kind the converter cannot cope with."
)


def task(name: str, *, budget: Budget = BUDGET, reads: tuple[str, ...] = (), **arguments: Any) -> Task:
    """Return a task that may write where its arguments say."""
    place = arguments.get("folder") or (str(Path(arguments["path"]).parent) if "path" in arguments else "")
    return Task(
        f"{MISBEHAVIOUR}:{name}",
        arguments,
        budget,
        preload=(MISBEHAVIOUR,),
        reads=reads,
        target=place,
    )


def outcomes(*tasks: Task, jobs: int = 1) -> list[Outcome]:
    with Isolation(jobs=jobs) as isolation:
        found = dict(isolation.run(tasks, on_progress=lambda index, done: None, on_tick=lambda: None))
    return [found[index] for index in range(len(tasks))]


def small(part: str, *, budget: Budget = BUDGET, **arguments: Any) -> Task:
    return replace(task("play", budget=budget, part=part, **arguments), together=True)


def pid(outcome: Outcome) -> int:
    assert isinstance(outcome, Done)
    found: int = outcome.value["pid"]
    return found


def reasons(outcome: Outcome) -> tuple[str, ...]:
    assert isinstance(outcome, Stopped)
    return outcome.reasons


def test_each_task_has_a_process_of_its_own_and_its_result_comes_back() -> None:
    first, second = outcomes(task("behave", number=1), task("behave", number=2))

    assert isinstance(first, Done)
    assert isinstance(second, Done)
    assert (first.value["echo"], second.value["echo"]) == ({"number": 1}, {"number": 2})
    assert len({os.getpid(), first.value["pid"], second.value["pid"]}) == 3


@pytest.mark.parametrize(
    ("name", "budget", "arguments", "expected"),
    [
        (
            "allocate",
            Budget(memory_bytes=64 * MIB),
            {"mebibytes": 200},
            "it needed more than 64 MB of memory",
        ),
        ("sleep", Budget(wall_time_s=0.3), {}, "it took longer than 0.3 seconds"),
        ("spin", Budget(cpu_time_s=1), {}, "it needed more than 1 seconds of processor time"),
        ("open_files", Budget(open_files=32), {"count": 100}, "it opened more than 32 files"),
    ],
)
def test_a_breach_of_the_budget_is_named(
    name: str, budget: Budget, arguments: dict[str, Any], expected: str
) -> None:
    stopped, after = outcomes(task(name, budget=budget, **arguments), task("behave"))

    assert reasons(stopped) == (f"The conversion was stopped: {expected}.",)
    assert isinstance(after, Done)


def test_memory_within_the_budget_is_granted() -> None:
    (outcome,) = outcomes(task("allocate", budget=Budget(memory_bytes=256 * MIB), mebibytes=200))

    assert isinstance(outcome, Done)


def test_a_file_larger_than_the_budget_is_never_written(tmp_path: Path) -> None:
    too_large = task("fill_file", budget=Budget(file_bytes=MIB), path=str(tmp_path / "big"), bytes=3 * MIB)

    (outcome,) = outcomes(too_large)

    assert reasons(outcome) == ("The conversion was stopped: it would have written more than 1 MB.",)
    assert (tmp_path / "big").stat().st_size <= MIB


def test_tasks_hold_no_more_on_disk_than_the_budget_however_small_their_files_are(tmp_path: Path) -> None:
    budget = replace(BUDGET, disk_bytes=20 * MIB)
    greedy, modest = (tmp_path / "greedy"), (tmp_path / "modest")
    greedy.mkdir()
    modest.mkdir()
    tasks = [
        replace(task("fill_folder", budget=budget, folder=str(folder), files=files), folder=str(folder))
        for folder, files in ((greedy, 1000), (modest, 2))
    ]

    with Isolation(jobs=1) as isolation:
        running = isolation.run(
            tasks, on_progress=lambda *_: None, on_tick=lambda: None, disk=Disk(budget.disk_bytes)
        )
        first = next(iter(running))
        shutil.rmtree(greedy)
        found = dict([first, *running])

    assert reasons(found[0]) == (
        "The conversion was stopped: with the rest of its upload it took more than 20 MB of disk.",
    )
    assert isinstance(found[1], Done)


def test_what_earlier_tasks_left_on_disk_counts(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(os.urandom(3 * MIB))
    disk = Disk(4 * MIB)

    assert disk.greediest({7: str(tmp_path)}) is None
    disk.kept_bytes = 2 * MIB
    assert disk.greediest({7: str(tmp_path), 8: str(tmp_path / "not there yet")}) == 7


@pytest.mark.skipif(not landlock_version(), reason="this kernel has no Landlock: test_requirement")
def test_a_task_opens_what_it_was_given_and_nothing_else(tmp_path: Path) -> None:
    given, settings, another = tmp_path / "given", tmp_path / ".env", tmp_path / "data" / "images"
    another.mkdir(parents=True)
    for file in (given, settings, another / "slide"):
        file.write_bytes(b"x")
    folder = tmp_path / "scratch"
    link = folder / "link"
    folder.mkdir()
    link.symlink_to(settings)
    here = str(Path(__file__).parent)
    refused = ["/etc/passwd", "/proc/self/environ", "/", here, *map(str, (tmp_path, settings, another, link))]
    refused += [f"/proc/{os.getppid()}/maps", str(another / "slide")]

    (outcome,) = outcomes(
        task("open_each", reads=(str(given),), folder=str(folder), paths=[str(given), *refused])
    )

    assert isinstance(outcome, Done)
    assert outcome.value == {str(given): "opened", **dict.fromkeys(refused, "PermissionError")}


@pytest.mark.skipif(not landlock_version(), reason="this kernel has no Landlock: test_requirement")
def test_a_task_that_was_given_all_files_of_a_folder_opens_nothing_beside_it(tmp_path: Path) -> None:
    series, settings = tmp_path / "in", tmp_path / "settings"
    series.mkdir()
    given = [str(series / str(number)) for number in range(FEWEST)]
    for path in (*given, str(settings)):
        Path(path).write_bytes(b"x")

    (outcome,) = outcomes(
        task("open_each", reads=tuple(given), paths=[*given, str(settings), str(series / ".." / "settings")])
    )

    assert isinstance(outcome, Done)
    assert {outcome.value.pop(path) for path in given} == {"opened"}
    assert set(outcome.value.values()) == {"PermissionError"}


@pytest.mark.skipif(not landlock_version(), reason="this kernel has no Landlock: test_requirement")
def test_a_task_writes_into_its_folder_and_nowhere_else(tmp_path: Path) -> None:
    given, folder = tmp_path / "given", tmp_path / "scratch"
    given.write_bytes(b"x")

    (outcome,) = outcomes(
        task("write_each", reads=(str(given),), folder=str(folder), paths=[str(given), str(tmp_path / "new")])
    )

    assert isinstance(outcome, Done)
    assert set(outcome.value.values()) == {"PermissionError"}
    assert (folder / "own").read_bytes() == b"own"
    assert given.read_bytes() == b"x"


@pytest.mark.skipif(not landlock_version(), reason="this kernel has no Landlock: test_requirement")
def test_a_task_starts_no_program() -> None:
    (outcome,) = outcomes(task("start_program"))

    assert isinstance(outcome, Stopped)
    assert "PermissionError" in reasons(outcome)[1]


def test_no_task_reaches_the_network() -> None:
    (outcome,) = outcomes(task("open_sockets"))

    assert isinstance(outcome, Done)
    assert outcome.value == {"AF_INET": "PermissionError", "AF_UNIX": "PermissionError"}


def test_a_task_hears_of_no_other_and_answers_for_itself_only() -> None:
    (outcome,) = outcomes(task("find_pipes"))

    assert isinstance(outcome, Done)
    assert outcome.value == {"pipes": 1}


def test_a_task_starts_no_process_and_cannot_leave_its_group() -> None:
    (outcome,) = outcomes(task("start_processes"))

    assert isinstance(outcome, Done)
    assert outcome.value == dict.fromkeys(("fork", "setpgid", "setsid"), "PermissionError")


@pytest.mark.parametrize(
    ("name", "detail"),
    [
        pytest.param(
            "kill_parent",
            "PermissionError in misbehaviour.py:",
            marks=pytest.mark.skipif(not SIGNALS_ARE_KEPT_IN, reason="this kernel lets signals out"),
        ),
        ("crash", "SIGSEGV"),
        ("leave", "exit status 3"),
        ("raise_with_secret", "KeyError in misbehaviour.py:"),
    ],
)
def test_a_crash_is_an_outcome_with_a_detail_for_operators(name: str, detail: str) -> None:
    stopped, after = outcomes(task(name), task("behave"))

    assert reasons(stopped)[0] == UNEXPECTED
    assert reasons(stopped)[1].startswith(f"Technical detail: {detail}")
    assert isinstance(after, Done)


@pytest.mark.parametrize("victim", ["child", "nursery"])
@pytest.mark.parametrize("shape", ["alone", "together"])
def test_a_task_whose_process_is_killed_is_done_again(tmp_path: Path, victim: str, shape: str) -> None:
    first = replace(task("tell_pids_once", path=str(tmp_path / "pids")), together=shape == "together")
    second = replace(task("tell_pids_once", path=str(tmp_path / "others")), together=shape == "together")

    with Isolation(jobs=1) as isolation:
        killer = Killer(tmp_path / "pids", victim)
        found = dict(isolation.run([first, second], on_progress=lambda *_: None, on_tick=killer.look))

    assert killer.killed
    assert found == {0: Done({"looks": 2}), 1: Done({"looks": 1})}


def test_a_task_that_can_be_done_in_another_way_is_not_done_again_when_it_was_killed(tmp_path: Path) -> None:
    only = replace(task("tell_pids_once", path=str(tmp_path / "pids")), once=True)

    with Isolation(jobs=1) as isolation:
        killer = Killer(tmp_path / "pids", "child")
        ((_, found),) = isolation.run([only], on_progress=lambda *_: None, on_tick=killer.look)

    assert isinstance(found, Stopped)


class Killer:
    """Kills a child that waits for it, or its nursery, once."""

    def __init__(self, note: Path, victim: str) -> None:
        self._note, self._victim = note, victim
        self.killed = False

    def look(self) -> None:
        pids = self._note.read_text(encoding="ascii").split() if self._note.exists() else []
        if len(pids) == 2 and not self.killed:
            os.kill(int(pids[self._victim == "nursery"]), signal.SIGKILL)
            self.killed = True


def test_a_task_whose_process_is_killed_every_time_is_given_up() -> None:
    stopped, after = outcomes(task("kill_itself"), task("behave"))

    assert reasons(stopped) == (
        "The conversion was stopped: its process was killed again and again, perhaps for want of memory.",
    )
    assert isinstance(after, Done)


def test_a_folder_that_a_full_disk_has_no_room_for_is_nobodys_file(tmp_path: Path) -> None:
    with pytest.raises(WorkDiskFull):
        outcomes(
            replace(task("behave", path=str(tmp_path / "x" / "y")), preload=(MISBEHAVIOUR, WITHOUT_ROOM))
        )


def test_what_an_error_quotes_from_a_file_is_not_passed_on() -> None:
    (outcome,) = outcomes(task("raise_with_secret"))

    assert "Muster" not in str(outcome)


def test_what_libraries_print_goes_nowhere(capfd: pytest.CaptureFixture[str]) -> None:
    (outcome,) = outcomes(task("print_secret"))

    assert isinstance(outcome, Done)
    assert "Muster" not in "".join(capfd.readouterr())


def test_a_child_leads_its_own_session_and_sees_no_secrets_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVE_SECRET", "hunter2")

    (outcome,) = outcomes(task("tell_environment"))

    assert isinstance(outcome, Done)
    assert outcome.value["session"]
    assert "hunter2" not in str(outcome.value["environment"])


def test_children_of_a_child_end_with_it_where_no_filter_forbids_them(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    leaving = task("leave_a_grandchild", budget=Budget(wall_time_s=1.5), path=str(note))

    (outcome,) = outcomes(replace(leaving, preload=(MISBEHAVIOUR, WITHOUT_FILTER)))

    assert isinstance(outcome, Stopped)
    assert _ends(int(note.read_text(encoding="ascii")))


def test_progress_is_passed_on_while_a_task_runs() -> None:
    seen: list[tuple[int, int]] = []

    with Isolation(jobs=1) as isolation:
        list(
            isolation.run(
                [task("report_progress")],
                on_progress=lambda index, done: seen.append((index, done)),
                on_tick=lambda: None,
            )
        )

    assert seen == [(0, step) for step in range(5)]


def test_tasks_run_side_by_side() -> None:
    found = outcomes(*[task("sleep_a_little") for _ in range(6)], jobs=2)

    slept = [outcome.value for outcome in found if isinstance(outcome, Done)]
    assert len(slept) == 6
    assert any(one["began_s"] < other["began_s"] < one["ended_s"] for one in slept for other in slept)


def test_small_tasks_share_a_process() -> None:
    found = outcomes(*[small("behave", number=number) for number in range(5)])

    assert [outcome.value["echo"]["number"] for outcome in found if isinstance(outcome, Done)] == [
        0,
        1,
        2,
        3,
        4,
    ]
    assert len({pid(outcome) for outcome in found}) == 1


def test_small_tasks_are_spread_over_all_jobs() -> None:
    found = outcomes(*[small("behave") for _ in range(6)], jobs=2)

    assert [len({pid(outcome) for outcome in part}) for part in (found[:3], found[3:], found)] == [1, 1, 2]


def test_small_tasks_of_two_kinds_share_the_processors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest_worker.adapters.isolation.usable_processors", lambda: 2)
    one = small("meet", folder=str(tmp_path), me="one", other="two")
    two = replace(small("meet", folder=str(tmp_path), me="two", other="one"), preload=("json",))

    assert outcomes(one, two) == [Done({}), Done({})]


@pytest.mark.parametrize(
    ("guilty", "budget", "arguments", "reason"),
    [
        ("crash", BUDGET, {}, UNEXPECTED),
        ("leave", BUDGET, {}, UNEXPECTED),
        ("raise_with_secret", BUDGET, {}, UNEXPECTED),
        ("kill_parent", BUDGET, {}, UNEXPECTED),
        (
            "sleep",
            Budget(wall_time_s=0.5),
            {},
            "The conversion was stopped: it took longer than 0.5 seconds.",
        ),
        (
            "spin",
            Budget(cpu_time_s=1),
            {},
            "The conversion was stopped: it needed more than 1 seconds of processor time.",
        ),
        (
            "allocate",
            Budget(memory_bytes=64 * MIB),
            {"mebibytes": 200},
            "The conversion was stopped: it needed more than 64 MB of memory.",
        ),
    ],
)
@pytest.mark.parametrize("place", [0, 2])
def test_the_guilty_of_a_batch_is_named_and_the_rest_goes_on(
    guilty: str, budget: Budget, arguments: dict[str, Any], reason: str, place: int
) -> None:
    tasks = [small("behave", budget=budget) for _ in range(4)]
    tasks.insert(place, small(guilty, budget=budget, **arguments))

    found = outcomes(*tasks)

    assert reasons(found.pop(place))[0] == reason
    assert all(isinstance(outcome, Done) for outcome in found)


def test_what_one_task_leaves_behind_is_not_blamed_on_the_next() -> None:
    found = outcomes(*[small("spoil") for _ in range(4)])

    assert len({pid(outcome) for outcome in found}) == 4


def test_a_task_after_others_that_took_much_memory_has_all_of_its_budget() -> None:
    budget = Budget(memory_bytes=256 * MIB)

    found = outcomes(*[small("keep", budget=budget, mebibytes=200) for _ in range(3)])

    assert len({pid(outcome) for outcome in found}) == 3


def test_a_large_result_comes_back_whole() -> None:
    (outcome,) = outcomes(task("flood", bytes=5_000_000))

    assert isinstance(outcome, Done)
    assert len(outcome.value["text"]) == 5_000_000


def test_a_full_disk_is_nobodys_file() -> None:
    with pytest.raises(Unavailable):
        outcomes(task("fill_file", path="/dev/full", bytes=MIB))


def test_an_error_on_a_tick_ends_everything(tmp_path: Path) -> None:
    note = tmp_path / "pid"

    def cancel() -> None:
        if note.exists() and note.read_text(encoding="ascii"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), Isolation(jobs=1) as isolation:
        list(
            isolation.run(
                [task("tell_pid_and_sleep", path=str(note))],
                on_progress=lambda index, done: None,
                on_tick=cancel,
            )
        )

    assert _ends(int(note.read_text(encoding="ascii")))


def test_a_killed_caller_leaves_no_child_behind(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    program = (
        "from tests.unit.ingest_worker.test_isolation import outcomes, task\n"
        f"outcomes(task('tell_pid_and_sleep', path={str(note)!r}))"
    )
    with subprocess.Popen([sys.executable, "-c", program], cwd=Path(__file__).parents[3]) as caller:
        while not (note.exists() and note.read_text(encoding="ascii")) and caller.poll() is None:
            time.sleep(0.05)

        caller.send_signal(signal.SIGKILL)

    assert _ends(int(note.read_text(encoding="ascii")))


def _ends(pid: int) -> bool:
    """Tell whether a process is gone, or a zombie, within a minute."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_the_next_child_waits_for_its_task() -> None:
    with Isolation(jobs=1) as isolation:
        waiting = _waiting_child(_nursery(isolation))

        assert pid(_done(isolation, task("behave", number=2))) == waiting


def test_a_waiting_child_that_is_killed_spoils_no_task() -> None:
    with Isolation(jobs=1) as isolation:
        waiting = _waiting_child(_nursery(isolation))
        os.kill(waiting, signal.SIGKILL)
        assert _ends(waiting)  # which takes a moment on a busy machine

        assert isinstance(_done(isolation, task("behave", number=2)), Done)


def test_a_child_that_was_born_before_an_import_is_let_go() -> None:
    with Isolation(jobs=1) as isolation:
        nursery = _nursery(isolation)
        waiting = _waiting_child(nursery)
        looking = Task("ingest_worker.adapters.tasks:look_at", {"files": []}, BUDGET, preload=(MISBEHAVIOUR,))

        assert _done(isolation, looking) == Done({"recognised": []})
        assert _waiting_child(nursery) != waiting


def test_a_waiting_child_ends_with_its_nursery() -> None:
    with Isolation(jobs=1) as isolation:
        nursery = _nursery(isolation)
        waiting = _waiting_child(nursery)

        os.kill(nursery, signal.SIGKILL)

        assert _ends(waiting)


def _done(isolation: Isolation, one: Task) -> Outcome:
    ((_, outcome),) = isolation.run([one], on_progress=lambda index, done: None, on_tick=lambda: None)
    return outcome


def _nursery(isolation: Isolation) -> int:
    """Return the nursery that serves after it has served once."""
    outcome = _done(isolation, task("behave", number=1))
    assert isinstance(outcome, Done)
    nursery: int = outcome.value["parent"]
    return nursery


def _waiting_child(nursery: int) -> int:
    children = Path(f"/proc/{nursery}/task/{nursery}/children")
    found = wait_until(lambda: children.read_text(encoding="ascii").split(), timeout_s=60)
    return int(found[0])
