"""Departures: what is left of an image that was removed. An import delivered once more must not bring it back."""

from dataclasses import dataclass
from datetime import datetime

from archive_shared.documents import Aggregate, Collection
from archive_shared.documents.repository import OUTBOX_FIELDS, OUTBOX_INDEX
from archive_shared.events import ImageDeleted


@dataclass(kw_only=True)
class Departure(Aggregate):
    """That an image is gone for good; its identifier is the image's. Nothing else is known of it any more."""

    at: datetime

    @classmethod
    def of(cls, image: str, *, at: datetime) -> "Departure":
        """Return a departure that announces itself: whoever keeps something of the image removes that."""
        departure = cls(id=image, at=at)
        departure.record(ImageDeleted(image=image))
        return departure


DEPARTURES = Collection("departures", fields={**OUTBOX_FIELDS}, indexes=[OUTBOX_INDEX])
