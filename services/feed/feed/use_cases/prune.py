"""Forgets what is older than is kept."""

from datetime import timedelta

from archive_shared.clock import Clock, to_text
from archive_shared.documents import Documents, less_than
from feed.domain.delivery import DELIVERIES
from feed.domain.entry import EVENTS, Entry
from feed.use_cases.read_feed import Reader

BATCH = 200


class Pruner:
    """Removes old events, oldest first, so that what is left has no gaps; the newest one always stays, because it says
    where the feed is. Several may do it at a time.
    """

    def __init__(self, documents: Documents, clock: Clock, *, days: int, most_events: int) -> None:
        self._documents = documents
        self._clock = clock
        self._age = timedelta(days=days)
        self._most_events = most_events

    def prune(self) -> int:
        """Remove a batch of events and of ended deliveries; return how many, 0 when nothing is left to remove."""
        return self._prune_events() + self._prune_deliveries()

    def _prune_events(self) -> int:
        newest, oldest_allowed = Reader(self._documents).newest(), self._clock.now() - self._age
        found = self._documents.find(EVENTS.name, sort=[("_id", 1)], limit=BATCH)
        removed = 0
        for entry in map(Entry.of, found):
            excess = entry.position <= newest - self._most_events
            if entry.position >= newest or not (excess or entry.appended_at < oldest_allowed):
                break
            self._documents.delete(EVENTS.name, found[removed]["_id"])
            removed += 1
        return removed

    def _prune_deliveries(self) -> int:
        cutoff = to_text(self._clock.now() - self._age)
        old = self._documents.find(
            DELIVERIES.name, {"ended_at": less_than(cutoff)}, sort=[("ended_at", 1)], limit=BATCH
        )
        return sum(self._documents.delete(DELIVERIES.name, found["_id"]) for found in old)
