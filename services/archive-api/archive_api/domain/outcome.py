"""What became of upload sessions from which nothing came, so that items that wait for them can say why."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from archive_shared.documents import Aggregate, Collection


@dataclass(kw_only=True)
class SessionFailure(Aggregate):
    """An upload session without any image; its identifier is the session's.

    Parameters
    ----------
    reason
        Why its last attempt failed that was heard of; it may be tried again, and succeed.
    items
        Who was told, and gets the image if it comes after all.
    """

    reason: str
    items: list[str] = field(default_factory=list)

    def say(self, reason: str) -> None:
        self.reason = reason

    def tell(self, items: Iterable[str]) -> None:
        """Remember items that are told of it."""
        self.items = sorted({*self.items, *items})


SESSION_FAILURES = Collection("session_failures")
