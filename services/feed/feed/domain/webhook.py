"""Webhooks: an address that is called with every event its owner may see and asked for."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from archive_shared.documents import Aggregate, Collection
from feed.domain.selection import Selection
from feed.domain.signature import new_secret

MOST_PER_OWNER = 20
OLD_SECRET_LIVES = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class Secret:
    """What calls are signed with; `retires_at` once it was replaced. Shown to the owner once, never logged."""

    value: str = field(repr=False)
    retires_at: datetime | None = None


@dataclass(kw_only=True)
class Webhook(Aggregate):
    """A webhook.

    Parameters
    ----------
    owner
        Identifier of the user in whose name, and with whose rights of the moment, events are sent.
    types, archive
        What is asked for, as in `Selection`.
    position
        Everything in the feed up to here was looked at and, where it is to be sent, queued.
    active, reason
        Whether it is called; why not, when it was stopped.
    """

    owner: str
    url: str
    types: list[str]
    archive: str | None
    position: int
    created_at: datetime
    secrets: list[Secret] = field(default_factory=list)
    active: bool = True
    reason: str = ""

    @property
    def selection(self) -> Selection:
        return Selection(tuple(self.types), self.archive)

    def replace_secret(self, now: datetime) -> str:
        """Make up a new secret and return it; the one before signs for another day, so that no call is refused."""
        secret = new_secret()
        older = [Secret(value=old.value, retires_at=now + OLD_SECRET_LIVES) for old in self.secrets[:1]]
        self.secrets = [Secret(value=secret), *older]
        return secret

    def signing_secrets(self, now: datetime) -> list[str]:
        return [each.value for each in self.secrets if each.retires_at is None or now < each.retires_at]

    def advance(self, position: int) -> None:
        self.position = max(self.position, position)

    def stop(self, reason: str) -> None:
        """Call it no more until its owner wants it again."""
        self.active, self.reason = False, reason

    def resume(self) -> None:
        self.active, self.reason = True, ""


WEBHOOKS = Collection(
    "webhooks",
    fields={"owner": "owner", "active": "active", "position": "position", "created_at": "created_at"},
    indexes=[("owner", "created_at"), ("active", "position")],
)
