"""What somebody should know of: shown on the page until read, and sent by e-mail when they want that."""

from dataclasses import dataclass
from datetime import datetime

from archive_shared.documents import Aggregate, Collection
from permissions.domain.person import Person


@dataclass(kw_only=True)
class Notification(Aggregate):
    """One thing for one person.

    Parameters
    ----------
    kind
        The action it tells of, as in the audit trail.
    mail_at
        When an e-mail about it is due; None when none is, or none any more.
    """

    user: str
    kind: str
    archive: str | None
    actor: Person
    subject: Person
    text: str
    at: datetime
    read: bool = False
    mail_at: datetime | None = None

    def mark_read(self) -> None:
        """Note that it was seen; then no e-mail has to tell of it."""
        self.read = True
        self.mail_at = None

    def mark_mailed(self) -> None:
        self.mail_at = None


NOTIFICATIONS = Collection(
    "notifications",
    fields={
        "user": "user",
        "read": "read",
        "at": "at",
        "kind": "kind",
        "archive": "archive",
        "subject": "subject.id",
        "mail_at": "mail_at",
    },
    indexes=[("user", "at"), ("user", "read", "at"), ("archive", "kind", "subject", "read"), ("mail_at",)],
)
