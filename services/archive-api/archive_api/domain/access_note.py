"""Who downloaded what when."""

from dataclasses import dataclass
from datetime import datetime

from archive_shared.documents import Aggregate, Collection


@dataclass(kw_only=True)
class AccessNote(Aggregate):
    """One download; never changes.

    Parameters
    ----------
    archives
        The archives it came out of; an image may be in several.
    kind
        `archive`, `image` or `file`.
    subject
        Identifier of the download, the image or the item.
    part
        Which bytes of a whole archive were asked for, or the identifier of the file.
    """

    archives: list[str]
    user: str
    username: str
    kind: str
    subject: str
    part: str = ""
    at: datetime


ACCESS_NOTES = Collection("access_notes", lists={"archives": "archives"})
