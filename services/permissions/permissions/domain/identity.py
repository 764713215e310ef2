"""Who is calling, and what the token they call with is good for."""

from collections.abc import Iterable
from dataclasses import dataclass

from archive_shared.access import Action
from permissions.domain.person import Person
from permissions.domain.role import READING
from permissions.domain.token import Token
from permissions.domain.user import User


@dataclass(frozen=True)
class Identity:
    """A user through one token.

    Parameters
    ----------
    writes
        Whether the token may change anything.
    archives
        The only archives the token is good for; None for all.
    token
        The token's own record; None when an identity provider vouches for the user.
    """

    user: User
    writes: bool = True
    archives: frozenset[str] | None = None
    token: Token | None = None

    @property
    def id(self) -> str:
        return self.user.id

    @property
    def person(self) -> Person:
        return self.user.person

    @property
    def administrator(self) -> bool:
        """Whether the power of an administrator comes with this token; one for some archives has none."""
        return self.user.administrator and self.archives is None

    def covers(self, archive: str) -> bool:
        return self.archives is None or archive in self.archives

    def limit(self, actions: Iterable[Action]) -> frozenset[Action]:
        """Return those of the actions that the token is good for."""
        return frozenset(actions) if self.writes else frozenset(actions) & READING
