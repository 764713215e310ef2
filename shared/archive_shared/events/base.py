"""What an event is, and the envelope it waits in until it is published.

An event is a fact in the past tense about one subject. Its type is its routing key on the bus; the
version at its end changes only for an incompatible change, which is a new class beside the old one.
"""

import uuid
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, ClassVar

from archive_shared.clock import to_text
from archive_shared.tracing import current_traceparent


@dataclass(frozen=True, kw_only=True)
class Event:
    """Base of all events.

    `TYPE` is the CloudEvents type; `SUBJECT` names the field that holds the identifier of the thing the
    event is about.
    """

    TYPE: ClassVar[str]
    SUBJECT: ClassVar[str]

    @property
    def subject(self) -> str:
        """Return the identifier of the thing this event is about."""
        return str(getattr(self, self.SUBJECT))


def envelope(event: Event, *, source: str, sequence: int, at: datetime) -> dict[str, Any]:
    """Return the event as it waits in its document's outbox.

    Parameters
    ----------
    source
        Name of the service that says it.
    sequence
        Number of this event among all that its document ever announced, from 1.
    """
    return {
        "id": str(uuid.uuid4()),
        "type": event.TYPE,
        "source": source,
        "subject": event.subject,
        "sequence": sequence,
        "time": to_text(at),
        "traceparent": current_traceparent(),
        "data": asdict(event),
    }
