"""How a process ends: its exit code and the reason in its log."""

import signal
import subprocess
import sys
import textwrap

import pytest

from archive_shared import lifecycle


def run(body: str) -> subprocess.CompletedProcess[str]:
    """Run a process whose main function has this body."""
    program = (
        "import os, signal\n"
        "from environs import EnvError\n"
        "from archive_shared import lifecycle\n"
        "from archive_shared.errors import *\n"
        f"def main(stop):\n{textwrap.indent(body, '    ')}\n"
        "lifecycle.run('a-part', main)\n"
    )
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)


def test_returning_is_success() -> None:
    assert run("pass").returncode == lifecycle.STOPPED


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_ask_to_stop(number: int) -> None:
    done = run(f"os.kill(os.getpid(), {int(number)})\nassert stop.wait(5)")

    assert done.returncode == lifecycle.STOPPED


def test_a_failure_says_why() -> None:
    done = run("raise Unavailable('the database is gone')")

    assert done.returncode == lifecycle.FAILED
    assert "Unavailable: the database is gone" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_missing_settings_have_a_code_of_their_own() -> None:
    done = run("raise EnvError('ARCHIVE_SECRET not set')")

    assert done.returncode == lifecycle.MISCONFIGURED
    assert "ARCHIVE_SECRET" in done.stdout + done.stderr


def test_a_bug_shows_its_traceback() -> None:
    done = run("raise LookupError('bug')")

    assert done.returncode == 1
    assert "Traceback" in done.stderr
