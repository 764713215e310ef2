"""The worker's side of a job's program: starting it, telling it what to do, hearing how it goes, ending it.

The other side, and what they say to one another, is `archive_shared.jobs.child` or `archive_shared.jobs.forks`.
"""

import json
import os
import resource
import selectors
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog

from archive_shared.jobs.child import EX_DATAERR, EX_TEMPFAIL, EX_UNAVAILABLE, LONGEST_LINE_BYTES
from archive_shared.jobs.handler import JobPolicy

READ_BYTES = 65_536
GRACE_CPU_S = 5
NO_REASON = "The file cannot be processed."

log = structlog.get_logger()


@dataclass(frozen=True)
class Succeeded:
    """The program did its work."""

    result: Mapping[str, Any]


@dataclass(frozen=True)
class Refused:
    """The work cannot be done, however often it is tried."""

    reason: str


@dataclass(frozen=True)
class Crashed:
    """The work was not done this time.

    Parameters
    ----------
    code
        The exit code of the program, or of the process it had do the work; negative for the signal that ended it.
    """

    reason: str
    code: int


@dataclass(frozen=True)
class Hindered:
    """The work was not done, as a store did not answer; neither it nor the program is to blame."""

    reason: str


Ending = Succeeded | Refused | Crashed | Hindered


class Program:
    """A started program, in a session of its own; it waits for orders, does as many as it may, and ends.

    Parameters
    ----------
    environment
        All variables it gets; None for those of this process.
    """

    def __init__(
        self, command: Sequence[str], policy: JobPolicy, environment: Mapping[str, str] | None = None
    ) -> None:
        self._process = subprocess.Popen(  # noqa: S603 (the service's own program)
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
            env=environment,
        )
        self._limit(resource.RLIMIT_AS, policy.memory_bytes)
        self._limit(resource.RLIMIT_FSIZE, policy.file_bytes)
        # Later than the limit that says so by SIGXCPU: of both at once the kernel sends SIGKILL, which could mean anything.
        self._limit(resource.RLIMIT_CPU, policy.cpu_time_s, later=GRACE_CPU_S)
        self._limit(resource.RLIMIT_NOFILE, policy.open_files)
        self._limit(resource.RLIMIT_CORE, 0)  # a core would be a copy of somebody's image
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        self._selector = selectors.DefaultSelector()
        self._unsent = b""
        self._unread = b""
        self._last: Mapping[str, Any] = {}
        self._jobs_left = policy.jobs_per_program
        for pipe in (self._stdin, self._stdout):
            os.set_blocking(pipe.fileno(), False)
        # Readable once the program has ended, so that `listen` wakes up.
        self._pidfd = os.pidfd_open(self._process.pid)
        self._selector.register(self._pidfd, selectors.EVENT_READ)
        self._selector.register(self._stdout, selectors.EVENT_READ)

    def order(self, payload: Mapping[str, Any], traceparent: str | None) -> None:
        """Tell it what to do; sent as fast as it reads, by `listen`."""
        self._jobs_left -= 1
        self._last = {}
        order = {"parent": os.getpid(), "traceparent": traceparent, "payload": payload}
        self._unsent = json.dumps(order).encode() + b"\n"
        self._selector.register(self._stdin, selectors.EVENT_WRITE)

    def listen(self, timeout_s: float) -> list[Mapping[str, Any]]:
        """Return the progress it reported, waiting for up to the time given while it has nothing to say."""
        progress: list[Mapping[str, Any]] = []
        for key, _ in self._selector.select(timeout_s):
            if key.fileobj is self._stdin:
                self._send()
            elif key.fileobj is self._stdout:
                progress += self._receive()
        return progress

    @property
    def awaits_order(self) -> bool:
        """Whether its job is over, so far as we heard, and it may be given another."""
        return self._jobs_left > 0 and not self._last.keys().isdisjoint(("result", "ended"))

    def is_done(self) -> bool:
        """Tell whether it did its job or will not do it any more."""
        return self.awaits_order or self.has_ended()

    def has_ended(self) -> bool:
        """Tell whether it ended by itself; it is not reaped yet, so that its group is still its own."""
        return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def ending(self) -> Ending:
        """Say how the job ended; to be asked once it is done."""
        code = 0
        if not self.awaits_order:
            self._hear_the_rest()
            self.kill()
            code = self._process.returncode
        return _ending(code or self._last.get("ended", 0), self._last)

    def kill(self) -> None:
        """End it and whatever it started; nothing is left of it afterwards."""
        if self._process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._selector.close()
        os.close(self._pidfd)
        self._stdin.close()
        self._stdout.close()

    def _limit(self, kind: int, limit: int | None, later: int = 0) -> None:
        if limit is not None:
            with suppress(ProcessLookupError):
                resource.prlimit(self._process.pid, kind, (limit, limit + later))

    def _send(self) -> None:
        try:
            sent = os.write(self._stdin.fileno(), self._unsent)
        except BrokenPipeError:  # it ended already; how, says its exit code
            sent = len(self._unsent)
        self._unsent = self._unsent[sent:]
        if not self._unsent:
            self._selector.unregister(self._stdin)
            if not self._jobs_left:
                self._stdin.close()

    def _hear_the_rest(self) -> None:
        with suppress(BlockingIOError):  # somebody it started may hold the pipe open
            while self._stdout in self._selector.get_map():
                self._receive()

    def _receive(self) -> list[Mapping[str, Any]]:
        received = os.read(self._stdout.fileno(), READ_BYTES)
        if not received:
            self._selector.unregister(self._stdout)
        *lines, self._unread = (self._unread + received).split(b"\n")
        if len(self._unread) > LONGEST_LINE_BYTES:  # what reads uploads may have been taken over by one
            log.error("program said more than any result takes")
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._unread = b""
        progress = []
        for line in lines:
            said = _parse(line)
            if "progress" in said:
                progress.append(said["progress"])
            else:
                self._last = said or self._last
        return progress


def _parse(line: bytes) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):  # brackets within brackets within brackets
        said = None
    if not isinstance(said, dict):
        log.warning("program said something else than JSON", length=len(line))
        return {}
    return said


def _ending(code: int, last: Mapping[str, Any]) -> Ending:
    if code == 0 and "result" in last:
        return Succeeded(last["result"])
    if code == EX_DATAERR:
        return Refused(str(last.get("failure", NO_REASON)))
    if code == EX_TEMPFAIL and "failure" in last:
        return Crashed(str(last["failure"]), code)
    if code == EX_UNAVAILABLE and "failure" in last:
        return Hindered(str(last["failure"]))
    return Crashed(_describe(code), code)


def _describe(code: int) -> str:
    if code < 0:
        return f"The program was ended by {_name(-code)}."
    if code == 0:
        return "The program ended without a result."
    return f"The program ended with exit code {code}."


def _name(number: int) -> str:
    """Return what a signal is called; most of those for programs' own use have no name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
