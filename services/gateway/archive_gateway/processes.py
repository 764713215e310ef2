"""One run of one part as an operating system process, with everything it starts itself."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress

from archive_gateway.output import Screen, Transcript
from archive_gateway.parts import Part

LAST_LINES_WITHIN_S = 1.0


class PartProcess:
    """A started part. It leads a process group, so that Ctrl-C reaches the supervisor alone."""

    def __init__(self, part: Part, *, environment: Mapping[str, str], screen: Screen) -> None:
        self._transcript = Transcript(part.name, screen)
        self._started_s = time.monotonic()
        launcher = [sys.executable, "-P", "-m", "archive_gateway.child", str(os.getpid()), str(part.niceness)]
        self._process = subprocess.Popen(  # noqa: S603 (the commands are written in `parts`)
            [*launcher, *part.arguments],
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=part.inherited,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._follow, name=f"output of {part.name}", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ran_for_s(self) -> float:
        """Seconds since its start."""
        return time.monotonic() - self._started_s

    def has_ended(self) -> bool:
        """Tell whether the process itself has ended; whatever is left of its group is then killed."""
        if self._process.returncode is not None:
            return True
        # Looks without reaping: while the dead leader is there, nobody else can get its group's number.
        if os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return False
        self._kill_group()
        self._process.wait()
        return True

    def ask_to_end(self) -> None:
        """Send SIGTERM to the process, which ends its own children in good order."""
        if not self.has_ended():
            self._process.terminate()

    def kill(self) -> None:
        """End it and everything it started, at once."""
        if not self.has_ended():
            self._kill_group()
            self._process.wait()

    def reason(self) -> str:
        """Say how it ended."""
        code = self._process.returncode
        if code is None:
            return "still running"
        if code < 0:
            return f"killed by {_signal_name(-code)}"
        return f"exit code {code}"

    def last_lines(self) -> list[str]:
        """Return what it printed last; waits a moment for the rest when it has just ended."""
        self._reader.join(LAST_LINES_WITHIN_S)
        return self._transcript.last_lines()

    def _follow(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            self._transcript.follow(stream)

    def _kill_group(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
