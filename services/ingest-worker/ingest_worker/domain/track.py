"""How far a conversion is, counted in files and bytes."""

from collections.abc import Sequence
from typing import Final

from ingest_worker.domain.report import ConversionProgress


class Steps:
    """How far a phase is that goes from file to file.

    Parameters
    ----------
    sizes
        Of all its files, in bytes.
    """

    def __init__(self, phase: str, sizes: Sequence[int]) -> None:
        self._phase = phase
        self._files_total, self._bytes_total = len(sizes), sum(sizes)
        self._files_done, self._bytes_done, self._in_work = 0, 0, 0

    def done(self, size_bytes: int) -> ConversionProgress:
        """Count a file of this size, and return how far the phase is."""
        self._files_done, self._in_work = self._files_done + 1, 0
        self._bytes_done += size_bytes
        return self.progress()

    def in_work(self, size_bytes: int) -> None:
        """Take down how much of the next file is done."""
        self._in_work = size_bytes

    def progress(self) -> ConversionProgress:
        return ConversionProgress(
            self._phase,
            self._files_done,
            self._files_total,
            self._bytes_done + self._in_work,
            self._bytes_total,
        )


class Track:
    """How far the conversion of candidates is, in thousandths each."""

    WHOLE: Final = 1000

    def __init__(self, sizes: list[tuple[int, int]], rejected: int) -> None:
        self._sizes = sizes
        self._rejected = rejected
        self._done = [0] * len(sizes)

    @property
    def has_begun(self) -> bool:
        return any(self._done)

    def note(self, index: int, thousandths: int) -> None:
        """Take down how far a candidate is; one with several images begins anew for each, which is no step back."""
        self._done[index] = max(self._done[index], min(thousandths, self.WHOLE))

    def progress(self) -> ConversionProgress:
        files_done = sum(
            count for (count, _), done in zip(self._sizes, self._done, strict=True) if done == self.WHOLE
        )
        return ConversionProgress(
            phase="converting",
            files_done=self._rejected + files_done,
            files_total=self._rejected + sum(count for count, _ in self._sizes),
            bytes_done=sum(
                size * done // self.WHOLE for (_, size), done in zip(self._sizes, self._done, strict=True)
            ),
            bytes_total=sum(size for _, size in self._sizes),
        )
