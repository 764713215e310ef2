"""Counts the items of an archive at the same cost, however many they are.

A few are counted when it is asked, and that is exact. An archive with more gets a tally (`archive_api.domain.tally`) the
first time somebody asks, and from then on keeps it by what it hears of its items: such a number may lag behind by the
time an event takes.
"""

from contextlib import suppress

from archive_api.domain.tally import Tally, items_in, portion_of
from archive_api.use_cases.library import Library
from archive_shared.documents import one_of
from archive_shared.errors import Duplicate

FEW = 1000
_AT_ONCE = (
    8  # portions; what is counted while others change the tally is counted again, so it must be soon done
)


def count_items(library: Library, archive: str) -> int:
    """Return how many items an archive holds; exact below `FEW`."""
    few = library.items.count({"archive": archive, "deleted": False}, limit=FEW)
    return few if few < FEW else max(_tally(library, archive).total, FEW)


def count_items_of(library: Library, archives: frozenset[str]) -> int:
    """Return how many items several archives hold together; those with many cost a look-up each."""
    wanted = sorted(archives)
    few = library.items.count({"archive": one_of(wanted), "deleted": False}, limit=FEW)
    return few if few < FEW else sum(count_items(library, archive) for archive in wanted)


def recount(library: Library, archive: str, item: str) -> None:
    """Count anew where an item came or went, if the archive has a tally."""
    if library.tallies.get(archive) is not None:
        library.tallies.change(archive, lambda tally: _look_up(library, tally, [portion_of(item)]))


def _tally(library: Library, archive: str) -> Tally:
    """Return the tally of an archive, begun and completed if it must be."""
    tally = library.tallies.get(archive)
    if tally is None:
        with suppress(Duplicate):
            library.tallies.add(Tally(id=archive))
        tally = library.tallies.require(archive)
    while tally.missing:
        tally = library.tallies.change(
            archive, lambda present: _look_up(library, present, present.missing[:_AT_ONCE])
        )
    return tally


def _look_up(library: Library, tally: Tally, portions: list[str]) -> None:
    tally.note({portion: library.items.count(items_in(tally.id, portion)) for portion in portions})
