"""How many bytes somebody's uploads take, kept as numbers that are small work to add up again.

Uploads and their sum are different documents, which no store writes together. So the sum is never added to: whenever an upload
comes or goes, the portion it belongs to is added up anew, and the compare-and-set lets the one stored last have seen all.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from archive_shared.documents import Aggregate, Collection, Where, at_least, less_than
from ingest_worker.domain.upload import Upload, UploadStatus

_BEHIND_ALL_DIGITS = "~"


@dataclass(kw_only=True)
class Usage(Aggregate):
    """What a user's uploads take, by whose identifier it is known.

    Parameters
    ----------
    bytes_by_portion
        Sums by the first two digits of the uploads' identifiers, which are random.
    lookups
        How often a portion was added up; it makes each time a change.
    """

    bytes_by_portion: dict[str, int] = field(default_factory=dict)
    lookups: int = 0

    @property
    def size_bytes(self) -> int:
        return sum(self.bytes_by_portion.values())

    def note(self, portion: str, uploads: Iterable[Upload]) -> None:
        """Take over what uploads of a portion take now."""
        kept = (
            each.size_bytes or 0
            for each in uploads
            if each.status is UploadStatus.COMPLETED and each.removed_at is None
        )
        self.bytes_by_portion = {**self.bytes_by_portion, portion: sum(kept)}
        self.lookups += 1


USAGES = Collection("usages")


def portion_of(upload: str) -> str:
    """Return the portion an upload belongs to, by its identifier."""
    return upload[:2]


def uploads_in(creator: str, portion: str) -> Where:
    """Return the condition of a user's uploads in a portion."""
    return {
        "creator": creator,
        "identifier": at_least(portion),
        "identifier_to": less_than(portion + _BEHIND_ALL_DIGITS),
    }
