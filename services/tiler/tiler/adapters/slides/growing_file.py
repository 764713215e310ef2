"""A canonical slide while levels are added to it."""

import os
from pathlib import Path
from types import TracebackType
from typing import Self

from tiler.adapters.slides.product import write_all
from tiler.domain.problems import UnreadableImage


class GrowingFile:
    """A file that is read as a ranged source while tiles are appended to it."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        self.size_bytes = os.fstat(self._descriptor).st_size

    def read(self, start: int, end: int) -> bytes:
        return os.pread(self._descriptor, end - start, start)

    def append(self, body: bytes) -> int:
        start = self.size_bytes
        write_all(self._descriptor, body, start)
        self.size_bytes += len(body)
        return start

    def write_front(self, front: bytes, room: int) -> None:
        """Replace header and directories, which must not reach the first tile."""
        if len(front) > room:
            raise UnreadableImage("The slide has no room for the directories of more levels.")
        write_all(self._descriptor, front.ljust(room, b"\0"), 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)
