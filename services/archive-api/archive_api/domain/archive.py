"""Archives: collections of items, with a card people see and settings their editors change."""

from dataclasses import dataclass
from datetime import datetime

from archive_shared.documents import Aggregate, Collection
from archive_shared.documents.repository import OUTBOX_FIELDS, OUTBOX_INDEX
from archive_shared.events import ArchiveCreated, ArchiveUpdated


@dataclass(frozen=True, kw_only=True)
class ArchiveSettings:
    """What editors may change.

    Parameters
    ----------
    public
        Whether everybody may see the card (title, description, logo). The items need a role either way.
    logo
        Name of the logo's file, "" without one.
    deidentify
        Whether what is imported from now on loses everything that tells whose it is (DICOM PS3.15 annex E).
    """

    title: str
    description: str
    public: bool
    logo: str
    deidentify: bool = False


@dataclass(kw_only=True)
class Archive(Aggregate):
    """An archive.

    Parameters
    ----------
    slug
        Its name in addresses; made once, unique, never changed.
    creator
        Identifier of the user who made it, for the record; rights come from roles alone.
    """

    slug: str
    settings: ArchiveSettings
    creator: str
    created_at: datetime
    modified_at: datetime

    @classmethod
    def create(
        cls, *, id: str, slug: str, settings: ArchiveSettings, creator: str, at: datetime
    ) -> "Archive":
        """Return a new archive that announces itself."""
        archive = cls(id=id, slug=slug, settings=settings, creator=creator, created_at=at, modified_at=at)
        archive.record(
            ArchiveCreated(archive=id, title=settings.title, public=settings.public, creator=creator)
        )
        return archive

    def change(self, settings: ArchiveSettings, *, at: datetime) -> None:
        """Take over settings; the same ones again change and announce nothing."""
        if settings == self.settings:
            return
        self.settings = settings
        self.modified_at = at
        self.record(ArchiveUpdated(archive=self.id, title=settings.title, public=settings.public))


ARCHIVES = Collection(
    "archives",
    fields={
        **OUTBOX_FIELDS,
        "slug": "slug",
        "title": "settings.title",
        "public": "settings.public",
        "created_at": "created_at",
    },
    unique=[("slug",)],
    indexes=[OUTBOX_INDEX, ("created_at", "_id"), ("public", "created_at", "_id"), ("title",)],
)


def logo_key(archive: str, name: str) -> str:
    """Return the key of a logo in the bucket `media`."""
    return f"logos/{archive}/{name}"
