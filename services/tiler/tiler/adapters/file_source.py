"""A file on disk as a ranged source."""

import os
from pathlib import Path
from types import TracebackType
from typing import Self


class FileSource:
    """Reads ranges of one file with positioned reads, so that threads do not disturb each other; close it at the end.

    Parameters
    ----------
    file
        Its path, or a descriptor, which is ours from then on.
    """

    def __init__(self, file: Path | int) -> None:
        self._descriptor = file if isinstance(file, int) else os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        self._size_bytes = os.fstat(self._descriptor).st_size

    @property
    def size_bytes(self) -> int:
        return self._size_bytes

    def read(self, start: int, end: int) -> bytes:
        return os.pread(self._descriptor, end - start, start)

    def close(self) -> None:
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
