"""Gives a confined process the bytes of its files and of no others, from the side that may ask the blob store."""

import socket
import socketserver
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog

from archive_shared.errors import ArchiveSystemError
from tiler.adapters.blob_source import BlobSource
from tiler.adapters.confinement.messages import MOST_READ_BYTES, SOCKET, Gone, Status, answer, receive
from tiler.domain.problems import UnreadableImage
from tiler.domain.slide_files import SlideFiles

_POLL_S = 0.02  # how long closing takes at most

log = structlog.get_logger()


class FileDesk:
    """What a process can ask for; answers several of its threads at once.

    Parameters
    ----------
    files
        None for a process that needs none.
    folder
        Where its socket is.
    """

    def __init__(self, files: SlideFiles | None, folder: Path) -> None:
        self._files = files
        self.folder = folder
        self.failure: ArchiveSystemError | None = None
        self._asked_at_s = time.monotonic()
        self._answering: set[int] = set()

    def silent_for_s(self) -> float:
        """Return for how long nothing has been asked; the time that answers take is ours."""
        return 0.0 if self._answering else time.monotonic() - self._asked_at_s

    def description(self) -> dict[str, Any]:
        """Return what the process has to be told."""
        files = self._files
        known = {"main": files.main, "names": list(files.names())} if files is not None else None
        return {"folder": str(self.folder), "files": known}

    def serve(self, connection: socket.socket) -> None:
        """Answer until the other side closes."""
        thread = threading.get_ident()
        while (request := receive(connection)) is not None:
            self._answering.add(thread)
            try:
                self._serve(connection, request)
            finally:
                self._asked_at_s = time.monotonic()
                self._answering.discard(thread)

    def _serve(self, connection: socket.socket, request: Mapping[str, Any]) -> None:
        try:
            self._answer(connection, request)
        except UnreadableImage as refused:
            answer(connection, Status.UNREADABLE, refused.reason.encode())
        except ArchiveSystemError as failure:  # nobody's file is to blame; the job is tried again
            self.failure = self.failure or failure
            answer(connection, Status.FAILED, b"")

    def _answer(self, connection: socket.socket, request: Mapping[str, Any]) -> None:
        if self._files is None:
            raise Gone
        match request:
            case {"open": str(name)}:
                self._open(connection, self._files, name)
            case {"read": [str(name), int(start), int(end)]} if 0 <= end - start <= MOST_READ_BYTES:
                source = self._files.open(name)
                if not 0 <= start <= end <= source.size_bytes:
                    raise Gone
                answer(connection, Status.GIVEN, source.read(start, end))
            case {"on_disk": True}:
                answer(connection, Status.GIVEN, str(self._files.on_disk()).encode())
            case _:
                raise Gone

    def _open(self, connection: socket.socket, files: SlideFiles, name: str) -> None:
        source = files.open(name)
        size = str(source.size_bytes).encode()
        file = source.file() if isinstance(source, BlobSource) else None
        if file is None:
            answer(connection, Status.GIVEN, size)
            return
        with file:
            answer(connection, Status.GIVEN, size, file.fileno())


@contextmanager
def file_desk(files: SlideFiles | None, folder: Path) -> Iterator[FileDesk]:
    """Open a desk in a folder that nobody else uses."""
    desk = FileDesk(files, folder)
    with _Server(desk) as server:
        thread = threading.Thread(target=server.serve_forever, args=(_POLL_S,), name="files", daemon=True)
        thread.start()
        try:
            yield desk
        finally:
            server.shutdown()
            thread.join()
            (folder / SOCKET).unlink(missing_ok=True)


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    block_on_close = (
        False  # one that reads from the store may take a while to notice that nobody wants it any more
    )

    def __init__(self, desk: FileDesk) -> None:
        self.desk = desk
        super().__init__(str(desk.folder / SOCKET), _Conversation)

    def handle_error(self, request: object, client_address: object) -> None:
        """Let go of one who breaks the rules or has ended: what it came to says the program's ending; tell of all else."""
        failure = sys.exc_info()[1]
        if not isinstance(failure, Gone | OSError):
            log.error("a file could not be given", error=type(failure).__name__)


class _Conversation(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        self.server.desk.serve(self.request)
