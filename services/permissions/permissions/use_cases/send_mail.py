"""Sends the e-mails that are due, everything for one person in one letter."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Protocol

from archive_shared.clock import to_text
from archive_shared.documents import at_most
from archive_shared.errors import Unavailable
from permissions.domain.notification import Notification
from permissions.domain.user import Mail, User
from permissions.use_cases.directory import Directory

_MOST_AT_ONCE = 500
_SENTENCES = {
    "access.requested": "{subject} asks for access to an archive you edit.",
    "access.accepted": "Your request for access to an archive was accepted.",
    "access.rejected": "Your request for access to an archive was rejected.",
    "role.granted": "{actor} gave you a role on an archive: {text}.",
    "role.revoked": "{actor} took a role on an archive from you: {text}.",
    "import.succeeded": "An import of yours is done.",
    "import.partial": "An import of yours is done; some of its files were refused.",
    "import.failed": "An import of yours failed.",
}


@dataclass(frozen=True)
class Letter:
    """An e-mail. It says what happened and where to look, and nothing of what is in an archive."""

    to: str
    subject: str
    text: str


class Post(Protocol):
    """Whatever takes letters."""

    def send(self, letter: Letter) -> None:
        """Hand one over; raise `Unavailable` when it is not taken now."""
        ...


@dataclass(frozen=True)
class Sent:
    """How many letters were taken, and how many were not and stay due."""

    taken: int
    refused: int


def send_due_mail(directory: Directory, post: Post, *, public_url: str) -> Sent:
    """Send what is due now. One at a time may do this.

    A letter that is not taken stays due and holds up nobody else's. One that was taken just before we died is
    sent again: twice is better than never.
    """
    now = to_text(directory.clock.now())
    due = directory.notifications.find({"mail_at": at_most(now)}, sort=[("mail_at", 1)], limit=_MOST_AT_ONCE)
    by_user = groupby(sorted(due, key=attrgetter("user")), key=attrgetter("user"))
    sent = [_send(directory, post, user, list(about), public_url) for user, about in by_user]
    return Sent(taken=sent.count(True), refused=sent.count(False))


def _send(
    directory: Directory, post: Post, identifier: str, about: Sequence[Notification], public_url: str
) -> bool | None:
    """Tell whether a letter was taken, None if nobody wants it any more."""
    user = directory.users.get(identifier)
    wanted = user is not None and user.active and bool(user.email) and user.mail is not Mail.OFF
    if user is not None and wanted:
        try:
            post.send(letter_to(user, about, public_url=public_url))
        except Unavailable:
            return False
    for notification in about:
        directory.notifications.change(notification.id, Notification.mark_mailed)
    return True if wanted else None


def letter_to(user: User, about: Sequence[Notification], *, public_url: str) -> Letter:
    """Write a letter about some notifications."""
    lines = [f"- {_sentence(each)}\n  {public_url}/{_page(each)}" for each in about]
    subject = _sentence(about[0]) if len(about) == 1 else f"{len(about)} things about your archives"
    text = (
        f"Hello {user.username},\n\n"
        + "\n".join(lines)
        + f"\n\nHow often you get such letters you set at {public_url}/notifications/\n"
    )
    return Letter(user.email, subject, text)


def _page(notification: Notification) -> str:
    is_told_there = notification.archive and not notification.kind.startswith("import.")
    return f"archives/{notification.archive}/" if is_told_there else "notifications/"


def _sentence(notification: Notification) -> str:
    sentence = _SENTENCES.get(notification.kind, "Something changed on an archive of yours.")
    return sentence.format(
        subject=notification.subject.username,
        actor=notification.actor.username,
        text=notification.text,
    )
