"""Every point at which relay, worker or consumer may die or hang, each with `kill -9` and a pause longer than the lease.

On each bus and on each store. The two pairs below reach every crash point on every bus and every store; the parts know both through
ports only, so the other two pairs would say nothing new (`make soak` tries them all the same). Most of a case is waiting, so
several run at a time. A suite that would not notice a bug is worth nothing, so the last test plants bugs and wants to see a case
fail for each (`test_disorder` does the same for what only disorder shows).
"""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.bus import Bus
from tests.support.crash_points import CRASH_POINTS
from tests.support.crashing import CAUGHT, ROOT, Case, crash_and_heal
from tests.support.document_stores import Place
from tests.support.mutants import MUTANTS
from tests.support.parts import PARTS

PAIRS = ["embedded-sqlite", "rabbitmq-mongo"]
OTHER_PAIRS = ["embedded-mongo", "rabbitmq-sqlite"]
AT_A_TIME = 4
CATCHING = {
    "without_fence": ("worker.program_done", "pause"),
    "without_take_back": ("worker.claimed", "kill"),
    "removing_before_publishing": ("relay.before_publish", "kill"),
    "acknowledging_before_handling": ("consumer.before_handler", "kill"),
    "hinting_once": ("relay.after_putting_off", "kill"),
    "acting_twice": ("consumer.after_handler", "kill"),
}
"""The case that shows each bug."""

pytestmark = [pytest.mark.minutes, pytest.mark.timeout(900), pytest.mark.servers]


@pytest.fixture
def make_case(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Case]:
    """Give a function that finds a place where nobody else is."""

    def make(pair: str, point: str, mode: str, mutant: str = "") -> Case:
        folder = tmp_path / f"{point}-{mode}{mutant}"
        folder.mkdir()
        bus, store = pair.split("-")
        url, address, database = f"sqlite:///{folder / 'bus.db'}", str(folder / "documents.db"), ""
        if bus == "rabbitmq":
            url = request.getfixturevalue("rabbitmq_server").vhost()
        if store == "mongo":
            server = request.getfixturevalue("mongo_server")
            address, database = server.url, server.database_name()
        return Case(Bus(url), Place(address, database), folder, point, mode, mutant)

    return make


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("pair", PAIRS + (OTHER_PAIRS if os.environ.get("ARCHIVE_SOAK") == "1" else []))
def test_a_crash_anywhere_leaves_one_effect(make_case: Callable[..., Case], pair: str, part: str) -> None:
    points = [point for point in CRASH_POINTS if point.startswith(part)]

    run_all(crash_and_heal, [make_case(pair, point, mode) for point in points for mode in ("kill", "pause")])


def test_planted_bugs_are_noticed(make_case: Callable[..., Case]) -> None:
    assert CATCHING.keys() == MUTANTS.keys()

    run_all(crash_with_bug, [make_case(PAIRS[0], *CATCHING[mutant], mutant) for mutant in MUTANTS])


def run_all(run: Callable[[Case], None], cases: Sequence[Case]) -> None:
    """Run cases, several at a time; raise what went wrong, with the names of the cases."""

    def failure(case: Case) -> Exception | None:
        try:
            run(case)
        except Exception as error:
            error.add_note(f"in the case {case.point} {case.mode} {case.mutant}")
            return error
        return None

    with ThreadPoolExecutor(AT_A_TIME) as executor:
        failures = [error for error in executor.map(failure, cases) if error is not None]
    if failures:
        raise ExceptionGroup(f"{len(failures)} of {len(cases)} cases", failures)


def crash_with_bug(case: Case) -> None:
    """Do it in a process of its own, in which the bug is everywhere; raise unless it was noticed."""
    command = [sys.executable, "-m", "tests.support.crashing", *case.arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == CAUGHT, f"{case.mutant} was not noticed:\n{done.stdout}{done.stderr}"
    assert "Traceback" not in done.stderr, done.stderr
