"""People the platform knows."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from archive_shared.documents import Collection
from archive_shared.documents.repository import OUTBOX_FIELDS, OUTBOX_INDEX
from archive_shared.errors import Invalid
from archive_shared.events import UserChanged, UserVerified
from permissions.domain.act import AUDITED_FIELDS, AUDITED_INDEX, Audited
from permissions.domain.person import Person

_USERNAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,149}")


class Mail(StrEnum):
    """How somebody wants to hear of things by e-mail."""

    INSTANT = "instant"
    DIGEST = "digest"
    OFF = "off"


class Creators(StrEnum):
    """Who may create archives beside administrators, as an installation decides."""

    EVERYONE = "everyone"
    VERIFIED = "verified"  # an administrator vouches for who they are
    LISTED = "listed"  # an administrator named them

    def include(self, user: "User") -> bool:
        """Tell whether somebody is one of them. Who was named is, whatever the rule."""
        if user.creates_archives or self is Creators.EVERYONE:
            return True
        return self is Creators.VERIFIED and user.verified


@dataclass(kw_only=True)
class User(Audited):
    """Somebody who may sign in.

    Parameters
    ----------
    username
        Lower case; what others type to give this person a role.
    number
        The same person as a whole number, from 1; some clients want numbers.
    verified
        Whether an administrator vouches for who this is.
    active
        Whether they may sign in at all.
    creates_archives
        Whether an administrator named them as somebody who may create archives.
    email
        Where they are told of things; "" for nowhere. They say so themselves, and nobody checks that it is theirs.
    vouched_email
        The address by which editors find them: as an administrator or the identity provider had it; "" for none.
    muted
        Archives they edit and do not want to hear the requests of.
    organisations
        Identifiers of the organisations they belong to. Belonging gives no right on any archive.
    login
        `issuer subject` of the identity provider that knows them; None for those it does not.
    """

    username: str
    number: int
    administrator: bool
    created_at: datetime
    verified: bool = False
    active: bool = True
    creates_archives: bool = False
    email: str = ""
    vouched_email: str = ""
    mail: Mail = Mail.INSTANT
    muted: list[str] = field(default_factory=list)
    organisations: list[str] = field(default_factory=list)
    login: str | None = None

    @property
    def person(self) -> Person:
        return Person(self.id, self.username)

    def verify(self, verified: bool, *, by: Person, at: datetime) -> None:
        if verified == self.verified:
            return
        self.verified = verified
        self.record(UserVerified(user=self.id, verified=verified, verified_by=by.id))
        self.note("user.verified" if verified else "user.unverified", by=by, at=at, subject=self.person)

    def vouch_for_email(self, email: str) -> None:
        """Be found by this address from now on."""
        self.vouched_email = email.strip().lower()

    def join(self, organisations: Sequence[str], *, by: Person, at: datetime) -> None:
        """Belong to these organisations and to no others."""
        wanted = list(dict.fromkeys(organisations))
        if wanted != self.organisations:
            self.organisations = wanted
            self.note("user.joined", by=by, at=at, subject=self.person, organisations=" ".join(wanted))

    def name_creator(self, creates_archives: bool, *, by: Person, at: datetime) -> None:
        """Let them create archives where not everybody may, or no longer."""
        if creates_archives == self.creates_archives:
            return
        self.creates_archives = creates_archives
        self._tell_changed(by)
        now = str(creates_archives).lower()
        self.note("user.changed", by=by, at=at, subject=self.person, creates_archives=now)

    def set_state(self, *, active: bool, administrator: bool, by: Person, at: datetime) -> None:
        if (active, administrator) == (self.active, self.administrator):
            return
        self.active, self.administrator = active, administrator
        self._tell_changed(by)
        now = {"active": str(active).lower(), "administrator": str(administrator).lower()}
        self.note("user.changed", by=by, at=at, subject=self.person, **now)

    def _tell_changed(self, by: Person) -> None:
        self.record(
            UserChanged(user=self.id, active=self.active, administrator=self.administrator, changed_by=by.id)
        )


USERS = Collection(
    "users",
    fields={
        "username": "username",
        "number": "number",
        "administrator": "administrator",
        "verified": "verified",
        "vouched_email": "vouched_email",
        "login": "login",
        **OUTBOX_FIELDS,
        **AUDITED_FIELDS,
    },
    lists={"organisations": "organisations"},
    unique=[("username",), ("number",), ("login",)],
    indexes=[("administrator",), ("vouched_email",), OUTBOX_INDEX, AUDITED_INDEX],
)


def normalised_username(text: str) -> str:
    """Return the spelling a username is kept in.

    Raises
    ------
    Invalid
        It is not made of 1 to 150 letters, digits and ``._@+-``, beginning with a letter or digit.
    """
    username = text.strip().lower()
    if not _USERNAME.fullmatch(username):
        raise Invalid({"username": ["Use 1 to 150 letters, digits and . _ @ + - only."]})
    return username


def usable_username(text: str) -> str:
    """Return what an identity provider calls somebody as a username, as close as it goes."""
    kept = re.sub(r"[^a-z0-9._@+-]", "-", text.strip().lower()).lstrip("._@+-")
    return kept[:140] or "user"
