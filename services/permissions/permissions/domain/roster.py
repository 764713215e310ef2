"""Who has which roles on one archive.

One document per archive, so that "at least one editor, always" needs no second document to be true.
About 40 bytes per role: a thousand members are read in well under a millisecond.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from archive_shared.documents import Collection
from archive_shared.documents.repository import OUTBOX_FIELDS, OUTBOX_INDEX
from archive_shared.errors import Conflict
from archive_shared.events import RoleGranted, RoleRevoked
from permissions.domain.act import AUDITED_FIELDS, AUDITED_INDEX, Audited
from permissions.domain.person import Person
from permissions.domain.role import Role


@dataclass(kw_only=True)
class Roster(Audited):
    """The members of an archive; its identifier is the archive's.

    Parameters
    ----------
    editors, uploaders, users
        Identifiers of those who hold the role, in the order it was granted.
    closed
        Whether the archive was deleted. Who held a role may still hear of that, and nobody gets one any more.
    """

    editors: list[str] = field(default_factory=list)
    uploaders: list[str] = field(default_factory=list)
    users: list[str] = field(default_factory=list)
    closed: bool = False

    def close(self) -> None:
        """Note that the archive was deleted; for good."""
        self.closed = True

    def holders(self) -> Mapping[Role, list[str]]:
        """Return who holds each role."""
        return {Role.EDITOR: self.editors, Role.UPLOADER: self.uploaders, Role.USER: self.users}

    def members(self) -> list[str]:
        """Return everybody with a role, editors first."""
        return list(dict.fromkeys([*self.editors, *self.uploaders, *self.users]))

    def of(self, user: str) -> list[Role]:
        """Return the roles of a user, none for strangers."""
        return [role for role, holders in self.holders().items() if user in holders]

    def grant(self, user: Person, role: Role, *, by: Person, at: datetime, **details: str) -> None:
        """Give a role; giving it again changes nothing and announces nothing. `details` go into the audit trail."""
        holders = self.holders()[role]
        if user.id in holders:
            return
        holders.append(user.id)
        self.record(RoleGranted(archive=self.id, user=user.id, role=role.value, granted_by=by.id))
        self.note("role.granted", by=by, at=at, archive=self.id, subject=user, role=role.value, **details)

    def revoke(self, user: Person, role: Role, *, by: Person, at: datetime) -> None:
        """Take a role away; taking one that is not held changes nothing.

        Raises
        ------
        Conflict
            It would leave the archive without an editor.
        """
        holders = self.holders()[role]
        if user.id not in holders:
            return
        if role is Role.EDITOR and len(holders) == 1:
            raise Conflict("An archive keeps at least one editor; name another one first.")
        holders.remove(user.id)
        self.record(RoleRevoked(archive=self.id, user=user.id, role=role.value, revoked_by=by.id))
        self.note("role.revoked", by=by, at=at, archive=self.id, subject=user, role=role.value)


ROSTERS = Collection(
    "rosters",
    fields=OUTBOX_FIELDS | AUDITED_FIELDS,
    lists={"editors": "editors", "uploaders": "uploaders", "users": "users"},
    indexes=[OUTBOX_INDEX, AUDITED_INDEX],
)
FIELD_OF: Mapping[Role, str] = {Role.EDITOR: "editors", Role.UPLOADER: "uploaders", Role.USER: "users"}
