"""Makes search entries anew that older versions of the platform wrote, which knew less that items are found by."""

from archive_api.domain.search_entry import SCHEME
from archive_api.use_cases.index_item import index_item
from archive_api.use_cases.library import Library
from archive_shared.documents import more_than, one_of

_BATCH = 500


def renew_entries(library: Library) -> None:
    """Make entries of older schemes anew; where there are none it costs a look."""
    older, behind = one_of([None, *range(SCHEME)]), ""
    while entries := library.search_entries.find(
        {"scheme": older, "_id": more_than(behind)}, sort=[("_id", 1)], limit=_BATCH
    ):
        for entry in entries:
            index_item(library, entry.item)
        behind = entries[-1].id
