"""Files as a confined process sees them: by asking the desk that was opened for it."""

import os
import socket
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from tiler.adapters.confinement.messages import MOST_READ_BYTES, SOCKET, Status, ask
from tiler.adapters.file_source import FileSource
from tiler.domain.problems import UnreadableImage
from tiler.domain.ranged_source import RangedSource


class DeskClosed(Exception):
    """Bytes cannot be had just now; it is not the image's fault, and those who gave the order know why."""


class _Desk:
    """Connections to a desk, one for each thread; thread-safe."""

    def __init__(self, folder: Path, closing: ExitStack) -> None:
        self._address = str(folder / SOCKET)
        self._of_thread = threading.local()
        self._closing = closing

    def ask(self, **request: Any) -> tuple[bytes, int | None]:
        status, body, descriptor = ask(self._connection(), request)
        if status == Status.UNREADABLE:
            raise UnreadableImage(body.decode())
        if status == Status.FAILED:
            raise DeskClosed
        return body, descriptor

    def _connection(self) -> socket.socket:
        known: socket.socket | None = getattr(self._of_thread, "connection", None)
        if known is not None:
            return known
        new = self._of_thread.connection = self._closing.enter_context(socket.socket(socket.AF_UNIX))
        new.connect(self._address)
        return new


class DeskFiles:
    """The `SlideFiles` of an order; a context manager."""

    def __init__(self, folder: Path, files: Mapping[str, Any]) -> None:
        self._closing = ExitStack()
        self._desk = _Desk(folder, self._closing)
        self._main: str = files["main"]
        self._names: list[str] = files["names"]
        self._sources: dict[str, RangedSource] = {}

    @property
    def main(self) -> str:
        return self._main

    def names(self) -> Sequence[str]:
        return self._names

    def open(self, name: str) -> RangedSource:
        if name not in self._sources:
            self._sources[name] = self._opened(name)
        return self._sources[name]

    def dismiss(self, name: str) -> None:
        source = self._sources.pop(name)
        if isinstance(source, FileSource):
            source.close()

    def on_disk(self) -> Path:
        path, _ = self._desk.ask(on_disk=True)
        return Path(os.fsdecode(path))

    def _opened(self, name: str) -> RangedSource:
        size, descriptor = self._desk.ask(open=name)
        if descriptor is None:
            return _DeskSource(self._desk, name, int(size))
        return FileSource(descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for name in [*self._sources]:
            self.dismiss(name)
        self._closing.close()


class _DeskSource:
    """The `RangedSource` of a file whose bytes somebody else fetches."""

    def __init__(self, desk: _Desk, name: str, size_bytes: int) -> None:
        self._desk, self._name, self._size_bytes = desk, name, size_bytes

    @property
    def size_bytes(self) -> int:
        return self._size_bytes

    def read(self, start: int, end: int) -> bytes:
        steps = range(start, end, MOST_READ_BYTES) or [start]
        return b"".join(self._part(step, min(step + MOST_READ_BYTES, end)) for step in steps)

    def _part(self, start: int, end: int) -> bytes:
        body, _ = self._desk.ask(read=[self._name, start, end])
        return body
