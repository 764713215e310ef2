"""A program that has a fork do each job: whatever becomes of one, the next is done, and hears nothing of it."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from archive_shared.jobs.child import EX_OSERR
from archive_shared.jobs.handler import JobPolicy
from archive_shared.jobs.program import Crashed, Ending, Program, Refused, Succeeded
from tests.support.processes import wait_until

PROGRAM = [sys.executable, "-m", "tests.support.forked_program"]
POLICY = JobPolicy(jobs_per_program=10)


@pytest.fixture
def program() -> Iterator[Program]:
    program = Program(PROGRAM, POLICY)
    yield program
    program.kill()


def done(program: Program, do: str, **order: Any) -> Ending:
    """Have a job done and return how it ended."""
    program.order({"do": do, **order}, None)
    while not program.is_done():
        program.listen(1)
    return program.ending()


def result(ending: Ending) -> Any:
    assert isinstance(ending, Succeeded)
    return ending.result


def is_there(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_each_job_has_a_process_of_its_own_and_all_have_one_program(program: Program) -> None:
    first, second = (result(done(program, "tell", number=number)) for number in (1, 2))

    assert (first["number"], second["number"]) == (1, 2)
    assert first["program"] == second["program"]
    assert len({first["process"], second["process"], first["program"]}) == 3
    assert not is_there(first["process"])


def test_the_program_has_one_thread_when_it_forks(program: Program) -> None:
    assert [result(done(program, "tell"))["threads"] for _ in range(2)] == [1, 1]


def test_progress_is_passed_on(program: Program) -> None:
    program.order({"do": "tell", "number": 7}, None)
    told = []
    while not program.is_done():
        told += program.listen(1)

    assert told == [{"job": 7}]


def test_of_much_progress_the_first_and_the_last_are_told_and_little_in_between(program: Program) -> None:
    program.order({"do": "count"}, None)
    told = []
    while not program.is_done():
        told += program.listen(1)

    assert told[0] == {"number": 0}
    assert told[-1] == {"number": 999}
    assert len(told) < 500


@pytest.mark.parametrize(
    ("do", "order", "ending"),
    [
        ("die", {"signal": signal.SIGSEGV}, Crashed("The program was ended by SIGSEGV.", -signal.SIGSEGV)),
        ("die", {"signal": signal.SIGKILL}, Crashed("The program was ended by SIGKILL.", -signal.SIGKILL)),
        ("die", {"signal": 40}, Crashed("The program was ended by signal 40.", -40)),
        ("leave", {"code": 3}, Crashed("The program ended with exit code 3.", 3)),
        ("leave", {"code": 0}, Crashed("The program ended without a result.", 0)),
        ("no such function", {}, Crashed("The program ended with exit code 1.", 1)),
        ("refuse", {}, Refused("no such image")),
        ("put_off", {}, Crashed("no memory left", 75)),
    ],
)
def test_a_bad_end_is_that_of_one_job_only(
    program: Program, do: str, order: dict[str, Any], ending: Ending
) -> None:
    before = result(done(program, "tell"))

    assert done(program, do, **order) == ending
    after = result(done(program, "tell", number=2))
    assert (after["number"], after["program"]) == (2, before["program"])


def test_the_last_job_of_a_program_ends_as_any_other() -> None:
    endings = []
    for do, order in (("die", {"signal": signal.SIGSEGV}), ("refuse", {}), ("tell", {"number": 3})):
        program = Program(PROGRAM, JobPolicy())
        endings.append(done(program, do, **order))

    assert endings[:2] == [
        Crashed("The program was ended by SIGSEGV.", -signal.SIGSEGV),
        Refused("no such image"),
    ]
    assert result(endings[2])["number"] == 3


def test_each_job_may_use_all_of_the_processor_time_and_is_told_when_it_is_over() -> None:
    program = Program(PROGRAM, replace(POLICY, cpu_time_s=1))

    try:
        first, second = done(program, "spin"), done(program, "tell")
    finally:
        program.kill()

    assert first == Crashed("The program was ended by SIGXCPU.", -signal.SIGXCPU)
    assert isinstance(second, Succeeded)


def test_a_job_cannot_speak_for_the_program_nor_of_the_next_job(program: Program) -> None:
    assert result(done(program, "forge")) == {"forged": 2}
    assert result(done(program, "tell", number=2))["number"] == 2


def test_one_that_talks_nonsense_ends_the_program_and_with_it_the_job_only(program: Program) -> None:
    ending = done(program, "chatter")

    assert ending == Crashed("The program ended with exit code 1.", 1)
    assert not program.awaits_order


def test_a_job_starts_threads_but_no_process_that_could_outlive_it(program: Program) -> None:
    assert result(done(program, "start")) == dict.fromkeys(
        ("fork", "program", "spawned", "session", "group"), "PermissionError"
    )


def test_no_job_can_look_into_the_program_or_into_another_job(program: Program) -> None:
    assert result(done(program, "hide")) == {"readable": 0}


def test_a_job_hears_no_orders_and_has_no_way_to_speak_but_its_own(program: Program) -> None:
    found = result(done(program, "read_orders"))

    assert found["heard"] == ""
    assert len(found["open"]) == 5  # the three usual ones, its own way back, and the folder it looks into


def test_a_job_that_hangs_ends_with_its_program_even_if_it_was_taken_over(program: Program) -> None:
    program.order({"do": "hang"}, None)
    told: list[Any] = []
    while not told:
        told += program.listen(1)

    program.kill()

    assert wait_until(lambda: not is_there(told[0]["process"]), timeout_s=30, what="the end of the job")


def test_a_machine_that_starts_no_more_processes_is_told_from_a_job_that_fails() -> None:
    short = "def fork():\n raise BlockingIOError\nimport os\nos.fork = fork\n"
    code = f"{short}from archive_shared.jobs.forks import run_in_forks\nrun_in_forks(dict)\n"
    program = Program([sys.executable, "-c", code], POLICY)

    ending = done(program, "tell")

    assert isinstance(ending, Crashed)
    assert ending.code == EX_OSERR


def test_it_ends_when_there_are_no_more_orders() -> None:
    ended = subprocess.run(PROGRAM, input="", capture_output=True, text=True, timeout=60, check=False)

    assert (ended.returncode, ended.stdout) == (0, "")
