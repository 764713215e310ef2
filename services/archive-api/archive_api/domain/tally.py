"""Numbers about all items of an archive, how many they are and how much they hold, kept so that they are small work to renew.

Items and a number about them are different documents, which no store writes together. So a tally is never added to; it
is looked up, like every index here: what happened to an item makes the portion it belongs to be looked up anew, and the
compare-and-set lets one of two look-ups pass that overlap, so that the one stored last has seen every change.
Looking up a portion costs one 256th of the archive, reading the sum one small document.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from archive_shared.documents import Aggregate, Collection, Where, at_least, less_than

PORTIONS = tuple(f"{number:02x}" for number in range(256))
"""Identifiers are hexadecimal and random, so their first two digits part them evenly."""

_BEHIND_ALL_DIGITS = "~"


@dataclass(kw_only=True)
class Tally(Aggregate):
    """The tally of an archive, by whose identifier it is known.

    Parameters
    ----------
    numbers
        By portion; a portion that is missing was not looked up yet.
    lookups
        How often portions were looked up; it makes every look-up a change.
    """

    numbers: dict[str, int] = field(default_factory=dict)
    lookups: int = 0

    @property
    def missing(self) -> list[str]:
        return [portion for portion in PORTIONS if portion not in self.numbers]

    @property
    def total(self) -> int:
        return sum(self.numbers.values())

    def note(self, found: Mapping[str, int]) -> None:
        """Take over what was found just now."""
        self.numbers = {**self.numbers, **found}
        self.lookups += 1


TALLIES = Collection("tallies")
"""How many items an archive has."""

WEIGHTS = Collection("weights")
"""How many bytes an archive holds."""


def portion_of(item: str) -> str:
    """Return the portion an item belongs to, by its identifier."""
    return item[:2]


def items_in(archive: str, portion: str) -> Where:
    """Return the condition of the items that a portion consists of."""
    return {
        "archive": archive,
        "deleted": False,
        "identifier": at_least(portion),
        "identifier_to": less_than(portion + _BEHIND_ALL_DIGITS),
    }
