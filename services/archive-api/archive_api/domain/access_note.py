"""Who downloaded what when."""

from dataclasses import dataclass, field
from datetime import datetime

from archive_shared.documents import Aggregate, Collection


@dataclass(kw_only=True)
class AccessNote(Aggregate):
    """One download; never changes.

    Parameters
    ----------
    archives
        The archives it came out of; an image may be in several.
    about
        The subject with each of the archives (`about`), as a list that can be searched.
    kind
        `archive`, `export`, `manifest`, `image` or `file`.
    subject
        Identifier of the download, the archive or version, the image or the item.
    part
        Which bytes of a whole archive were asked for, in which format it was exported, or the identifier of the file.
    """

    archives: list[str]
    about: list[str] = field(default_factory=list)
    user: str
    username: str
    kind: str
    subject: str
    part: str = ""
    at: datetime


def about(archive: str, subject: str) -> str:
    """Return what notes of one subject out of one archive have in common."""
    return f"{archive}|{subject}"


ACCESS_NOTES = Collection("access_notes", lists={"archives": "archives", "about": "about"})
