"""Somebody asks for access to an archive. One document per person and archive, however often they ask."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from archive_shared.documents import Collection
from archive_shared.documents.repository import OUTBOX_FIELDS, OUTBOX_INDEX
from archive_shared.errors import Conflict
from archive_shared.events import AccessAccepted, AccessRejected, AccessRequested
from archive_shared.identifiers import derived_id
from permissions.domain.act import AUDITED_FIELDS, AUDITED_INDEX, Audited
from permissions.domain.person import RULE, Person

MOST_WITHDRAWN = 3
"""So often a request may be taken back and made again at once."""


class State(StrEnum):
    """What became of a request."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, kw_only=True)
class Asking:
    """What somebody says when they ask: a message, and the version of the terms they accept."""

    message: str = ""
    terms_version: int = 0


@dataclass(kw_only=True)
class AccessRequest(Audited):
    """A request and what became of it.

    Parameters
    ----------
    reason
        Why it was rejected; shown to who asked.
    refused
        Whether an editor ever said no; from then on no rule says yes by itself.
    unsettled
        Whether it is accepted but the role was not given yet, the moment between two writes.
    withdrawn
        How often in a row it was taken back: each time it is made again, all editors are told.
    """

    archive: str
    user: Person
    asking: Asking
    requested_at: datetime
    state: State = State.PENDING
    reason: str = ""
    decided_at: datetime | None = None
    decided_by: Person | None = None
    refused: bool = False
    unsettled: bool = False
    withdrawn: int = 0

    @classmethod
    def make(cls, *, archive: str, user: Person, asking: Asking, at: datetime) -> "AccessRequest":
        """Return somebody's first request; it is to be put before the editors, or accepted at once."""
        return cls(
            id=request_id(archive, user.id), archive=archive, user=user, asking=asking, requested_at=at
        )

    def ask_again(self, asking: Asking, *, at: datetime, cool_down: timedelta) -> None:
        """Ask once more, with other words; likewise.

        Raises
        ------
        Conflict
            It is pending, or was rejected or taken back too often a short while ago.
        """
        if self.state is State.PENDING:
            raise Conflict("You have asked already; the editors will decide.")
        if self.state is State.REJECTED and at < self.may_ask_again_at(cool_down):
            when = self.may_ask_again_at(cool_down).date().isoformat()
            raise Conflict(f"Your request was rejected; you may ask again on {when}.")
        if self.state is not State.WITHDRAWN or at >= self.may_ask_again_at(cool_down):
            self.withdrawn = 0
        if self.withdrawn >= MOST_WITHDRAWN:
            when = self.may_ask_again_at(cool_down).date().isoformat()
            raise Conflict(f"You took your request back {self.withdrawn} times; you may ask again on {when}.")
        self.asking, self.requested_at = asking, at
        self.state, self.reason, self.decided_at, self.decided_by = State.PENDING, "", None, None

    def put_before_editors(self, *, at: datetime) -> None:
        """Let them decide."""
        self.record(AccessRequested(request=self.id, archive=self.archive, user=self.user.id))
        version = str(self.asking.terms_version)
        self.note(
            "access.requested",
            by=self.user,
            at=at,
            archive=self.archive,
            subject=self.user,
            terms_version=version,
        )

    def accept_at_once(self, *, at: datetime) -> None:
        """Say yes by the rule of the archive, before any editor is bothered."""
        self._accept(RULE, at, at_once="true", terms_version=str(self.asking.terms_version))

    def may_ask_again_at(self, cool_down: timedelta) -> datetime:
        return (self.decided_at or self.requested_at) + cool_down

    def accept(self, *, by: Person, at: datetime) -> None:
        """Say yes; the role is given next."""
        self._require_pending()
        self._accept(by, at)

    def reject(self, reason: str, *, by: Person, at: datetime) -> None:
        """Say no, to a request that is pending."""
        self._require_pending()
        self._refuse(reason, by, at)

    def close_after_removal(self, *, by: Person, at: datetime) -> None:
        """Note that an editor took the role away, which is a no to whatever was asked."""
        self._refuse("", by, at)

    def withdraw(self, *, by: Person, at: datetime) -> None:
        self._require_pending()
        self._decide(State.WITHDRAWN, by, at)
        self.withdrawn += 1
        self.note("access.withdrawn", by=by, at=at, archive=self.archive, subject=self.user)

    def settle(self) -> None:
        """Note that the role is given."""
        self.unsettled = False

    def _accept(self, by: Person, at: datetime, **details: str) -> None:
        self._decide(State.ACCEPTED, by, at)
        self.unsettled = True
        self.record(
            AccessAccepted(request=self.id, archive=self.archive, user=self.user.id, accepted_by=by.id)
        )
        self.note("access.accepted", by=by, at=at, archive=self.archive, subject=self.user, **details)

    def _refuse(self, reason: str, by: Person, at: datetime) -> None:
        self._decide(State.REJECTED, by, at)
        self.reason, self.refused, self.unsettled = reason, True, False
        self.record(
            AccessRejected(request=self.id, archive=self.archive, user=self.user.id, rejected_by=by.id)
        )
        self.note("access.rejected", by=by, at=at, archive=self.archive, subject=self.user, reason=reason)

    def _decide(self, state: State, by: Person, at: datetime) -> None:
        self.state, self.decided_by, self.decided_at = state, by, at

    def _require_pending(self) -> None:
        if self.state is not State.PENDING:
            raise Conflict(f"The request is {self.state.value} already.")


def request_id(archive: str, user: str) -> str:
    """Return the identifier of the request of one person for one archive."""
    return derived_id("access request", archive, user)


REQUESTS = Collection(
    "requests",
    fields={
        "archive": "archive",
        "user": "user.id",
        "state": "state",
        "unsettled": "unsettled",
        "requested_at": "requested_at",
        **OUTBOX_FIELDS,
        **AUDITED_FIELDS,
    },
    indexes=[
        ("archive", "state", "requested_at"),
        ("user", "requested_at"),
        ("state", "user"),
        ("unsettled",),
        OUTBOX_INDEX,
        AUDITED_INDEX,
    ],
)
