"""How far a conversion of several candidates is, counted in files and bytes."""

from typing import Final

from ingest_worker.domain.report import ConversionProgress


class Track:
    """How far candidates are, in thousandths each."""

    WHOLE: Final = 1000

    def __init__(self, sizes: list[tuple[int, int]], rejected: int) -> None:
        self._sizes = sizes
        self._rejected = rejected
        self._done = [0] * len(sizes)

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
