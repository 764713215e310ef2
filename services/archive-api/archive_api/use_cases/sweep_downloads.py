"""Removes the plans of downloads whose time is over, with everything stored for them."""

from archive_api.domain.download import folder_of
from archive_api.use_cases.library import Library
from archive_shared.clock import to_text
from archive_shared.documents import less_than

_AT_ONCE = 20


def sweep_downloads(library: Library) -> None:
    """Remove plans that are over; nobody is given anything of them any more."""
    over = {"expires_at": less_than(to_text(library.clock.now()))}
    while downloads := library.downloads.find(over, limit=_AT_ONCE):
        for download in downloads:
            for blob in list(library.media_blobs.list(folder_of(download.id))):
                library.media_blobs.delete(blob.key)
            library.downloads.delete(download.id)
