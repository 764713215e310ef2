"""Who changed what when: kept inside the thing that changed, so that a change without its record cannot exist."""

from dataclasses import dataclass
from datetime import datetime

from archive_shared.access import Caller

LONGEST = 200
"""So many changes are kept; what is older is in the event log."""


@dataclass(frozen=True)
class Actor:
    """Somebody who changes something."""

    id: str
    username: str

    @classmethod
    def of(cls, caller: Caller) -> "Actor":
        return cls(caller.id, caller.username)


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change.

    Parameters
    ----------
    by, username
        Who it was; "" when the platform did it, by an import.
    socket
        Which value it was about, "" for none.
    """

    at: datetime
    action: str
    by: str = ""
    username: str = ""
    socket: str = ""
    detail: str = ""

    @classmethod
    def made(
        cls, action: str, by: Actor | None, at: datetime, *, socket: str = "", detail: str = ""
    ) -> "Change":
        who = by or Actor("", "")
        return cls(at=at, action=action, by=who.id, username=who.username, socket=socket, detail=detail)


def remembered(history: list[Change], change: Change) -> list[Change]:
    """Return the history with one more change, without the oldest when it grows too long."""
    return [*history, change][-LONGEST:]
