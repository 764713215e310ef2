"""The child's side of a job: what the program started by a worker calls.

```
def convert(payload, report):
    ...
    report.progress({"files_done": 3})
    return {"images": [...]}

if __name__ == "__main__":
    run(convert)
```

The worker writes one line of JSON to standard input (`{"parent": pid, "traceparent": "...", "payload": {...}}`) and
reads lines of JSON: `{"progress": {...}}`, then `{"result": {...}}` or `{"failure": "reason"}`. Exit code 0 means that there is a result,
65 that trying again would not help, 75 that it might, 69 that a store did not answer, so that this was no attempt; anything else
that it might, but without a reason. A worker may start the program before it has a
job, so heavy imports belong at the top; and after a result it may send the next order, or close the pipe, which ends the
program. It must be started directly, not by a shell: it ends with its parent. `archive_shared.jobs.forks` has a process of
its own do each job.
"""

import ctypes
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn, Protocol

from archive_shared.tracing import traced

EX_DATAERR = 65
EX_UNAVAILABLE = 69
EX_OSERR = 71
EX_TEMPFAIL = 75
LONGEST_LINE_BYTES = 1 << 28
PROGRESS_EVERY_S = 0.1
_PR_SET_PDEATHSIG = 1

# Loaded before any fork: dlopen in a child whose memory is limited could fail.
_libc = ctypes.CDLL(None, use_errno=True)


class Unprocessable(Exception):
    """The job cannot succeed, however often it is tried; the message is shown to people."""


class Report(Protocol):
    """What the work is given to say how far it is."""

    def progress(self, data: Mapping[str, Any]) -> None:
        """Report the whole of the progress so far; cheap, as few reports are passed on, but the last one is."""
        ...


class NotThisTime(Exception):
    """The job may succeed another time; the message is shown to people if it never does."""


class StoreSilent(Exception):
    """A store does not answer: the job waits for it, and this was no attempt; the message is shown to people meanwhile."""


Work = Callable[[Mapping[str, Any], Report], Mapping[str, Any]]
Order = Mapping[str, Any]


def run(work: Work) -> NoReturn:
    """Wait for a payload, do the work, hand over its result; again, until there are no more orders."""
    worker = Lines.instead_of_stdout()
    for order in orders():
        obey(order, work, worker)
    sys.exit(0)


def orders() -> Iterator[Order]:
    """Yield what the worker orders, until it has no more or is gone, with which this process ends."""
    die_with_parent()
    while line := sys.stdin.readline():
        order = json.loads(line)
        if order["parent"] != os.getppid():  # the worker ended before there was a job for us
            break
        yield order


def obey(order: Order, work: Work, lines: "Lines") -> None:
    """Do the work and say its result; raises `SystemExit` when it cannot be done, now or however often it is tried."""
    try:
        with traced(order["traceparent"]):
            result = work(order["payload"], lines)
    except Unprocessable as refusal:
        lines.write({"failure": str(refusal)})
        sys.exit(EX_DATAERR)
    except NotThisTime as trouble:
        lines.write({"failure": str(trouble)})
        sys.exit(EX_TEMPFAIL)
    except StoreSilent as outage:
        lines.write({"failure": str(outage)})
        sys.exit(EX_UNAVAILABLE)
    lines.write({"result": dict(result)})


def die_with_parent() -> None:
    """Have the kernel kill this process when the one that started it is gone (Linux prctl(2), PR_SET_PDEATHSIG)."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Lines:
    """Lines of JSON, to the worker or to who passes them on; progress a few times per second."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._unsaid: Mapping[str, Any] | None = None
        self._next_progress_at_s = 0.0

    @classmethod
    def instead_of_stdout(cls) -> "Lines":
        """Take standard output over; whatever libraries print goes to standard error from now on."""
        ours = os.dup(1)
        os.dup2(2, 1)
        return cls(ours)

    def progress(self, data: Mapping[str, Any]) -> None:
        """Say how far it is, or keep that until later if it was said just now: a series has hundreds of files."""
        self._unsaid = data
        if time.monotonic() >= self._next_progress_at_s:
            self._next_progress_at_s = time.monotonic() + PROGRESS_EVERY_S
            self._say_progress()

    def write(self, line: Mapping[str, Any]) -> None:
        """Say something, and first how far it was."""
        self._say_progress()
        self._put(line)

    def _say_progress(self) -> None:
        if self._unsaid is not None:
            self._put({"progress": dict(self._unsaid)})
            self._unsaid = None

    def _put(self, line: Mapping[str, Any]) -> None:
        rest = json.dumps(line).encode() + b"\n"
        while rest:
            rest = rest[os.write(self.descriptor, rest) :]
