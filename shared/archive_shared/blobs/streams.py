"""Streams: the slice of a file that a reader gets, and saving to a file what a reader gave."""

import io
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from archive_shared.blobs.disk import CHUNK_BYTES, disk_errors, new_file

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer  # exists for type checkers only


class FileRange(io.RawIOBase):
    """The bytes of a file from `start` up to, not including, `end`; closes the file with itself."""

    def __init__(self, file: BinaryIO, start: int, end: int | None) -> None:
        super().__init__()
        size_bytes = os.fstat(file.fileno()).st_size
        self._file = file
        self._left_bytes = max(0, min(size_bytes, size_bytes if end is None else end) - start)
        file.seek(start)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        with disk_errors():
            data = self._file.read(min(memoryview(buffer).nbytes, self._left_bytes))
        memoryview(buffer)[: len(data)] = data
        self._left_bytes -= len(data)
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


def save(source: BinaryIO, path: Path) -> None:
    """Write a stream to a file, which appears, or is replaced, when the last byte is there."""
    with disk_errors(), new_file(path.parent) as file:
        shutil.copyfileobj(source, file, CHUNK_BYTES)
        file.flush()  # a full disk may only notice now
        Path(file.name).replace(path)
