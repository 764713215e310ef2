"""Viewings: what a viewer elsewhere is given to look at one item with, instead of somebody's own token.

A viewing is no permission. It holds the token of the person who opened the item, sealed, so that nobody but the platform can read
it, and whoever is shown a viewing asks permissions about that token, every time: what the person may not see any more, their
viewer does not see either. It is good for reading one item, and what that item holds; a route that does not know
viewings finds no token in one. A link to a viewer holds one that has to be exchanged within minutes.
"""

import json
from dataclasses import asdict, dataclass
from typing import Protocol

from archive_shared.clock import Clock
from archive_shared.errors import Unauthenticated

PREFIX = "view_"
START_WITHIN_S = 300
LASTS_S = 10_000
"""As long as a session of the reference's viewers at the most; then the person opens the item again."""

PURPOSE = b"viewings"


class Seals(Protocol):
    """Encloses what nobody else may read or change."""

    def seal(self, body: bytes) -> str: ...

    def unseal(self, sealed: str) -> bytes | None:
        """Return what is in it, None if it was not sealed by us."""
        ...


@dataclass(frozen=True, kw_only=True)
class Viewing:
    """What a viewing says.

    Parameters
    ----------
    token
        Of the person who opened the item.
    started
        Whether it was exchanged; else it is good for nothing but that.
    expires_at_s
        In seconds since 1970.
    """

    token: str
    item: str
    started: bool
    expires_at_s: int


@dataclass(frozen=True)
class ViewingOffice:
    """Issues and reads viewings. Thread-safe."""

    seals: Seals
    clock: Clock

    def issue(self, token: str, item: str, *, started: bool) -> tuple[Viewing, str]:
        """Return a viewing, and how it is written."""
        lasts_s = LASTS_S if started else START_WITHIN_S
        expires_at_s = int(self.clock.now().timestamp()) + lasts_s
        issued = Viewing(token=token, item=item, started=started, expires_at_s=expires_at_s)
        return issued, PREFIX + self.seals.seal(json.dumps(asdict(issued)).encode())

    def read(self, written: str | None) -> Viewing | None:
        """Return what a viewing says, None for what is none, such as a token.

        Raises
        ------
        Unauthenticated
            We did not write it, or its time is over.
        """
        if written is None or not written.startswith(PREFIX):
            return None
        body = self.seals.unseal(written.removeprefix(PREFIX))
        found = None if body is None else Viewing(**json.loads(body))
        if found is None or found.expires_at_s <= self.clock.now().timestamp():
            raise Unauthenticated("The viewing is not valid (any more).")
        return found

    def token_in(self, written: str) -> str:
        """Return the token that permissions is asked about: that of a viewing that has begun, or what was written itself."""
        found = self.read(written)
        if found is None:
            return written
        if not found.started:
            raise Unauthenticated("The viewing has not begun.")
        return found.token
