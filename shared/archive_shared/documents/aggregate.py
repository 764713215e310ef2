"""What services change: an object with identity that records the events its changes cause."""

from dataclasses import dataclass, field

from archive_shared.documents.port import Document
from archive_shared.events import Event


@dataclass(kw_only=True)
class Aggregate:
    """Base of everything a `Repository` keeps.

    Parameters
    ----------
    id
        Identifier, the document's `_id`.
    version
        Counts the saved changes, from 1; it is the sequence of the events a change causes and the
        entity tag clients see. 0 means not stored yet.
    """

    id: str
    version: int = 0
    _recorded: list[Event] = field(default_factory=list, init=False, repr=False, compare=False)
    _stored: Document | None = field(default=None, init=False, repr=False, compare=False)

    def record(self, event: Event) -> None:
        """Remember a fact to be announced with the next save of this aggregate."""
        self._recorded.append(event)
