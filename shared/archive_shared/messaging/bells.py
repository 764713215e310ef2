"""Bells between the processes of one machine: who puts a message into a queue rings, and nobody has to look all the time.

A ring is a byte in a named pipe, and only a hint. It is lost when nobody listens or too many were not heard, so whoever waits
looks by itself now and then. One who takes a message takes a ring, so that of several who listen each hears of one.
"""

import os
import select
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

_RING = b"!"


class Bells:
    """The bells of the queues of a broker, in a folder beside its file."""

    def __init__(self, file: Path) -> None:
        self._folder = file.with_name(f"{file.name}-bells")

    def ring(self, queue: str) -> None:
        """Wake one of those who wait for messages of a queue."""
        with suppress(OSError):  # nobody listens, or nobody has heard thousands of rings
            pipe = os.open(self._path(queue), os.O_WRONLY | os.O_NONBLOCK)
            try:
                os.write(pipe, _RING)
            finally:
                os.close(pipe)

    def listen(self, queue: str) -> "Bell":
        """Hear the rings for a queue from now on."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        with suppress(FileExistsError):
            os.mkfifo(self._path(queue), mode=0o600)
        return Bell(self._path(queue))

    def _path(self, queue: str) -> Path:
        return self._folder / quote(queue, safe="")


class Bell:
    """One who listens; others may listen to the same bell."""

    def __init__(self, path: Path) -> None:
        # Open for both, as a pipe without writers would be at its end all the time.
        self._pipe = os.open(path, os.O_RDWR | os.O_NONBLOCK)

    def fileno(self) -> int:
        return self._pipe

    def take_ring(self) -> None:
        """Take one, if there is one, from those who listen."""
        with suppress(BlockingIOError):
            os.read(self._pipe, len(_RING))

    def close(self) -> None:
        os.close(self._pipe)


def wait_for_any(bells: Iterable[Bell], timeout_s: float) -> None:
    """Return at the next ring, having taken it, or after some time."""
    rung, _, _ = select.select(list(bells), [], [], timeout_s)
    for bell in rung:
        bell.take_ring()
