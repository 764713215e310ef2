"""What every test can ask for: real servers and a browser; and what the run says about those that are missing."""

import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter
from hypothesis import settings

from tests.support.browser import browser
from tests.support.folders import folder_in_memory
from tests.support.lazy_routes import compile_addresses_when_asked
from tests.support.rabbitmq import rabbitmq_server
from tests.support.servers import minio_server, missing_servers, mongo_server, servers_are_required

__all__ = ["browser", "minio_server", "mongo_server", "rabbitmq_server"]

# A busy machine is slow now and then; what is slow always shows in `make bench`, never in a test.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

MARKERS = {
    "rabbitmq_server": pytest.mark.servers,
    "minio_server": pytest.mark.servers,
    "mongo_server": pytest.mark.servers,
    "browser": pytest.mark.browser,
}


@pytest.fixture(scope="session", autouse=True)
def scratch_of_our_own() -> Iterator[None]:
    """Let every worker of pytest-xdist, and what it starts, keep its scratch files apart: tests name jobs alike."""
    with (
        tempfile.TemporaryDirectory(prefix="archive-tests-") as folder,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("TMPDIR", folder)
        patch.setattr(tempfile, "tempdir", folder)
        yield


@pytest.fixture(scope="session", autouse=True)
def routes_without_what_nobody_asks_for() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        compile_addresses_when_asked(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def signals_that_end_programs() -> None:
    """Let what tests start be ended by signals, also where `nohup` or a shell's `&` has them ignored, which children inherit."""
    for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, usual)


@pytest.fixture
def quick_folder() -> Iterator[Path]:
    """Return an empty folder for the stores of a service, apart from the files of the test in `tmp_path`."""
    with folder_in_memory() as folder:
        yield folder


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by what they ask for, so that `-m "not servers"` leaves out exactly those; begin with those that take minutes.

    They mostly wait, which nobody can do for them in the end, when all the others are done.
    """
    for item in items:
        for fixture in MARKERS.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(MARKERS[fixture])
    items.sort(key=lambda item: item.get_closest_marker("minutes") is None)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run that must have every server and has not, even when no test noticed."""
    if servers_are_required() and missing_servers() and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    missing = missing_servers()
    if not missing:
        return
    consequence = "this run FAILS" if servers_are_required() else "tests that need them were SKIPPED"
    terminalreporter.section(f"servers missing on this machine: {consequence}", sep="=", red=True)
    for name, reason in missing.items():
        terminalreporter.line(f"{name}: {reason}")
