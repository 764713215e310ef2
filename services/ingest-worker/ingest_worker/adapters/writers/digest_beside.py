"""SHA-256 of data as they pass by, computed on a thread of its own if they are many."""

import hashlib
from collections import deque
from concurrent.futures import Future
from types import TracebackType

from ingest_worker.adapters.writers.beside import one_beside

MOST_WAITING = 4


class DigestBeside:
    """A SHA-256 that does not hold up whoever feeds it; at most a few pieces wait at a time.

    Pieces must stay unchanged after they were given.

    Parameters
    ----------
    size_bytes
        Of all pieces together.
    """

    def __init__(self, size_bytes: int) -> None:
        self._sha256 = hashlib.sha256()
        self._thread = one_beside(size_bytes)
        self._waiting: deque[Future[None]] = deque()

    def __enter__(self) -> "DigestBeside":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(cancel_futures=True)

    def update(self, data: memoryview) -> None:
        """Take the next piece."""
        self._waiting.append(self._thread.submit(self._sha256.update, data))
        if len(self._waiting) > MOST_WAITING:
            self._waiting.popleft().result()

    def hexdigest(self) -> str:
        """Return the digest of everything given."""
        while self._waiting:
            self._waiting.popleft().result()
        return self._sha256.hexdigest()
