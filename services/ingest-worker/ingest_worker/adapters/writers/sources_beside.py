"""What is to be known of source files, found on a thread of its own while their headers and pixels are read."""

from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from types import TracebackType

from ingest_worker.adapters.checksums_of_files import source_of
from ingest_worker.adapters.writers.beside import one_beside
from ingest_worker.domain.budget import KIB
from ingest_worker.domain.files import Source, SourceFile

SMALL_BYTES = 256 * KIB


class SourcesBeside:
    """Names, sizes and checksums of files, given up with the `with` block.

    It reads what is read anyway, so it costs no disk. Large files are begun with before headers are looked at, which
    keep only one processor busy; small ones would be in the way of it.
    """

    def __init__(self, files: Sequence[SourceFile]) -> None:
        self._files = files
        self._given_up = False
        self._found: Future[dict[str, Source]] | None = None
        size_bytes = sum(file.path.stat().st_size for file in files)
        self._thread = one_beside(size_bytes)
        if size_bytes > SMALL_BYTES * len(files):
            self.begin()

    def __enter__(self) -> "SourcesBeside":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._given_up = True
        self._thread.shutdown()

    def begin(self) -> "Future[dict[str, Source]]":
        """Begin, unless that was done before."""
        self._found = self._found or self._thread.submit(self._look_at)
        return self._found

    def of(self, names: Iterable[str]) -> tuple[Source, ...]:
        """Return what is known of some of the files, in the order given; waits until all of them are read."""
        found = self.begin().result()
        return tuple(found[name] for name in names)

    def _look_at(self) -> dict[str, Source]:
        return {file.name: source_of(file, given_up=lambda: self._given_up) for file in self._files}
