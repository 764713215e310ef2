"""Tells how far a session is, from its first upload fetched to its last image stored."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from ingest_worker.domain.report import ConversionProgress
from ingest_worker.domain.track import Steps

ProgressListener = Callable[[ConversionProgress], None]
T = TypeVar("T")


class SessionProgress:
    """The progress of one attempt at a session; itself the listener of the conversion in between.

    Parameters
    ----------
    listener
        Told after every file.
    """

    def __init__(self, listener: ProgressListener) -> None:
        self._listener = listener
        self._files = 0

    def __call__(self, progress: ConversionProgress) -> None:
        """Pass on how far the conversion is."""
        self._files = progress.files_total
        self._listener(progress)

    def fetching(self, fetched: Iterable[T], sizes: Sequence[int]) -> list[T]:
        """Return what comes of fetching files of these sizes, in order, telling of each."""
        return _each(fetched, sizes, "fetching", self._listener)

    def storing(self, stored: Iterable[T], sizes: Sequence[int]) -> list[T]:
        """Return what comes of storing images of these sizes, in order; by now all files have met their fate."""

        def tell(progress: ConversionProgress) -> None:
            self._listener(replace(progress, files_done=self._files, files_total=self._files))

        return _each(stored, sizes, "storing", tell)


def _each(results: Iterable[T], sizes: Sequence[int], phase: str, tell: ProgressListener) -> list[T]:
    steps, found = Steps(phase, sizes), []
    for result, size_bytes in zip(results, sizes, strict=True):
        found.append(result)
        tell(steps.done(size_bytes))
    return found
