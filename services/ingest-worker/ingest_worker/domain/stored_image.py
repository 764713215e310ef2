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
    originals
        Keys of the files of a slide as they came; None for images stored before they were noted here.
    deleted
        Whether it was deleted. The document stays, so that the import, done once more, does not bring it back.
    """

    session: str
    files: list[ImageFile]
    pixels_sha256: str
    originals: list[str] | None = None
    deleted: bool = False

    def delete(self) -> None:
        """Forget what is known of it; its objects are not its own any more."""
        self.files, self.originals, self.pixels_sha256, self.deleted = [], [], "", True

    def owns(self, key: str) -> bool:
        """Tell whether an object in the bucket `images` is one of its files, as far as is known."""
        if self.originals is None and SLIDE_FOLDER in key:
            return True
        return key in {file.key for file in self.files} or key in (self.originals or [])


SLIDE_FOLDER = "/slide/"


def is_ours(key: str) -> bool:
    """Tell whether imports write objects of this name, `<image>/<epoch>/…`; others are the tiler's."""
    parts = key.split("/")
    return len(parts) > 2 and parts[1].isdigit()


STORED_IMAGES = Collection(
    "images",
    fields={"session": "session", "pixels_sha256": "pixels_sha256", **OUTBOX_FIELDS},
    indexes=[("session",), ("pixels_sha256",), OUTBOX_INDEX],
)
