"""Bells between the processes of one machine: who changes a file that they share rings, and nobody has to look all the time.

A ring is a byte in a named pipe, and only a hint. It is lost when nobody listens or too many were not heard, so whoever waits
looks by itself now and then. One who takes a message takes a ring, so that of several who listen each hears of one.
"""

import os
import select
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

LOOK_AGAIN_S = 0.5
"""For what no bell tells of, such as time that has passed."""

_RING = b"!"
_MOST_RINGS = 1 << 16


class Bells:
    """The bells of a file, by name, in a folder beside it."""

    def __init__(self, file: Path) -> None:
        self._folder = file.with_name(f"{file.name}-bells")

    def ring(self, name: str) -> None:
        """Wake one of those who listen."""
        with suppress(OSError):  # nobody listens, or nobody has heard thousands of rings
            pipe = os.open(self._path(name), os.O_WRONLY | os.O_NONBLOCK)
            try:
                os.write(pipe, _RING)
            finally:
                os.close(pipe)

    def listen(self, name: str) -> "Bell":
        """Hear the rings from now on."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        with suppress(FileExistsError):
            os.mkfifo(self._path(name), mode=0o600)
        return Bell(self._path(name))

    def _path(self, name: str) -> Path:
        return self._folder / quote(name, safe="")


class Bell:
    """One who listens; others may listen to the same bell."""

    def __init__(self, path: Path) -> None:
        # Open for both, as a pipe without writers would be at its end all the time.
        self._pipe = os.open(path, os.O_RDWR | os.O_NONBLOCK)

    def fileno(self) -> int:
        return self._pipe

    def take_ring(self) -> None:
        """Take one, if there is one, from those who listen."""
        self._take(len(_RING))

    def take_all_rings(self) -> None:
        """Take all: for one who listens alone, and looks at everything there is."""
        self._take(_MOST_RINGS)

    def _take(self, most: int) -> None:
        with suppress(BlockingIOError):
            os.read(self._pipe, most)

    def close(self) -> None:
        os.close(self._pipe)


def wait_for_any(bells: Iterable[Bell], timeout_s: float) -> None:
    """Return at the next ring, having taken it, or after some time."""
    listening = {bell.fileno(): bell for bell in bells}
    rings = select.poll()  # select(2) knows no descriptors above 1023
    for pipe in listening:
        rings.register(pipe, select.POLLIN)
    for pipe, _ in rings.poll(timeout_s * 1000):
        listening[pipe].take_ring()
