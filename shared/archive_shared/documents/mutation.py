"""Trying again when somebody else was faster; used by both adapters and by `Repository.change`."""

import random
import time
from collections.abc import Iterator

from archive_shared.documents.port import Change, Document, Documents
from archive_shared.errors import Stale

ATTEMPTS = 100
FIRST_PAUSE_S = 0.001
LONGEST_PAUSE_S = 0.05


def attempts() -> Iterator[None]:
    """Yield once per attempt; the pauses between them grow, so that a crowd thins out (about 5 s in all)."""
    for attempt in range(ATTEMPTS):
        yield
        pause_s = min(FIRST_PAUSE_S * 2**attempt, LONGEST_PAUSE_S)
        time.sleep(pause_s * random.uniform(0.5, 1.5))  # noqa: S311 (jitter, not a secret)


def mutate(documents: Documents, collection: str, identifier: str, change: Change) -> Document | None:
    """Do `Documents.mutate` with the other methods."""
    for _ in attempts():
        present = documents.get(collection, identifier)
        wanted = change(present) if present is not None else None
        if wanted is None:
            return None
        try:
            return documents.save(collection, wanted)
        except Stale:
            continue
    raise Stale(f"{collection} {identifier} is being changed by too many others")
