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
    """

    last_found_at: datetime


DELETED_IMAGES = Collection("deleted_images")
