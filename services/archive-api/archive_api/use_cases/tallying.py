"""Keeps numbers about the items of an archive that are too many to look at: `archive_api.domain.tally` tells how."""

from collections.abc import Callable
from contextlib import suppress

from archive_api.domain.tally import Tally, portion_of
from archive_shared.documents import Repository
from archive_shared.errors import Duplicate

_AT_ONCE = (
    8  # portions; what is looked up while others change the tally is looked up again, so it must be soon done
)

Portion = Callable[[str], int]
"""Looks up the number of a portion as it is now."""


def total(tallies: Repository[Tally], archive: str, look_up: Portion) -> int:
    """Return the number of a whole archive; the first time somebody asks, every portion is looked up."""
    tally = tallies.get(archive)
    if tally is None:
        with suppress(Duplicate):
            tallies.add(Tally(id=archive))
        tally = tallies.require(archive)
    while tally.missing:
        tally = tallies.change(archive, lambda present: _note(present, present.missing[:_AT_ONCE], look_up))
    return tally.total


def renew(tallies: Repository[Tally], archive: str, item: str, look_up: Portion) -> None:
    """Look up anew where an item of an archive changed, came or went, if there is a tally to be kept."""
    if tallies.get(archive) is not None:
        tallies.change(archive, lambda tally: _note(tally, [portion_of(item)], look_up))


def _note(tally: Tally, portions: list[str], look_up: Portion) -> None:
    tally.note({portion: look_up(portion) for portion in portions})
