"""A small process that forks a confined child per task: `python -m ingest_worker.adapters.nursery`.

It imports the libraries a task needs once, before forking, so that a child starts in milliseconds rather than in
the second those imports take, and forks the next one while it has nothing to do. It never looks at uploaded bytes itself. It
talks JSON lines: tasks on its standard
input, one at a time, or just modules to import ahead of them; progress and one outcome per piece of the task, in order, on
its standard output. It ends with its input.
"""

import gc
import importlib
import json
import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from archive_shared.confinement.no_files import prepare
from archive_shared.confinement.no_network import give_up_network
from ingest_worker.adapters.child import PROGRESS, RESULT
from ingest_worker.adapters.newborn import Newborn
from ingest_worker.adapters.tasks_together import KILLED

INPUT: Final = 0
OUTPUT: Final = 1
ERRORS: Final = 2
PIPE_BYTES: Final = 1 << 16
MOST_RESULT_BYTES: Final = 1 << 28


def main() -> None:
    """Serve tasks until the input ends."""
    replies = os.fdopen(os.dup(OUTPUT), "wb", buffering=0)
    _silence()
    prepare()
    give_up_network()  # where it cannot be, docs/import.md says who has to see to it
    cradle = _Cradle((INPUT, replies.fileno()))
    for line in _lines():
        task = json.loads(line)
        cradle.teach(_modules(task))
        if "function" in task:
            _serve(line, task, cradle, replies)
        cradle.fill()


def _modules(task: dict[str, Any]) -> list[str]:
    """Return what to import; the child, which has the files of its task only, finds the module of its function here."""
    function = task.get("function")
    return [*task["preload"], *([function.partition(":")[0]] if function else [])]


def _silence() -> None:
    """Send what imaging libraries print to nowhere: it may quote patient data."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, OUTPUT)
    os.dup2(nowhere, ERRORS)


def _lines() -> Iterator[bytes]:
    """Yield lines until the input ends; read here and not by a buffer, as `_watch` looks at the descriptor itself."""
    unread = b""
    while data := os.read(INPUT, PIPE_BYTES):
        *lines, unread = (unread + data).split(b"\n")
        yield from lines


@dataclass
class _Cradle:
    """Where the next child waits for its task.

    Parameters
    ----------
    private
        Descriptors that are not for children.
    """

    private: tuple[int, ...]
    child: Newborn | None = None

    def teach(self, modules: list[str]) -> None:
        """Import what the next child needs; one that was born before does not know it."""
        if not all(module in sys.modules for module in modules):
            self._empty()
            for module in modules:
                importlib.import_module(module)
            gc.freeze()  # a collection in a child would touch, and so copy, every page it shares with us

    def fill(self) -> None:
        """Have a child ready."""
        self.child = self.child or Newborn.forked(self.private)

    def taken(self) -> Newborn:
        """Return a child that can be given a task."""
        return self._waiting() or Newborn.forked(self.private)

    def _empty(self) -> None:
        if child := self._waiting():
            child.let_go()

    def _waiting(self) -> Newborn | None:
        child, self.child = self.child, None
        return child if child and child.waits() else None


@dataclass
class _Child:
    pid: int
    pipe: int
    pieces: int
    wall_time_s: float
    deadline: float = 0.0
    unread: bytes = b""
    results: int = 0
    last_result: bytes = b""
    says_too_much: bool = False

    def __post_init__(self) -> None:
        self.begin_piece()

    def begin_piece(self) -> None:
        """Give it the whole time again."""
        self.deadline = time.monotonic() + self.wall_time_s

    def kill(self) -> None:
        """End the child and whatever it started; it leads its own group unless it died before it could."""
        for end in (os.killpg, os.kill):
            try:
                end(self.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


def _serve(order: bytes, task: dict[str, Any], cradle: _Cradle, replies: BinaryIO) -> None:
    """Have children do the pieces of a task one after another, whatever becomes of them, and say how each ended.

    A child that does not finish its first piece is to blame itself. One that fails later may suffer from what an earlier
    piece left in its memory, so that piece is tried again, as the first of a new child.
    """
    pieces = task["pieces"]
    while pieces:
        left = task | {"pieces": pieces}
        as_told = order if pieces is task["pieces"] else json.dumps(left).encode()
        results, stopped = _raised(cradle.taken(), as_told, left, replies)
        if results == 0:
            replies.write(json.dumps(stopped).encode() + b"\n")
        pieces = pieces[max(1, results) :]


def _raised(
    newborn: Newborn, order: bytes, task: dict[str, Any], replies: BinaryIO
) -> tuple[int, dict[str, Any]]:
    """Run a child to its end; return how many results it passed on, and why there is not one more."""
    newborn.begin(order)
    child = _Child(newborn.pid, newborn.pipe, len(task["pieces"]), task["budget"]["wall_time_s"])
    in_time = _watch(child, replies)
    child.kill()  # has no effect on one that is at its end, whose status is decided
    os.close(child.pipe)
    _, status = os.waitpid(child.pid, 0)
    replies.write(child.last_result)
    if child.says_too_much:
        return child.results, {"stopped": "error", "detail": "a result without end"}
    return child.results, _stopped(status) if in_time else {"stopped": "wall time", "detail": ""}


def _watch(child: _Child, replies: BinaryIO) -> bool:
    """Pass on progress until the child closes its pipe; False if its time is over before."""
    while (left := child.deadline - time.monotonic()) > 0:
        ready, _, _ = select.select([child.pipe, INPUT], [], [], left)
        if INPUT in ready:  # nothing is sent while a task runs, so this is the end of the input
            child.kill()
            raise SystemExit(0)
        if child.pipe in ready:
            data = os.read(child.pipe, PIPE_BYTES)
            if not data:
                return True
            _take(child, data, replies)
    return False


def _take(child: _Child, data: bytes, replies: BinaryIO) -> None:
    """Pass on complete lines, progress and results."""
    *lines, child.unread = (child.unread + data).split(b"\n")
    if len(child.unread) > MOST_RESULT_BYTES:
        child.says_too_much = True
        child.kill()
    for line in lines:
        if line.startswith(PROGRESS):
            replies.write(json.dumps({"progress": int(line[1:])}).encode() + b"\n")
        elif line.startswith(RESULT):
            child.results += 1
            child.begin_piece()
            if (
                child.results == child.pieces
            ):  # kept back, as it is answered with the next task: the child must be gone by then
                child.last_result = line[1:] + b"\n"
            else:
                replies.write(line[1:] + b"\n")


def _stopped(status: int) -> dict[str, Any]:
    """Return why a child ended without a result."""
    if not os.WIFSIGNALED(status):
        return {"stopped": "error", "detail": f"exit status {os.waitstatus_to_exitcode(status)}"}
    number = os.WTERMSIG(status)
    if number == signal.SIGXCPU:
        return {"stopped": "cpu time", "detail": ""}
    if number == signal.SIGKILL:
        return {"stopped": KILLED, "detail": ""}
    return {"stopped": "error", "detail": signal.Signals(number).name}


if __name__ == "__main__":
    main()
    # Nothing is left to be saved, and taking imaging libraries down in order takes a tenth of a second.
    os._exit(0)
