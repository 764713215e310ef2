"""What earlier events told about images and sessions, so that later ones, which only name them, find their audience.

An image may be seen by whoever may use an archive one of whose items holds it, and by its uploader while no item does:
the rule of archive-api. Until an item was heard of, the archive it was uploaded for counts as holding it.
"""

from dataclasses import dataclass, field

from archive_shared.documents import Aggregate, Collection
from feed.domain.audience import Audience


@dataclass(frozen=True, kw_only=True)
class Holding:
    """The last word of an item about an image: in which archive it holds it, or None when it holds it no more."""

    sequence: int
    archive: str | None


@dataclass(kw_only=True)
class Whereabouts(Aggregate):
    """What is known of one image or session; its identifier is made by `key`.

    Parameters
    ----------
    archive
        Which one an image was uploaded for.
    target
        Which one a session is for; nobody hears of it for that, but its creator with a token for that archive only.
    holders
        By item. Events of an item carry a sequence, so late and repeated ones change nothing.
    """

    creator: str | None = None
    archive: str | None = None
    target: str | None = None
    holders: dict[str, Holding] = field(default_factory=dict)

    def note_origin(self, *, creator: str, archive: str | None = None, target: str | None = None) -> None:
        self.creator, self.archive = creator, archive
        self.target = target or self.target  # older events do not tell it

    def note_holder(self, item: str, archive: str | None, *, sequence: int) -> None:
        """Take an item's word for it, unless a later one was heard."""
        present = self.holders.get(item)
        if present is None or present.sequence < sequence:
            self.holders = {**self.holders, item: Holding(sequence=sequence, archive=archive)}

    def audience(self) -> Audience:
        people = (self.creator,) if self.creator else ()
        within = (self.target,) if self.target else ()
        if not self.holders:
            return Audience(members=(self.archive,) if self.archive else (), people=people, within=within)
        archives = tuple(sorted({held.archive for held in self.holders.values() if held.archive}))
        return Audience(members=archives) if archives else Audience(people=people)


WHEREABOUTS = Collection("whereabouts")


def key(kind: str, identifier: str) -> str:
    return f"{kind}:{identifier}"
