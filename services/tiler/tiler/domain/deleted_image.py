"""Marks of images that are gone for good, so that nothing is made of them any more, however late it was ordered."""

from dataclasses import dataclass
from datetime import datetime

from archive_shared.documents import Aggregate, Collection


@dataclass(kw_only=True)
class DeletedImage(Aggregate):
    """One image that is gone; the mark stays when everything else of it has been deleted.

    Parameters
    ----------
    last_found_at
        When something of it was last there to be deleted.
    settled
        Whether it was looked for once more, after the last worker had to have ended, and nothing was found.
    """

    last_found_at: datetime
    settled: bool = False

    def found(self, at: datetime) -> None:
        """Note that something of it was there, so that it has to be looked for again."""
        self.last_found_at, self.settled = at, False

    def settle(self) -> None:
        self.settled = True


DELETED_IMAGES = Collection("deleted_images", fields={"settled": "settled"}, indexes=[("settled",)])
