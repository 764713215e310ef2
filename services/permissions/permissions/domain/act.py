"""What somebody did to somebody or something: the lines of the audit trail.

An act is saved inside the document it changed, in the same write, so that there is no change without its act and no
act without its change. Filing copies it to the trail under its own identifier, as often as needed, and then forgets
it here (`permissions.use_cases.ledger`).
"""

from dataclasses import dataclass, field
from datetime import datetime

from archive_shared.clock import to_text
from archive_shared.documents import Aggregate, Collection
from archive_shared.identifiers import new_id
from permissions.domain.person import Person


@dataclass(frozen=True, kw_only=True)
class Act:
    """Who did what to whom, when.

    Parameters
    ----------
    action
        `role.granted`, `access.rejected`, ...: the thing, and what became of it.
    archive
        The archive it was about, None for the platform as a whole.
    subject
        Whom it was done to.
    details
        What else there is to know, in words.
    """

    id: str
    at: datetime
    actor: Person
    action: str
    archive: str | None = None
    subject: Person | None = None
    details: dict[str, str] = field(default_factory=dict)


@dataclass(kw_only=True)
class Audited(Aggregate):
    """Base of what no one changes without an act.

    Parameters
    ----------
    unfiled
        Acts that are not in the trail yet, and since when the oldest waits.
    """

    unfiled: list[Act] = field(default_factory=list)
    unfiled_since: str | None = None

    def note(
        self,
        action: str,
        *,
        by: Person,
        at: datetime,
        archive: str | None = None,
        subject: Person | None = None,
        **details: str,
    ) -> None:
        """Remember an act, to be filed once it is saved."""
        act = Act(
            id=new_id(), at=at, actor=by, action=action, archive=archive, subject=subject, details=details
        )
        self.unfiled = [*self.unfiled, act]
        self.unfiled_since = self.unfiled_since or to_text(at)

    def forget(self, filed: set[str]) -> None:
        """Let go of acts that are in the trail."""
        self.unfiled = [act for act in self.unfiled if act.id not in filed]
        self.unfiled_since = to_text(self.unfiled[0].at) if self.unfiled else None


AUDITED_FIELDS = {"unfiled_since": "unfiled_since"}
AUDITED_INDEX = ("unfiled_since",)


@dataclass(kw_only=True)
class FiledAct(Aggregate):
    """A line of the trail; written once, never changed, never removed. Its identifier is the act's."""

    act: Act
    archive: str | None
    at: datetime


TRAIL = Collection(
    "trail",
    fields={"archive": "archive", "at": "at"},
    indexes=[("archive", "at"), ("at",)],
)
