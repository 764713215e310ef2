"""Counts the items of an archive at the same cost, however many they are.

A few are counted when it is asked, and that is exact. An archive with more gets a tally (`archive_api.domain.tally`) the
first time somebody asks, and from then on keeps it by what it hears of its items: such a number may lag behind by the
time an event takes.
"""

from archive_api.domain.tally import items_in
from archive_api.use_cases.library import Library
from archive_api.use_cases.tallying import Portion, renew, total
from archive_shared.documents import one_of

FEW = 1000


def count_items(library: Library, archive: str) -> int:
    """Return how many items an archive holds; exact below `FEW`."""
    few = library.items.count({"archive": archive, "deleted": False}, limit=FEW)
    return few if few < FEW else max(total(library.tallies, archive, _counting(library, archive)), FEW)


def count_items_of(library: Library, archives: frozenset[str]) -> int:
    """Return how many items several archives hold together; those with many cost a look-up each."""
    wanted = sorted(archives)
    few = library.items.count({"archive": one_of(wanted), "deleted": False}, limit=FEW)
    return few if few < FEW else sum(count_items(library, archive) for archive in wanted)


def recount(library: Library, archive: str, item: str) -> None:
    """Count anew where an item came or went, if the archive has a tally."""
    renew(library.tallies, archive, item, _counting(library, archive))


def _counting(library: Library, archive: str) -> Portion:
    return lambda portion: library.items.count(items_in(archive, portion))
