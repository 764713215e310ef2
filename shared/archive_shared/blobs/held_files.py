"""Files kept open for those who read many ranges of a few large objects: tiles of slides, slices of volumes.

Objects are never changed in place: replacing one gives its name to another file, deleting it takes the name away. So a
file that is still found under its name is the object, and looking that up costs a microsecond where opening costs ten.
"""

import os
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from threading import Lock

MOST_HELD = 64
LONGEST_IDLE_S = 60.0


class _HeldFile:
    """A descriptor that is closed when the last thread that reads from it lets go of it."""

    __slots__ = ("device", "inode", "name", "number", "used_at_s")

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self.used_at_s = 0.0
        self.number = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        status = os.fstat(self.number)
        self.device, self.inode = status.st_dev, status.st_ino

    def __del__(self) -> None:
        if hasattr(self, "number"):
            os.close(self.number)

    def is_current(self) -> bool:
        """Tell whether the file still has its name; while we hold it, its inode is given to no other."""
        try:
            status = os.stat(self.name)  # noqa: PTH116 (paths as objects cost more than the rest)
        except FileNotFoundError:
            return False
        return status.st_ino == self.inode and status.st_dev == self.device

    def read(self, start: int, end: int) -> bytes:
        body = os.pread(self.number, end - start, start)
        while start + len(body) < end and (
            more := os.pread(self.number, end - start - len(body), start + len(body))
        ):
            body += more  # the kernel gives 2 GiB at a time
        return body


class HeldFiles:
    """The files read last, by key; thread-safe.

    The space of a deleted object is given back when its file is let go of: at once if `forget` is called here, else with
    the next range read from here a minute or more after its last.
    """

    def __init__(self, path_of: Callable[[str], Path]) -> None:
        self._path_of = path_of
        self._held: OrderedDict[str, _HeldFile] = OrderedDict()  # least recently used first
        self._lock = Lock()

    def read(self, key: str, start: int, end: int) -> bytes:
        """Return the bytes of a range as far as there are any; FileNotFoundError if there is no such object."""
        held = self._held.get(key)
        if held is None or not held.is_current():
            self.forget(key)
            held = _HeldFile(self._path_of(key))
        self._keep(key, held)
        return held.read(start, end)

    def forget(self, key: str) -> None:
        """Let go of a file."""
        with self._lock:
            self._held.pop(key, None)

    def _keep(self, key: str, held: _HeldFile) -> None:
        now_s = held.used_at_s = time.monotonic()
        with self._lock:
            self._held[key] = held
            self._held.move_to_end(key)
            while self._is_too_much(now_s):
                self._held.popitem(last=False)

    def _is_too_much(self, now_s: float) -> bool:
        oldest = next(iter(self._held.values()))
        return len(self._held) > MOST_HELD or now_s - oldest.used_at_s > LONGEST_IDLE_S
