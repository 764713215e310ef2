"""Every point at which relay, worker or consumer may die or hang, each with `kill -9` and a pause longer than the lease.

On each bus and on each store. The two pairs below reach every crash point on every bus and every store; the parts know both through
ports only, so the other two pairs would say nothing new (`make soak` tries them all the same). Most of a case is waiting, so
several run at a time; each test asks how its own went. A suite that would not notice a bug is worth nothing, so the last test plants
bugs and wants to see a case fail (`test_disorder` does the same for what only disorder shows).
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.support.bus import Bus
from tests.support.crashing import CAUGHT, ROOT, Case, crash_and_heal
from tests.support.document_stores import Place
from tests.support.mutants import MUTANTS
from tests.support.parts import CRASH_POINTS

PAIRS = ["embedded-sqlite", "rabbitmq-mongo"]
OTHER_PAIRS = ["embedded-mongo", "rabbitmq-sqlite"]
AT_A_TIME = 6
CATCHING = {
    "without_fence": ("worker.program_done", "pause"),
    "without_take_back": ("worker.claimed", "kill"),
    "removing_before_publishing": ("relay.before_publish", "kill"),
    "acknowledging_before_handling": ("consumer.before_handler", "kill"),
    "hinting_once": ("relay.after_putting_off", "kill"),
    "acting_twice": ("consumer.after_handler", "kill"),
}
"""The case that shows each bug."""

pytestmark = [pytest.mark.timeout(900), pytest.mark.servers]


@pytest.fixture(scope="module")
def running_cases(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[None]]]:
    """All cases whose tests were selected, several at a time, by the name of the test."""
    selected = [
        item for item in request.session.items if "running_cases" in getattr(item, "fixturenames", ())
    ]
    with ThreadPoolExecutor(AT_A_TIME) as executor:
        futures: dict[str, Future[None]] = {}
        for item in selected:
            wanted = item.callspec.params  # type: ignore[attr-defined]
            case = make_case(request, tmp_path_factory, **wanted)
            run = crash_with_bug if case.mutant else crash_and_heal
            futures[item.name] = executor.submit(run, case)
        yield futures
        for future in futures.values():
            future.cancel()


def make_case(
    request: pytest.FixtureRequest,
    folders: pytest.TempPathFactory,
    *,
    pair: str = "embedded-sqlite",
    point: str = "",
    mode: str = "",
    mutant: str = "",
) -> Case:
    """Find a place where nobody else is."""
    folder = folders.mktemp("case")
    bus, store = pair.split("-")
    url, address, database = f"sqlite:///{folder / 'bus.db'}", str(folder / "documents.db"), ""
    if bus == "rabbitmq":
        url = request.getfixturevalue("rabbitmq_server").vhost()
    if store == "mongo":
        server = request.getfixturevalue("mongo_server")
        address, database = server.url, server.database_name()
    if mutant:
        point, mode = CATCHING[mutant]
    return Case(Bus(url), Place(address, database), folder, point, mode, mutant)


def crash_with_bug(case: Case) -> None:
    """Do it in a process of its own, in which the bug is everywhere; raise unless it was noticed."""
    command = [sys.executable, "-m", "tests.support.crashing", *case.arguments]
    done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode == CAUGHT, f"{case.mutant} was not noticed:\n{done.stdout}{done.stderr}"
    assert "Traceback" not in done.stderr, done.stderr


@pytest.mark.parametrize("mode", ["kill", "pause"])
@pytest.mark.parametrize("point", CRASH_POINTS)
@pytest.mark.parametrize("pair", PAIRS + (OTHER_PAIRS if os.environ.get("ARCHIVE_SOAK") == "1" else []))
def test_a_crash_anywhere_leaves_one_effect(
    request: pytest.FixtureRequest,
    running_cases: dict[str, Future[None]],
    pair: str,
    point: str,
    mode: str,
) -> None:
    running_cases[request.node.name].result()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_planted_bug_is_noticed(
    request: pytest.FixtureRequest, running_cases: dict[str, Future[None]], mutant: str
) -> None:
    running_cases[request.node.name].result()
