"""The read-change-save loop both adapters share."""

import random
import time

from archive_shared.documents.port import Change, Document, Documents
from archive_shared.errors import Stale

ATTEMPTS = 30
FIRST_PAUSE_S = 0.001
LONGEST_PAUSE_S = 0.05


def mutate(documents: Documents, collection: str, identifier: str, change: Change) -> Document | None:
    """Do `Documents.mutate` with the other methods; pauses grow, so that a crowd thins out."""
    for attempt in range(ATTEMPTS):
        present = documents.get(collection, identifier)
        wanted = change(present) if present is not None else None
        if wanted is None:
            return None
        try:
            return documents.save(collection, wanted)
        except Stale:
            pause_s = min(FIRST_PAUSE_S * 2**attempt, LONGEST_PAUSE_S)
            time.sleep(pause_s * random.uniform(0.5, 1.5))  # noqa: S311 (jitter, not a secret)
    raise Stale(f"{collection} {identifier} is being changed by too many others")
