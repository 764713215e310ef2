"""Reads the feed with somebody's eyes, a page at a time, and waits for what comes."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from archive_shared.documents import Documents, more_than
from feed.domain.entry import EVENTS, Entry, key
from feed.domain.problems import NoLongerKept
from feed.domain.selection import Selection
from feed.domain.sight import Ask, sight

CHUNK = 200
MOST_LOOKED_AT = 2000
"""Events looked at for one page, wanted or not; what bounds its cost, whatever the size of the feed."""

POLL_S = 0.1


@dataclass(frozen=True)
class Page:
    """Some events, and where to go on.

    Parameters
    ----------
    position
        Everything up to here was looked at.
    more
        Whether there was more to look at when the page was full.
    """

    entries: Sequence[Entry]
    position: int
    more: bool


class Reader:
    """Reads what may be seen. Entries come by their position, which is their key: no page depends on the feed's size."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def newest(self) -> int:
        """Return the last position there is, 0 in an empty feed."""
        return self._edge(-1)

    def start(self) -> int:
        """Return the position before the oldest event that is kept."""
        return max(self._edge(1) - 1, 0)

    def get(self, position: int) -> Entry | None:
        found = self._documents.get(EVENTS.name, key(position))
        return None if found is None else Entry.of(found)

    def page(self, ask: Ask, selection: Selection, *, after: int, limit: int) -> Page:
        """Return what follows a position, is selected, and may be seen now.

        Raises
        ------
        Unauthenticated
            Nobody asks.
        NoLongerKept
            What followed the position was pruned, or the position is not of this feed.
        """
        sight(ask)
        found: list[Entry] = []
        position, looked_at = after, 0
        while looked_at < MOST_LOOKED_AT:
            chunk = self._chunk(position)
            looked_at += len(chunk)
            wanted = [entry for entry in chunk if selection.includes(entry)]
            seen = sight(ask, [entry.audience for entry in wanted]) if wanted else None
            for entry in wanted:
                if seen is not None and seen.reaches(entry.audience):
                    found.append(entry)
                if len(found) == limit:
                    return Page(found, entry.position, more=True)
            if not chunk:
                return Page(found, position, more=False)
            position = chunk[-1].position
        return Page(found, position, more=True)

    def _chunk(self, after: int) -> list[Entry]:
        """Return the next entries, as far as one follows the other; the sequencer leaves no gaps, so a gap was pruned."""
        documents = self._documents.find(
            EVENTS.name, {"_id": more_than(key(after))}, sort=[("_id", 1)], limit=CHUNK
        )
        chunk = [Entry.of(document) for document in documents]
        dense = [entry for number, entry in enumerate(chunk, after + 1) if entry.position == number]
        if len(dense) == 0 and (chunk or after > self.newest()):
            raise NoLongerKept("Events after this cursor are no longer kept; start again without `after`.")
        return dense

    def _edge(self, way: Literal[1, -1]) -> int:
        found = self._documents.find(EVENTS.name, sort=[("_id", way)], limit=1)
        return int(found[0]["_id"]) if found else 0


class Waiting:
    """Long polls of one web process. Each holds a thread, so only so many may wait; others are answered at once."""

    def __init__(self, reader: Reader, *, most_waiters: int) -> None:
        self._reader = reader
        self._places = threading.BoundedSemaphore(most_waiters) if most_waiters > 0 else None

    def page(
        self, ask: Ask, selection: Selection, *, after: int, limit: int, wait_s: float
    ) -> tuple[Page, bool]:
        """Return a page as soon as it holds something, or is worth turning, or the time is over.

        The second value tells whether it had to be answered early, because too many wait. Rights are asked for when
        the page is made, not when waiting began.
        """
        page = self._reader.page(ask, selection, after=after, limit=limit)
        if page.entries or page.more or wait_s <= 0:
            return page, False
        if self._places is None or not self._places.acquire(blocking=False):
            return page, True
        try:
            return self._wait(ask, selection, page, limit=limit, until_s=time.monotonic() + wait_s), False
        finally:
            self._places.release()

    def _wait(self, ask: Ask, selection: Selection, page: Page, *, limit: int, until_s: float) -> Page:
        while not (page.entries or page.more) and (left_s := until_s - time.monotonic()) > 0:
            if self._reader.newest() > page.position:
                page = self._reader.page(ask, selection, after=page.position, limit=limit)
            else:
                time.sleep(min(POLL_S, left_s))
        return page
