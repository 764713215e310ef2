"""Uploads: one file each, sent in parts straight to the blob store, resumable until it is complete."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from archive_shared.access import Caller
from archive_shared.documents import Aggregate, Collection, Where
from archive_shared.documents.repository import OUTBOX_FIELDS, OUTBOX_INDEX
from archive_shared.errors import Conflict, Invalid
from archive_shared.events import UploadCompleted
from ingest_worker.domain.files import is_one_line

LONGEST_FILENAME = 128


class UploadStatus(StrEnum):
    """How far an upload is; spelled as the public API shows it."""

    INITIALIZED = "Initialized"
    COMPLETED = "Completed"
    ABORTED = "Aborted"


@dataclass(kw_only=True)
class Upload(Aggregate):
    """A file somebody sends.

    Parameters
    ----------
    key
        Of its object in the bucket `uploads`.
    multipart_id
        Identifier of the multipart upload in the blob store; empty once it is aborted there.
    size_bytes
        Known when it is completed.
    session
        The upload session that imports it; one at the most, so that one file never becomes two items.
    removed_at
        When its bytes were removed, as nobody needs them any more; None while they are there.
    limit
        What the token it was made with is good for, see `Caller.limit`. It is in no archive yet, so it is for tokens of its
        creator that are good for the same archives, and for those that are good for everything.
    """

    creator: str
    filename: str
    key: str
    multipart_id: str
    status: UploadStatus
    created_at: datetime
    size_bytes: int | None = None
    session: str | None = None
    removed_at: datetime | None = None
    limit: str = ""

    def is_for(self, caller: Caller) -> bool:
        """Tell whether it is the caller's, and for the token they came with."""
        return self.creator == caller.id and (caller.everywhere or self.limit == caller.limit)

    def complete(self, *, size_bytes: int) -> None:
        """Close the upload and announce that its bytes are there; doing it again changes nothing."""
        if self.status is UploadStatus.COMPLETED:
            return
        self.require_open()
        self.status = UploadStatus.COMPLETED
        self.size_bytes = size_bytes
        self.record(UploadCompleted(upload=self.id, creator=self.creator, size_bytes=size_bytes))

    def abort(self) -> None:
        """Give the upload up; its bytes are forgotten.

        Raises
        ------
        Conflict
            It is already complete.
        """
        self.give_up()
        self.multipart_id = ""

    def give_up(self) -> None:
        """Take no more parts; its bytes are still to be forgotten. Raises like `abort`."""
        if self.status is UploadStatus.COMPLETED:
            raise Conflict("The upload is complete; it can no longer be aborted.")
        self.status = UploadStatus.ABORTED

    def remove(self, *, at: datetime) -> None:
        """Note that its bytes go, however far it got."""
        if self.status is UploadStatus.INITIALIZED:
            self.status = UploadStatus.ABORTED
        self.removed_at = self.removed_at or at

    @property
    def has_parts(self) -> bool:
        """Tell whether parts of it may be in the blob store."""
        return self.status is not UploadStatus.COMPLETED and self.multipart_id != ""

    def require_open(self) -> None:
        """Raise `Conflict` unless parts may still be added."""
        if self.status is not UploadStatus.INITIALIZED:
            raise Conflict(f"The upload is {self.status.value.lower()}; it takes no more parts.")


UPLOADS = Collection(
    "uploads",
    fields={
        "creator": "creator",
        "limit": "limit",
        "identifier": "_id",
        "identifier_to": "_id",
        "created_at": "created_at",
        "removed_at": "removed_at",
        **OUTBOX_FIELDS,
    },
    indexes=[
        ("creator", "created_at"),
        ("creator", "limit", "created_at"),
        ("creator", "identifier"),
        ("removed_at", "created_at"),
        OUTBOX_INDEX,
    ],
)


def uploads_for(caller: Caller) -> Where:
    """Return the condition for what `Upload.is_for` tells."""
    return {"creator": caller.id} | ({} if caller.everywhere else {"limit": caller.limit})


def checked_filename(text: str) -> str:
    """Return the name if it is a plain file name.

    Raises
    ------
    Invalid
        It is empty, longer than 128 characters, names a folder, or holds control characters.
    """
    if not text or len(text) > LONGEST_FILENAME:
        raise Invalid({"filename": [f"Use 1 to {LONGEST_FILENAME} characters."]})
    if "/" in text or "\\" in text or text in (".", "..") or not is_one_line(text):
        raise Invalid({"filename": [f"{text!r} is not a valid filename: it must be a name, not a path."]})
    return text
