"""What is to be known of source files, found on threads of their own while other processes look at the files and convert them."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Final

from ingest_worker.adapters.checksums_of_files import sources_of
from ingest_worker.domain.files import Source, SourceFile

TICK_S: Final = 0.25


class SourcesBeside:
    """Names, sizes and checksums of files, given up with the `with` block.

    Nothing is understood of what is read, so no confined process is needed, which saves those that are a third of their
    work. What is read has to be read anyway, so it costs no disk.

    Parameters
    ----------
    threads
        That read files at the same time.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads)
        self._readings: list[Future[list[Source]]] = []
        self._given_up = False

    def __enter__(self) -> "SourcesBeside":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._given_up = True
        self._pool.shutdown()

    def begin(self, files: Sequence[SourceFile]) -> None:
        """Read these files after the ones before."""
        for number in range(self._threads):
            self._readings.append(self._pool.submit(self._read, files[number :: self._threads]))

    def known(self, *, on_tick: Callable[[], None]) -> dict[str, Source]:
        """Return all files by name once the last is read.

        Parameters
        ----------
        on_tick
            Called a few times per second meanwhile; what it raises ends the waiting.

        Raises
        ------
        OSError
            A file is gone or cannot be read.
        """
        while wait(self._readings, TICK_S).not_done:
            on_tick()
        return {source.name: source for reading in self._readings for source in reading.result()}

    def _read(self, files: Sequence[SourceFile]) -> list[Source]:
        return sources_of(files, given_up=lambda: self._given_up)
