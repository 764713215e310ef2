"""One run of one part as an operating system process, with everything it starts itself."""

import os
import signal
import time
from collections.abc import Mapping
from contextlib import suppress

from archive_gateway.forking import Forked
from archive_gateway.output import Outputs, Screen, Transcript
from archive_gateway.parts import Part

LAST_LINES_WITHIN_S = 1.0


class PartProcess:
    """A started part. It leads a process group, so that Ctrl-C reaches the supervisor alone."""

    def __init__(
        self, part: Part, *, environment: Mapping[str, str], screen: Screen, outputs: Outputs
    ) -> None:
        self._outputs = outputs
        self._transcript = Transcript(part.name, screen)
        self._started_s = time.monotonic()
        self._code: int | None = None
        reading, writing = os.pipe()
        fork = Forked(
            f"archive-platform: {part.name}",
            part.arguments,
            environment,
            output=writing,
            errors=writing,
            niceness=part.niceness,
            inherited=part.inherited,
        )
        self.pid = fork.start()
        os.close(writing)
        outputs.add(reading, self._transcript)

    @property
    def ran_for_s(self) -> float:
        """Seconds since its start."""
        return time.monotonic() - self._started_s

    def has_ended(self) -> bool:
        """Tell whether the process itself has ended; whatever is left of its group is then killed."""
        if self._code is not None:
            return True
        # Looks without reaping: while the dead leader is there, nobody else can get its group's number.
        if os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return False
        self._kill_group()
        return True

    def ask_to_end(self) -> None:
        """Send SIGTERM to the process, which ends its own children in good order."""
        if not self.has_ended():
            os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End it and everything it started, at once."""
        if not self.has_ended():
            self._kill_group()

    def reason(self) -> str:
        """Say how it ended."""
        if self._code is None:
            return "still running"
        if self._code < 0:
            return f"killed by {_signal_name(-self._code)}"
        return f"exit code {self._code}"

    def last_lines(self) -> list[str]:
        """Return what it printed last; waits a moment for the rest when it has just ended."""
        self._outputs.follow(LAST_LINES_WITHIN_S, last=self._transcript)
        return self._transcript.last_lines()

    def _kill_group(self) -> None:
        """Kill the process, if it lives, and everything it started; learn how it ended."""
        for kill in (os.killpg, os.kill):  # it may not lead its group yet
            with suppress(ProcessLookupError):
                kill(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        self._code = os.waitstatus_to_exitcode(status)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
