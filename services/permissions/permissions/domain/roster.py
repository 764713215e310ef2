"""Who has which roles on one archive.

One document per archive, so that "at least one editor, always" needs no second document to be true.
About 60 bytes per member: a thousand members are read in well under a millisecond.
"""

from dataclasses import dataclass, field

from archive_shared.documents import Aggregate, Collection
from archive_shared.documents.repository import OUTBOX_FIELDS, OUTBOX_INDEX
from archive_shared.errors import Conflict
from archive_shared.events import RoleGranted, RoleRevoked
from permissions.domain.role import Role


@dataclass(kw_only=True)
class Roster(Aggregate):
    """The members of an archive; its identifier is the archive's.

    Parameters
    ----------
    roles
        Roles by identifier of the user, in the order they were granted; nobody is listed without one.
    members
        The same users as a list, which is what can be searched.
    """

    roles: dict[str, list[Role]] = field(default_factory=dict)
    members: list[str] = field(default_factory=list)

    def of(self, user: str) -> list[Role]:
        """Return the roles of a user, none for strangers."""
        return self.roles.get(user, [])

    def grant(self, user: str, role: Role, *, by: str) -> None:
        """Give a role; giving it again changes nothing and announces nothing."""
        if role in self.of(user):
            return
        self.roles[user] = [*self.of(user), role]
        self.members = list(self.roles)
        self.record(RoleGranted(archive=self.id, user=user, role=role.value, granted_by=by))

    def revoke(self, user: str, role: Role, *, by: str) -> None:
        """Take a role away; taking one that is not held changes nothing.

        Raises
        ------
        Conflict
            It would leave the archive without an editor.
        """
        if role not in self.of(user):
            return
        if role is Role.EDITOR and self._editors() == [user]:
            raise Conflict("An archive keeps at least one editor; name another one first.")
        kept = [each for each in self.of(user) if each is not role]
        self.roles = {name: roles for name, roles in (self.roles | {user: kept}).items() if roles}
        self.members = list(self.roles)
        self.record(RoleRevoked(archive=self.id, user=user, role=role.value, revoked_by=by))

    def _editors(self) -> list[str]:
        return [user for user, roles in self.roles.items() if Role.EDITOR in roles]


ROSTERS = Collection("rosters", fields=OUTBOX_FIELDS, lists={"members": "members"}, indexes=[OUTBOX_INDEX])
