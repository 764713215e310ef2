"""Keeps anybody from filling the store: what their uploads take is looked at when one is completed."""

from contextlib import suppress
from dataclasses import dataclass

from archive_shared.documents import Repository
from archive_shared.errors import Duplicate, Forbidden
from ingest_worker.domain.upload import Upload
from ingest_worker.domain.usage import Usage, portion_of, uploads_in

_MB = 10**6


@dataclass(frozen=True)
class Quota:
    """How many bytes the uploads of one user may take.

    Parameters
    ----------
    most_bytes
        0 sets no limit, and keeps no account.
    """

    usages: Repository[Usage]
    uploads: Repository[Upload]
    most_bytes: int = 0

    def require_room(self, user: str, size_bytes: int) -> None:
        """Raise `Forbidden` when so many bytes more are too many.

        Uploads completed in the same moment do not see one another: together they may exceed the limit, once.
        """
        if not self.most_bytes:
            return
        usage = self.usages.get(user)
        used_bytes = usage.size_bytes if usage else 0
        if used_bytes + size_bytes > self.most_bytes:
            raise Forbidden(
                f"There is no room for {_mb(size_bytes)} MB: your uploads take {_mb(used_bytes)} of"
                f" {_mb(self.most_bytes)} MB. Import them, or wait until unused ones are removed."
            )

    def recount(self, upload: Upload) -> None:
        """Add up anew what the uploads of a user take, where this one came or went."""
        if not self.most_bytes:
            return
        with suppress(Duplicate):
            self.usages.add(Usage(id=upload.creator))
        portion = portion_of(upload.id)
        self.usages.change(
            upload.creator,
            lambda usage: usage.note(portion, self.uploads.find(uploads_in(upload.creator, portion))),
        )


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / _MB:,.1f}"
