"""What permissions knows, as its use cases see it."""

from dataclasses import dataclass

from archive_shared.clock import Clock
from archive_shared.documents import Repository
from archive_shared.errors import Unauthenticated
from permissions.domain.roster import Roster
from permissions.domain.token import Token, digest
from permissions.domain.user import User


@dataclass(frozen=True)
class Directory:
    """Users, tokens and rosters, and the rule who may create archives."""

    users: Repository[User]
    tokens: Repository[Token]
    rosters: Repository[Roster]
    clock: Clock
    everybody_creates_archives: bool

    def identify(self, secret: str | None) -> User | None:
        """Return whose token this is, None without one; three indexed reads at the most.

        Raises
        ------
        Unauthenticated
            Nobody has this token.
        """
        if secret is None:
            return None
        found = self.tokens.find({"digest": digest(secret)}, limit=1)
        user = self.users.get(found[0].user) if found else None
        if user is None:
            raise Unauthenticated("Invalid token.")
        return user

    def require_user(self, secret: str | None) -> User:
        """Return whose token this is; raise `Unauthenticated` without a good one."""
        user = self.identify(secret)
        if user is None:
            raise Unauthenticated("Authentication credentials were not provided.")
        return user
