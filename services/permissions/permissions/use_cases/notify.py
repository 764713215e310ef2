"""Makes notifications out of acts, and shows them to those they are for."""

from contextlib import suppress
from datetime import datetime, timedelta

from archive_shared.documents import Repository
from archive_shared.errors import Duplicate, NotFound
from archive_shared.identifiers import derived_id
from permissions.domain.act import Act
from permissions.domain.identity import Identity
from permissions.domain.notification import Notification
from permissions.domain.person import Person
from permissions.domain.roster import Roster
from permissions.domain.user import Mail, User
from permissions.use_cases.directory import Directory

DIGEST_HOUR = 6  # UTC

_DECIDED = {"access.accepted", "access.rejected", "access.withdrawn"}
_CONCERNS_ITS_SUBJECT = {"access.accepted", "access.rejected", "role.granted", "role.revoked"}


class Notifier:
    """Tells people of acts that concern them. The same act again tells nobody again."""

    def __init__(
        self,
        notifications: Repository[Notification],
        users: Repository[User],
        rosters: Repository[Roster],
        *,
        sends_mail: bool,
    ) -> None:
        self._notifications = notifications
        self._users = users
        self._rosters = rosters
        self._sends_mail = sends_mail

    def hear(self, act: Act) -> None:
        """Notify those an act concerns, except who did it."""
        if act.action in _DECIDED:
            self._close_question(act)
        for recipient in self._recipients(act):
            self._notify(recipient, act)

    def _recipients(self, act: Act) -> list[str]:
        told_already = "at_once" in act.details or "request" in act.details  # by the answer, by the request
        if act.archive is None or act.subject is None or told_already:
            return []
        if act.action == "access.requested":
            roster = self._rosters.get(act.archive)
            return [] if roster is None else [each for each in roster.editors if each != act.actor.id]
        concerned = act.action in _CONCERNS_ITS_SUBJECT and act.subject.id != act.actor.id
        return [act.subject.id] if concerned else []

    def _notify(self, recipient: str, act: Act) -> None:
        user = self._users.get(recipient)
        if user is None or act.subject is None or _is_muted(user, act):
            return
        made = Notification(
            id=derived_id("notification", act.id, recipient),
            user=recipient,
            kind=act.action,
            archive=act.archive,
            actor=act.actor,
            subject=act.subject,
            text=act.details.get("reason", "") or act.details.get("role", ""),
            at=act.at,
            mail_at=mail_at(user, act.at, sends_mail=self._sends_mail),
        )
        with suppress(Duplicate):
            self._notifications.add(made)

    def _close_question(self, act: Act) -> None:
        """Take the question off the editors' lists: it is answered, or was withdrawn."""
        subject: Person | None = act.subject
        asked = {
            "archive": act.archive,
            "kind": "access.requested",
            "subject": subject.id if subject else None,
            "read": False,
        }
        for open_one in self._notifications.find(asked):
            if open_one.at <= act.at:
                self._notifications.change(open_one.id, Notification.mark_read)


def mail_at(user: User, at: datetime, *, sends_mail: bool) -> datetime | None:
    """Return when a letter about something of now is due; None if nobody sends or wants one."""
    if not (sends_mail and user.email and user.active) or user.mail is Mail.OFF:
        return None
    return at if user.mail is Mail.INSTANT else next_digest(at)


def _is_muted(user: User, act: Act) -> bool:
    """Tell whether somebody does not want to hear of what others ask; what is done to themselves they always hear."""
    return act.action == "access.requested" and act.archive in user.muted


def next_digest(at: datetime) -> datetime:
    """Return when the next summary is sent."""
    today = at.replace(hour=DIGEST_HOUR, minute=0, second=0, microsecond=0)
    return today if at < today else today + timedelta(days=1)


def list_notifications(
    directory: Directory, caller: Identity, *, unread: bool, skip: int, limit: int
) -> tuple[int, list[Notification]]:
    """Return how many notifications the caller has, and a page of them, newest first."""
    where = {"user": caller.id} | ({"read": False} if unread else {})
    found = directory.notifications.find(where, sort=[("at", -1)], skip=skip, limit=limit)
    return directory.notifications.count(where), found


def mark_read(directory: Directory, caller: Identity, identifier: str) -> Notification:
    """Note that the caller saw one of their notifications."""
    found = directory.notifications.require(identifier)
    if found.user != caller.id:
        raise NotFound(f"notification {identifier} may not be seen")
    return directory.notifications.change(identifier, Notification.mark_read)


def delete_notification(directory: Directory, caller: Identity, identifier: str) -> None:
    """Remove one of the caller's notifications."""
    found = directory.notifications.require(identifier)
    if found.user != caller.id:
        raise NotFound(f"notification {identifier} may not be seen")
    directory.notifications.delete(identifier)


def mark_all_read(directory: Directory, caller: Identity) -> None:
    """Note that the caller saw everything there is."""
    for found in directory.notifications.find({"user": caller.id, "read": False}):
        directory.notifications.change(found.id, Notification.mark_read)
