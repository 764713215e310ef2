"""One event in the feed: its position, who may hear of it, and how it looks outside (CloudEvents 1.0, JSON)."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from archive_shared.clock import from_text, to_text
from archive_shared.documents import Collection, Document
from feed.domain.audience import Audience

_DIGITS = 16  # positions are identifiers of documents, which compare as text
_SEQUENCE_DIGITS = 20  # as on the bus

EVENTS = Collection("events", fields={"event": "event"}, unique=[("event",)])
SEQUENCE = Collection("sequence")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An event as it is kept.

    Parameters
    ----------
    position
        From 1, without gaps; 0 while it has none yet.
    data
        What is told outside, see `feed.domain.audience.told`.
    """

    position: int = 0
    event: str
    type: str
    source: str
    subject: str
    sequence: int
    at: datetime
    appended_at: datetime
    audience: Audience
    data: dict[str, Any]

    @classmethod
    def of(cls, document: Document) -> "Entry":
        """Read it from its document."""
        fields = {name: value for name, value in document.items() if name not in ("_id", "rev")}
        return cls(
            **fields
            | {
                "position": int(document["_id"]),
                "at": from_text(document["at"]),
                "appended_at": from_text(document["appended_at"]),
                "audience": Audience(**{name: tuple(each) for name, each in document["audience"].items()}),
            }
        )

    def document(self) -> Document:
        """Return it as it is stored, without its position."""
        fields = {name: value for name, value in asdict(self).items() if name != "position"}
        return fields | {"at": to_text(self.at), "appended_at": to_text(self.appended_at)}

    def cloud_event(self) -> dict[str, Any]:
        """Return it in the structured form of CloudEvents 1.0 (section 3.1 of its JSON format)."""
        return {
            "specversion": "1.0",
            "id": self.event,
            "type": self.type,
            "source": self.source,
            "subject": self.subject,
            "time": to_text(self.at),
            "sequence": str(self.sequence).zfill(_SEQUENCE_DIGITS),
            "datacontenttype": "application/json",
            "data": self.data,
        }


def key(position: int) -> str:
    """Return the identifier of the document at a position; identifiers sort like positions."""
    return str(position).zfill(_DIGITS)
