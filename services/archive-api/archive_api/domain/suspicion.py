"""Suspicions: objects of the bucket `media` that nothing refers to, as long as they wait to be removed."""

from dataclasses import dataclass
from datetime import datetime

from archive_shared.documents import Aggregate, Collection
from archive_shared.errors import Unavailable
from archive_shared.identifiers import derived_id


@dataclass(kw_only=True)
class Suspicion(Aggregate):
    """That nothing was found to refer to an object.

    Parameters
    ----------
    since
        Since when, as far as is known; begins anew whenever somebody is about to use the object.
    removing
        Whether the object is being removed right now, which cannot be taken back.
    """

    key: str
    since: datetime
    removing: bool = False

    @classmethod
    def about(cls, key: str, *, at: datetime) -> "Suspicion":
        return cls(id=suspicion_id(key), key=key, since=at)

    def allay(self, *, at: datetime) -> None:
        """Note that somebody is about to use the object.

        Raises
        ------
        Unavailable
            It is just being removed; store it again in a moment.
        """
        if self.removing:
            raise Unavailable("An unused file of the same content is just being removed; try again.")
        self.since = at

    def confirm(self, *, unused_since: datetime) -> None:
        """Begin the removal if nothing has used the object since then."""
        self.removing = self.removing or self.since <= unused_since


def suspicion_id(key: str) -> str:
    return derived_id("suspicion", key)


SUSPICIONS = Collection("suspicions", fields={"removing": "removing"}, indexes=[("removing",)])
