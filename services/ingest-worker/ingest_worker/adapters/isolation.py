"""Runs tasks on uploaded bytes in confined child processes, several at a time; a task's end never hurts the caller.

A child crashing, hanging or breaking its budget is an outcome like any other; one that was killed, by the kernel for want of
memory or by an operator, has its task done again. See `nursery` for who forks.
"""

import selectors
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final

from archive_shared.processors import usable_processors
from ingest_worker.adapters.disk import Disk
from ingest_worker.adapters.nursery_process import NurseryProcess
from ingest_worker.adapters.tasks_together import KILLED, Batch, Outcome, Task, batches, outcome

TICK_S: Final = 0.25
MOST_KILLS: Final = 2
"""How often a task is done again whose process was killed: each may cost all of its budget, should the task be to blame."""


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
        self.jobs = max(1, jobs)
        self._threads = max(1, usable_processors() // self.jobs)
        self._idle: defaultdict[tuple[str, ...], list[NurseryProcess]] = defaultdict(list)
        self._all: list[NurseryProcess] = []
        self._look_at_disk_at = 0.0

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
        self,
        tasks: Sequence[Task],
        *,
        on_progress: Callable[[int, int], None],
        on_tick: Callable[[], None],
        disk: Disk | None = None,
    ) -> Iterator[tuple[int, Outcome]]:
        """Yield (index of the task, outcome) as tasks end, in any order.

        Parameters
        ----------
        on_progress
            Told the index of a task and how far that is, in its own units.
        on_tick
            Called a few times per second; what it raises ends everything.
        disk
            What the tasks may hold in their folders together; looked at a few times per second, so that it can be exceeded
            by what is written in between.

        Raises
        ------
        Unavailable
            The disk is full: no fault of any file.
        """
        waiting = deque(batches(tasks, self.jobs))
        with selectors.DefaultSelector() as selector:
            hearing = _Hearing(selector, waiting, on_progress)
            try:
                while waiting or selector.get_map():
                    while batch := self._startable(
                        waiting, [key.data.batch for key in selector.get_map().values()]
                    ):
                        waiting.remove(batch)
                        nursery = self._taken(batch[0][1].preload)
                        selector.register(nursery.start(batch), selectors.EVENT_READ, nursery)
                    yield from self._events(hearing)
                    if disk is not None and (greedy := self._greediest(selector, disk)):
                        yield from self._heard(greedy, greedy.data.give_up("disk"), hearing)
                    on_tick()
            finally:
                for key in list(selector.get_map().values()):  # none unless something was raised
                    key.data.stop()

    def _startable(self, waiting: Sequence[Batch], running: Sequence[Batch]) -> Batch | None:
        """Return the first of those waiting for which there are processors, and nurseries of its kind."""
        free = self.jobs * self._threads - sum(map(self._processors, running))
        kinds = Counter(batch[0][1].preload for batch in running)
        for batch in waiting:
            if self._processors(batch) <= free and kinds[batch[0][1].preload] < self.jobs:
                return batch
        return None

    def _processors(self, batch: Batch) -> int:
        return 1 if batch[0][1].together else self._threads

    def _taken(self, preload: tuple[str, ...]) -> NurseryProcess:
        if self._idle[preload]:
            return self._idle[preload].pop()
        self._all.append(NurseryProcess())
        return self._all[-1]

    def _events(self, hearing: "_Hearing") -> Iterator[tuple[int, Outcome]]:
        ready = {key.fd for key, _ in hearing.selector.select(TICK_S)}
        for key in list(hearing.selector.get_map().values()):
            for message in key.data.messages(readable=key.fd in ready):
                yield from self._heard(key, message, hearing)

    def _greediest(self, selector: selectors.BaseSelector, disk: Disk) -> selectors.SelectorKey | None:
        """Return the nursery whose task holds most of a disk that is spent."""
        if time.monotonic() < self._look_at_disk_at:
            return None
        self._look_at_disk_at = time.monotonic() + TICK_S
        in_hand = {key.data.batch[0][0]: key for key in selector.get_map().values()}
        folders = {index: key.data.batch[0][1].folder for index, key in in_hand.items()}
        greediest = disk.greediest({index: folder for index, folder in folders.items() if folder})
        return None if greediest is None else in_hand[greediest]

    def _heard(
        self, key: selectors.SelectorKey, message: dict[str, Any], hearing: "_Hearing"
    ) -> Iterator[tuple[int, Outcome]]:
        """Take what a nursery said about the first of its tasks."""
        nursery: NurseryProcess = key.data
        index, task = nursery.batch[0]
        if "progress" in message:
            hearing.on_progress(index, message["progress"])
            return
        again = nursery.unclear() or hearing.killed(index, task, message)
        hearing.waiting.extendleft(reversed(again))
        nursery.take_outcome()
        if not nursery.batch:
            hearing.selector.unregister(key.fileobj)
            self._idle[task.preload].append(nursery)
        if not again:
            yield index, outcome(message, task.budget)


@dataclass(frozen=True)
class _Hearing:
    """Who is listened to, what is still to be done, and who is told how far it is."""

    selector: selectors.BaseSelector
    waiting: deque[Batch]
    on_progress: Callable[[int, int], None]
    kills: Counter[int] = field(default_factory=Counter)

    def killed(self, index: int, task: Task, message: dict[str, Any]) -> list[Batch]:
        """Return a task that is to be done again: whoever killed its process need not have meant it, or its file."""
        if message.get("stopped") != KILLED or task.once or self.kills[index] >= MOST_KILLS:
            return []
        self.kills[index] += 1
        return [deque([(index, task)])]
