"""Runs tasks on uploaded bytes in confined child processes, several at a time; a task's end never hurts the caller.

A child crashing, hanging or breaking its budget is an outcome like any other. See `nursery` for who forks.
"""

import json
import math
import os
import selectors
import subprocess
import sys
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TypeAlias

from archive_shared.errors import Unavailable
from ingest_worker.domain.budget import Budget, readable_bytes

TICK_S: Final = 0.25
MOST_TOGETHER: Final = 128
SILENCE_S: Final = 60.0
UNEXPECTED: Final = (
    "The conversion stopped unexpectedly; the file is damaged, or of a kind the converter cannot cope with."
)


@dataclass(frozen=True)
class Task:
    """Work for one child.

    Parameters
    ----------
    function
        "module:name" of a function (arguments, *, budget, on_progress) that returns JSON-ready values.
    preload
        Modules worth importing once for all tasks of a kind.
    together
        Whether a child may do it along with others of its kind; saves small tasks a fork each.
    """

    function: str
    arguments: dict[str, Any]
    budget: Budget
    preload: tuple[str, ...] = ()
    together: bool = False


@dataclass(frozen=True)
class Done:
    """The task returned these JSON values."""

    value: dict[str, Any]


@dataclass(frozen=True)
class Stopped:
    """The task ended without a result, for these reasons."""

    reasons: tuple[str, ...]


Outcome: TypeAlias = Done | Stopped
Batch: TypeAlias = deque[tuple[int, Task]]
"""Tasks, with their indices, that one child does; alike but for their arguments."""


class Isolation:
    """Nurseries for tasks, started when first needed, ended with the `with` block.

    A nursery serves tasks of one preload only: what one kind of task needs takes memory from no other kind.

    Parameters
    ----------
    jobs
        Tasks that run at the same time, each with its share of the processors. Small ones are content with one, so that
        those of two kinds may run where one other task would.
    """

    def __init__(self, *, jobs: int) -> None:
        self._jobs = max(1, jobs)
        self._threads = max(1, (os.cpu_count() or 1) // self._jobs)
        self._idle: defaultdict[tuple[str, ...], list[_Nursery]] = defaultdict(list)
        self._all: list[_Nursery] = []

    def __enter__(self) -> "Isolation":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for nursery in self._all:
            nursery.stop()

    def warm(self, *preloads: tuple[str, ...]) -> None:
        """Have nurseries import what tasks will need; returns at once."""
        for preload in preloads:
            nursery = self._taken(preload)
            nursery.warm(preload)
            self._idle[preload].append(nursery)

    def run(
        self, tasks: Sequence[Task], *, on_progress: Callable[[int, int], None], on_tick: Callable[[], None]
    ) -> Iterator[tuple[int, Outcome]]:
        """Yield (index of the task, outcome) as tasks end, in any order.

        Parameters
        ----------
        on_progress
            Told the index of a task and how far that is, in its own units.
        on_tick
            Called a few times per second; what it raises ends everything.

        Raises
        ------
        Unavailable
            The disk is full: no fault of any file.
        """
        waiting = deque(_batches(tasks, self._jobs))
        with selectors.DefaultSelector() as selector:
            try:
                while waiting or selector.get_map():
                    while batch := self._startable(
                        waiting, [key.data.batch for key in selector.get_map().values()]
                    ):
                        waiting.remove(batch)
                        nursery = self._taken(batch[0][1].preload)
                        selector.register(nursery.start(batch), selectors.EVENT_READ, nursery)
                    yield from self._events(selector, waiting, on_progress)
                    on_tick()
            finally:
                for key in list(selector.get_map().values()):  # none unless something was raised
                    key.data.stop()

    def _startable(self, waiting: Sequence[Batch], running: Sequence[Batch]) -> Batch | None:
        """Return the first of those waiting for which there are processors, and nurseries of its kind."""
        free = self._jobs * self._threads - sum(map(self._processors, running))
        kinds = Counter(batch[0][1].preload for batch in running)
        for batch in waiting:
            if self._processors(batch) <= free and kinds[batch[0][1].preload] < self._jobs:
                return batch
        return None

    def _processors(self, batch: Batch) -> int:
        return 1 if batch[0][1].together else self._threads

    def _taken(self, preload: tuple[str, ...]) -> "_Nursery":
        if self._idle[preload]:
            return self._idle[preload].pop()
        self._all.append(_Nursery())
        return self._all[-1]

    def _events(
        self,
        selector: selectors.BaseSelector,
        waiting: deque[Batch],
        on_progress: Callable[[int, int], None],
    ) -> Iterator[tuple[int, Outcome]]:
        ready = {key.fd for key, _ in selector.select(TICK_S)}
        for key in list(selector.get_map().values()):
            nursery: _Nursery = key.data
            for message in nursery.messages(readable=key.fd in ready):
                index, task = nursery.batch[0]
                if "progress" in message:
                    on_progress(index, message["progress"])
                    continue
                unclear = nursery.unclear()
                waiting.extendleft(reversed(unclear))
                nursery.take_outcome()
                if not nursery.batch:
                    selector.unregister(key.fileobj)
                    self._idle[task.preload].append(nursery)
                if not unclear:
                    yield index, _outcome(message, task.budget)


def _batches(tasks: Sequence[Task], jobs: int) -> Iterator[Batch]:
    """Put together what a child may do together, in enough batches for all jobs."""
    kinds: defaultdict[tuple[object, ...], list[tuple[int, Task]]] = defaultdict(list)
    for index, task in enumerate(tasks):
        kinds[(task.function, task.preload, task.budget) if task.together else (index,)].append((index, task))
    for alike in kinds.values():
        size = min(MOST_TOGETHER, math.ceil(len(alike) / jobs))
        for start in range(0, len(alike), size):
            yield deque(alike[start : start + size])


def _line(batch: Batch) -> bytes:
    _, task = batch[0]
    pieces = [each.arguments for _, each in batch]
    order = {
        "function": task.function,
        "pieces": pieces,
        "budget": asdict(task.budget),
        "preload": task.preload,
    }
    return json.dumps(order).encode() + b"\n"


def _outcome(message: dict[str, Any], budget: Budget) -> Outcome:
    """Return what a final message says about a task."""
    if "done" in message:
        return Done(message["done"])
    return Stopped(_reasons(message["stopped"], message["detail"], budget))


@dataclass
class _Nursery:
    """A nursery process and the tasks it has in hand."""

    process: "subprocess.Popen[bytes] | None" = None
    batch: Batch = field(default_factory=deque)
    deadline: float = 0.0
    unread: bytes = field(default=b"", repr=False)

    def start(self, batch: Batch) -> int:
        """Hand over tasks; return the file descriptor that answers."""
        self.batch = batch
        self.unread = b""
        self._expect_answer()
        process = self._told(_line(batch))
        assert process.stdout is not None
        return process.stdout.fileno()

    def _expect_answer(self) -> None:
        _, task = self.batch[0]
        tries = 2 if len(self.batch) > 1 or task.together else 1
        self.deadline = time.monotonic() + tries * task.budget.wall_time_s + SILENCE_S

    def unclear(self) -> list[Batch]:
        """Return the tasks of a process that ended during several of them: each is to be done alone, to see who ends it."""
        if self.process is not None or len(self.batch) == 1:
            return []
        return [deque([each]) for each in self.batch]

    def take_outcome(self) -> None:
        """Count the first task as done, or all if the process has ended."""
        self.batch.popleft()
        if self.process is None:
            self.batch.clear()
        elif self.batch:
            self._expect_answer()

    def warm(self, preload: tuple[str, ...]) -> None:
        """Have it import modules; it answers to tasks only."""
        self._told(json.dumps({"preload": preload}).encode() + b"\n")

    def _told(self, line: bytes) -> "subprocess.Popen[bytes]":
        if self.process is None or self.process.poll() is not None:
            self.process = _spawned()
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(line)
            self.process.stdin.flush()
        except BrokenPipeError:  # it died between poll and write; its output ends too, which is noticed there
            self.deadline = time.monotonic()
        return self.process

    def messages(self, *, readable: bool) -> list[dict[str, Any]]:
        """Return what the nursery said; its death or silence becomes the task's outcome."""
        assert self.process is not None
        assert self.process.stdout is not None
        if not readable:
            return [] if time.monotonic() < self.deadline else [self._given_up("no answer")]
        data = os.read(self.process.stdout.fileno(), 1 << 16)
        if not data:
            return [self._given_up("nursery ended")]
        *lines, self.unread = (self.unread + data).split(b"\n")
        return [json.loads(line) for line in lines]

    def _given_up(self, detail: str) -> dict[str, Any]:
        self.stop()
        return {"stopped": "error", "detail": detail}

    def stop(self) -> None:
        """End the process and, through its closed input, its child."""
        if self.process is None:
            return
        for stream in (self.process.stdin, self.process.stdout):
            with suppress(BrokenPipeError):  # closing flushes what a dead nursery never took
                if stream is not None:
                    stream.close()
        try:
            self.process.wait(timeout=SILENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None


def _spawned() -> "subprocess.Popen[bytes]":
    """Start a nursery with our import path and nothing else of our environment, which holds secrets."""
    environment = {
        "PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path),
        "LC_ALL": "C.UTF-8",
        "OPENBLAS_NUM_THREADS": "1",  # its threads would not survive the fork
        "MALLOC_ARENA_MAX": "2",  # an arena per thread reserves address space that counts against the budget
        "VIPS_CONCURRENCY": "2",
    }
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "ingest_worker.adapters.nursery"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        cwd="/",
        start_new_session=True,
    )


def _reasons(stopped: str, detail: str, budget: Budget) -> tuple[str, ...]:
    """Return the sentences for a task that was stopped.

    Raises
    ------
    Unavailable
        Nobody's file is to blame.
    """
    if stopped == "disk full":
        raise Unavailable("the disk the converter works on is full")
    limits = {
        "memory": f"it needed more than {readable_bytes(budget.memory_bytes)} of memory",
        "wall time": f"it took longer than {budget.wall_time_s:g} seconds",
        "cpu time": f"it needed more than {budget.cpu_time_s} seconds of processor time",
        "file size": f"it would have written more than {readable_bytes(budget.file_bytes)}",
        "open files": f"it opened more than {budget.open_files} files",
    }
    if stopped in limits:
        return (f"The conversion was stopped: {limits[stopped]}.",)
    return (UNEXPECTED, f"Technical detail: {detail}.")
