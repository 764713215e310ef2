"""Programs that tests start: free ports, starting, stopping, and waiting; used by every test that leaves its process."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

Answer = TypeVar("Answer")


SERVER_PORTS = range(10_000, 32_000)
"""Below those that Linux gives to outgoing connections, of which tests open thousands meanwhile."""


def free_port() -> int:
    """Give a loopback port that nobody listens on now; whoever asks should take it soon."""
    while is_taken(port := secrets.choice(SERVER_PORTS)):
        continue
    return port


def is_taken(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


LEAST_PATIENCE_S = 60.0
"""Waiting for what comes true costs nothing, and some machines are four times slower than others."""


def wait_until(
    condition: Callable[[], Answer],
    *,
    timeout_s: float,
    what: str = "the condition",
    interval_s: float = 0.05,
) -> Answer:
    """Ask again and again until the answer is true, and give that answer.

    Raises
    ------
    TimeoutError
        It was not true within `timeout_s`, or `LEAST_PATIENCE_S`; the message says `what` was waited for.
    """
    patience_s = max(timeout_s, LEAST_PATIENCE_S)
    deadline = time.monotonic() + patience_s
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come true within {patience_s:g} s")
        time.sleep(interval_s)
    return answer


class ChildProcess:
    """A started program together with its process group and its log file."""

    def __init__(self, process: subprocess.Popen[bytes], log_path: Path) -> None:
        self._process = process
        self.log_path = log_path

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._process.poll()

    @property
    def is_running(self) -> bool:
        return self.exit_code is None

    def log(self) -> str:
        """Everything it printed so far, on both streams."""
        return self.log_path.read_text(errors="replace")

    def send_signal(self, number: signal.Signals) -> None:
        """Signal the program alone, not its children."""
        self._process.send_signal(number)

    def wait(self, *, timeout_s: float) -> int:
        return self._process.wait(timeout_s)

    def stop(self, *, timeout_s: float = 20) -> int:
        """Ask it to end (SIGTERM), and end whatever of its group is still there afterwards."""
        self.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.wait(timeout_s=timeout_s)
        return self.kill()

    def kill(self) -> int:
        """End it and all of its group at once (SIGKILL)."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        return self._process.wait()

    def wait_until_ready(self, condition: Callable[[], bool], *, timeout_s: float) -> None:
        """Wait for a condition, but fail with the log as soon as the program has ended."""

        def ready() -> bool:
            if not self.is_running:
                raise RuntimeError(f"{self._process.args!r} ended with {self.exit_code}:\n{self.log()}")
            return condition()

        try:
            wait_until(ready, timeout_s=timeout_s, what="readiness")
        except TimeoutError as timeout:
            raise TimeoutError(f"{self._process.args!r}: {timeout}; it printed:\n{self.log()}") from timeout


def start_process(
    arguments: Sequence[str | Path],
    *,
    log_path: Path,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> ChildProcess:
    """Start a program as the leader of its own process group, its output going to `log_path`.

    `environment` is added to ours. On Linux the program is asked to end (SIGTERM) when the thread that started it
    ends for whatever reason, kill -9 of pytest included; so start long-lived programs from the main thread.
    """
    with log_path.open("ab") as log:
        process = subprocess.Popen(
            [*_ending_with_us(), *map(str, arguments)],
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return ChildProcess(process, log_path)


@contextmanager
def running_process(
    arguments: Sequence[str | Path],
    *,
    log_path: Path,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Iterator[ChildProcess]:
    """Start a program for the length of a `with` block."""
    process = start_process(arguments, log_path=log_path, environment=environment, folder=folder)
    try:
        yield process
    finally:
        process.stop()


def _ending_with_us() -> list[str]:
    # prctl(PR_SET_PDEATHSIG) through util-linux: a preexec_fn would fork a process that may have threads.
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []


@contextmanager
def paused(pid: int) -> Iterator[None]:
    """Keep a process from doing anything."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
