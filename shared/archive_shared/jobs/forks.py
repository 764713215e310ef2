"""A program that has a process of its own do each job: a fork, once everything is loaded, for that takes milliseconds.

For work on what strangers uploaded. Whatever becomes of one process, it is the end of one job: the next gets a new one.
The program itself looks at orders and answers only, and has one thread, as a fork takes no others along. What it says of a
job is `archive_shared.jobs.child`'s last line with `"ended"`: the exit code of the job's process, negative for a signal.

No job can look into the program, or change what the next one inherits of it, even where the kernel has no Landlock.
"""

import gc
import json
import os
import signal
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

from archive_shared.confinement.no_processes import give_up_processes
from archive_shared.jobs.child import (
    EX_OSERR,
    LONGEST_LINE_BYTES,
    Lines,
    Order,
    Work,
    die_with_parent,
    obey,
    orders,
)
from archive_shared.unreadable import become_unreadable

_STDIN = 0


def run_in_forks(work: Work) -> NoReturn:
    """Do what `archive_shared.jobs.child.run` does, each order in a process that has the limits of this one anew."""
    become_unreadable()
    worker = Lines.instead_of_stdout()
    gc.freeze()  # a collection in a fork would touch, and so copy, every page it shares with us
    for order in orders():
        worker.write(_done_by_fork(order, work, worker))
    sys.exit(0)


def _done_by_fork(order: Order, work: Work, worker: Lines) -> Mapping[str, Any]:
    """Have an order obeyed; return the last its process said, and how it ended. Nothing is left of it by then."""
    reading, writing = os.pipe()
    program = os.getpid()
    try:
        pid = os.fork()
    except OSError:  # the machine is short of processes or memory, for which no upload is to blame
        sys.exit(EX_OSERR)
    if pid == 0:
        _live(lambda: _obey_alone(order, work, Lines(writing), (reading, worker.descriptor), program))
    os.close(writing)
    last = _passed_on(reading, worker)
    os.kill(pid, signal.SIGKILL)  # has no effect on one that is at its end, whose status is decided
    _, status = os.waitpid(pid, 0)
    return {**last, "ended": os.waitstatus_to_exitcode(status)}


def _passed_on(pipe: int, worker: Lines) -> Mapping[str, Any]:
    """Pass progress on until the pipe is closed; return what was said last besides.

    That is kept back, since it is answered with the next order, and only one who is gone cannot speak of that. One who says
    what it must not, for it was taken over, ends this program, whose end is then the job's.
    """
    last: Mapping[str, Any] = {}
    with os.fdopen(pipe, "rb") as lines:
        while (line := lines.readline(LONGEST_LINE_BYTES)).endswith(b"\n"):
            said = json.loads(line)
            if "progress" in said:
                worker.write({"progress": said["progress"]})
            else:
                last = said
    return last


def _obey_alone(order: Order, work: Work, lines: Lines, not_for_us: Iterable[int], program: int) -> None:
    """Obey with nothing at hand of the program but the way back."""
    for descriptor in (*not_for_us, _STDIN):
        os.close(descriptor)
    os.open(os.devnull, os.O_RDONLY)  # becomes the standard input, as the lowest number is free
    die_with_parent()
    if os.getppid() != program:  # it died between fork and prctl
        sys.exit(1)
    give_up_processes()
    obey(order, work, lines)


def _live(life: Callable[[], None]) -> NoReturn:
    """Live and end, without ever returning into the code of the program."""
    code = 1
    try:
        life()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        os._exit(code)
