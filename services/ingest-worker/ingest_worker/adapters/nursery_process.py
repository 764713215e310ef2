"""A nursery as its parent sees it: a process with some tasks in hand, which may end or fall silent."""

import json
import os
import subprocess
import sys
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from archive_shared.jobs.bare_environment import bare_environment
from archive_shared.processors import usable_processors
from ingest_worker.adapters.tasks_together import KILLED, Batch, order_line

SILENCE_S: Final = 60.0
MOST_THREADS_OF_VIPS: Final = 2


@dataclass
class NurseryProcess:
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
        process = self._told(order_line(batch))
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
            return [] if time.monotonic() < self.deadline else [self.give_up("error", "no answer")]
        data = os.read(self.process.stdout.fileno(), 1 << 16)
        if not data:
            return [self.give_up(KILLED)]
        *lines, self.unread = (self.unread + data).split(b"\n")
        return [json.loads(line) for line in lines]

    def give_up(self, stopped: str, detail: str = "") -> dict[str, Any]:
        """End the process and return what it might have said of the task in hand."""
        self.stop()
        return {"stopped": stopped, "detail": detail}

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
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "ingest_worker.adapters.nursery"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**bare_environment(), "VIPS_CONCURRENCY": str(min(MOST_THREADS_OF_VIPS, usable_processors()))},
        cwd="/",
        start_new_session=True,
    )
