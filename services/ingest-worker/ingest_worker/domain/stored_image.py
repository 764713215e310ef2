"""Images as the ingest worker keeps them: where their bytes are, and the event that tells everybody."""

from dataclasses import dataclass

from archive_shared.documents import Aggregate, Collection
from archive_shared.documents.repository import OUTBOX_FIELDS, OUTBOX_INDEX
from archive_shared.events import ImageFile


@dataclass(kw_only=True)
class StoredImage(Aggregate):
    """An image in the bucket `images`, canonical or a slide as it came.

    Parameters
    ----------
    session
        The upload session it came from; its identifier is derived from that and from its source files, so
        that importing them again finds it.
    """

    session: str
    files: list[ImageFile]
    pixels_sha256: str


STORED_IMAGES = Collection(
    "images",
    fields={"session": "session", "pixels_sha256": "pixels_sha256", **OUTBOX_FIELDS},
    indexes=[("session",), ("pixels_sha256",), OUTBOX_INDEX],
)
