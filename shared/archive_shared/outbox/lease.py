"""A lease on a name: of several processes that want to do the same thing, one does it at a time."""

from datetime import timedelta

from archive_shared.clock import Clock, from_text, to_text
from archive_shared.documents import Collection, Document, Documents
from archive_shared.errors import Duplicate

LEASES = Collection("leases")
"""To be among the collections of every service that runs a relay."""


class Lease:
    """One candidate's hold on a named lease; whoever dies loses it when its time is up.

    It is taken when it is needed and kept until it runs out or is released, so that a service without
    work writes nothing.
    """

    def __init__(
        self, documents: Documents, name: str, *, owner: str, duration_s: float, clock: Clock
    ) -> None:
        self._documents = documents
        self._name = name
        self._owner = owner
        self._duration = timedelta(seconds=duration_s)
        self._clock = clock
        self._ends_at = clock.now()

    def hold(self) -> bool:
        """Take the lease, or keep it; tell whether it is ours. Costs a write once in a third of its time."""
        if self._ends_at - self._clock.now() < self._duration * 2 / 3:
            self._take()
        return self._clock.now() < self._ends_at

    def release(self) -> None:
        """Let the next one have it at once."""
        self._documents.mutate(LEASES.name, self._name, self._ended)
        self._ends_at = self._clock.now()

    def _take(self) -> None:
        now = self._clock.now()
        ends_at = now + self._duration
        ours = {"_id": self._name, "owner": self._owner, "ends_at": to_text(ends_at)}

        def change(present: Document) -> Document | None:
            if present["owner"] != self._owner and from_text(present["ends_at"]) > now:
                return None
            return present | ours

        if self._documents.mutate(LEASES.name, self._name, change) or self._put_new(ours):
            self._ends_at = ends_at

    def _put_new(self, ours: Document) -> bool:
        try:
            self._documents.put_new(LEASES.name, ours)
        except Duplicate:
            return False
        return True

    def _ended(self, present: Document) -> Document | None:
        if present["owner"] != self._owner:
            return None
        return present | {"ends_at": to_text(self._clock.now())}
