"""Programs that tests start never outlive them."""

import signal
import sys
from pathlib import Path

import pytest

from tests.support.processes import running_process, start_process, wait_until

# Starts a child that ignores polite requests, prints its pid, and waits.
STUBBORN_FAMILY = ["sh", "-c", "(trap '' TERM; sleep 600) & echo $!; wait"]

# Until it has begun, it does not know yet that it is to end with us.
STARTS_A_SLEEPER = """
import pathlib, sys, time
from tests.support.processes import start_process, wait_until
sleeper = start_process(["sh", "-c", "echo begun; exec sleep 600"], log_path=pathlib.Path(sys.argv[1]))
wait_until(sleeper.log, timeout_s=10)
print(sleeper.pid, flush=True)
time.sleep(600)
"""


def test_stopping_a_program_ends_its_children_too(tmp_path: Path) -> None:
    with running_process(STUBBORN_FAMILY, log_path=tmp_path / "log") as parent:
        child = int(wait_until(parent.log, timeout_s=5))

    wait_until(lambda: not is_alive(child), timeout_s=5, what="the end of the child")
    assert parent.exit_code == -signal.SIGTERM


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent died")
def test_killing_the_test_run_ends_what_it_started(tmp_path: Path) -> None:
    arguments = [sys.executable, "-c", STARTS_A_SLEEPER, str(tmp_path / "sleeper.log")]
    test_run = start_process(arguments, log_path=tmp_path / "log", folder=Path(__file__).parents[2])
    sleeper = int(wait_until(test_run.log, timeout_s=10))

    test_run.send_signal(signal.SIGKILL)
    test_run.wait(timeout_s=5)

    wait_until(lambda: not is_alive(sleeper), timeout_s=5, what="the end of the sleeper")


def test_a_program_that_dies_before_it_is_ready_shows_its_log(tmp_path: Path) -> None:
    with (
        running_process(["sh", "-c", "echo no licence; exit 3"], log_path=tmp_path / "log") as program,
        pytest.raises(RuntimeError, match=r"ended with 3:\nno licence"),
    ):
        program.wait_until_ready(lambda: False, timeout_s=5)


def test_waiting_in_vain_says_for_what(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.processes.LEAST_PATIENCE_S", 0)
    with pytest.raises(TimeoutError, match=r"rain did not come true within 0.1 s"):
        wait_until(lambda: False, timeout_s=0.1, what="rain")


def is_alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    # Nobody may have collected an orphan's exit code yet; then it is only a name in a list.
    return "\nState:\tZ" not in status
