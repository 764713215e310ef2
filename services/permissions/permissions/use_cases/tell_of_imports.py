"""Tells people how their imports ended. The same event again tells nobody again."""

from contextlib import suppress
from datetime import datetime

from archive_shared.errors import Duplicate
from archive_shared.events import SessionFailed, SessionSucceeded
from archive_shared.identifiers import derived_id
from permissions.domain.notification import Notification
from permissions.use_cases.directory import Directory
from permissions.use_cases.notify import mail_at


def tell_of_import(
    directory: Directory, event: SessionSucceeded | SessionFailed, *, identifier: str, at: datetime
) -> None:
    """Notify who started an upload session that it ended, and how; `identifier` is that of the event."""
    user = directory.users.get(event.creator)
    if user is None:
        return
    kind, text = _outcome(event)
    with suppress(Duplicate):
        directory.notifications.add(
            Notification(
                id=derived_id("notification", identifier, user.id),
                user=user.id,
                kind=kind,
                archive=event.archive,
                actor=user.person,
                subject=user.person,
                text=text,
                at=at,
                mail_at=mail_at(user, at, sends_mail=directory.rules.sends_mail),
            )
        )


def _outcome(event: SessionSucceeded | SessionFailed) -> tuple[str, str]:
    """Return the kind of the notification, and what there is to say on the page of its owner."""
    if isinstance(event, SessionFailed):
        return "import.failed", event.reason
    images = f"{len(event.images)} image{'' if len(event.images) == 1 else 's'}"
    if event.rejected_files:
        return "import.partial", f"{images}; {event.rejected_files} refused"
    return "import.succeeded", images
