"""Archives: collections of items, with a card people see and settings their editors change."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from archive_api.domain.history import Actor, Change, remembered
from archive_api.domain.words import prefixes
from archive_shared.documents import Aggregate, Collection
from archive_shared.documents.repository import OUTBOX_FIELDS, OUTBOX_INDEX
from archive_shared.errors import Conflict
from archive_shared.events import ArchiveCreated, ArchiveDeleted, ArchiveUpdated

CONFIRM_WITHIN = timedelta(hours=1)


@dataclass(frozen=True, kw_only=True)
class DisplayChoices:
    """What the items of an archive are shown with.

    Parameters
    ----------
    workstation, workstation_config, hanging_protocol, optional_hanging_protocols
        Identifiers of the viewer, its configuration and the layouts items are shown with, "" for none.
    view_content
        The sockets shown in each viewport, the main one first; nothing leaves it to the viewer.
    """

    workstation: str = ""
    workstation_config: str = ""
    hanging_protocol: str = ""
    optional_hanging_protocols: list[str] = field(default_factory=list)
    view_content: dict[str, list[str]] = field(default_factory=dict)

    @property
    def shown_with(self) -> list[str]:
        """Return the identifiers of everything its items are shown with."""
        chosen = (self.workstation, self.workstation_config, self.hanging_protocol)
        return sorted({each for each in (*chosen, *self.optional_hanging_protocols) if each})


@dataclass(frozen=True, kw_only=True)
class ArchiveSettings(DisplayChoices):
    """What editors may change.

    Parameters
    ----------
    public
        Whether everybody may see the card (title, description, logo). The items need a role either way.
    deidentify
        Whether what is imported from now on loses everything that tells whose it is (DICOM PS3.15 annex E), and no
        image that did not gets in.
    keep_labels
        Whether label and overview of slides imported from now on are kept beside the slide, for editors only.
    logo, social_image
        Names of the pictures' files, "" without one.
    page_markdown
        What the archive's page says beside its card; shown as sanitised HTML.
    modalities, structures
        By name; see `archive_api.domain.vocabulary`.
    organizations, organization_pks
        For the record only: no organisation's people get a right by it. Their names, and for each its identifier, "" for one that
        is only a name.
    publications
        By DOI, arXiv or PubMed number.
    allowed_sockets
        The only ones its items get values for from now on, by slug; none of them allows all.
    versions_required
        Whether changes of items must say which version they are meant for.
    """

    title: str
    description: str = ""
    public: bool = False
    logo: str = ""
    deidentify: bool = False
    keep_labels: bool = False
    social_image: str = ""
    page_markdown: str = ""
    modalities: list[str] = field(default_factory=list)
    structures: list[str] = field(default_factory=list)
    organizations: list[str] = field(default_factory=list)
    organization_pks: list[str] = field(default_factory=list)
    publications: list[str] = field(default_factory=list)
    allowed_sockets: list[str] = field(default_factory=list)
    versions_required: bool = False

    def takes(self, socket: str) -> bool:
        """Tell whether items may get a value for a socket."""
        return not self.allowed_sockets or socket in self.allowed_sockets

    @property
    def organisations_by_name(self) -> dict[str, str]:
        """Return the identifiers of organisations by their names, of those that are more than a name."""
        both = zip(self.organizations, self.organization_pks, strict=False)  # older archives have names only
        return {name: pk for name, pk in both if pk}


@dataclass(kw_only=True)
class ArchiveLook(Aggregate):
    """What a list of items tells of their archive; read alone, for an archive may have a long page and a long history."""

    settings: DisplayChoices


@dataclass(frozen=True, kw_only=True)
class Deletion:
    """Somebody's wish to delete an archive, which they have to confirm."""

    code: str
    by: str
    ends_at: datetime


@dataclass(kw_only=True)
class Archive(Aggregate):
    """An archive. A deleted one stays as a document nobody sees, from which its announcement leaves.

    Parameters
    ----------
    slug
        Its name in addresses; made once, unique, never changed.
    creator
        Identifier of the user who made it, for the record; rights come from roles alone.
    words
        What it is found by: beginnings of the words of its title and description.
    shown_with
        What its items are shown with, as a list that can be searched.
    """

    slug: str
    settings: ArchiveSettings
    creator: str
    created_at: datetime
    modified_at: datetime
    words: list[str] = field(default_factory=list)
    shown_with: list[str] = field(default_factory=list)
    deletion: Deletion | None = None
    deleted: bool = False
    history: list[Change] = field(default_factory=list)

    @classmethod
    def create(cls, *, id: str, slug: str, settings: ArchiveSettings, by: Actor, at: datetime) -> "Archive":
        """Return a new archive that announces itself."""
        archive = cls(id=id, slug=slug, settings=settings, creator=by.id, created_at=at, modified_at=at)
        archive.words, archive.shown_with = _words(settings), settings.shown_with
        archive._remember("created", by, at)
        archive.record(
            ArchiveCreated(archive=id, title=settings.title, public=settings.public, creator=by.id)
        )
        return archive

    def change(self, settings: ArchiveSettings, *, at: datetime, by: Actor | None = None) -> None:
        """Take over settings; the same ones again change and announce nothing."""
        if settings == self.settings:
            return
        changed = [name for name, value in vars(settings).items() if value != getattr(self.settings, name)]
        self.settings, self.modified_at, self.words = settings, at, _words(settings)
        self.shown_with = settings.shown_with
        self._remember("changed", by, at, detail=", ".join(changed))
        self.record(ArchiveUpdated(archive=self.id, title=settings.title, public=settings.public))

    def ask_for_deletion(self, code: str, *, at: datetime, by: Actor) -> None:
        """Note that somebody wants it deleted: the first of two steps, which changes nothing else."""
        self.deletion = Deletion(code=code, by=by.id, ends_at=at + CONFIRM_WITHIN)

    def delete(self, code: str, *, at: datetime, by: Actor) -> None:
        """Delete it: the second step.

        Raises
        ------
        Conflict
            Nobody asked for it in time, or the code is another one.
        """
        wish = self.deletion
        if wish is None or wish.ends_at < at or wish.code != code:
            raise Conflict("Ask for the deletion first, and confirm it within an hour with the code you get.")
        self.deleted, self.deletion, self.modified_at = True, None, at
        self._remember("deleted", by, at)
        self.record(ArchiveDeleted(archive=self.id))

    def _remember(self, action: str, by: Actor | None, at: datetime, *, detail: str = "") -> None:
        self.history = remembered(self.history, Change.made(action, by, at, detail=detail))


def _words(settings: ArchiveSettings) -> list[str]:
    return prefixes(f"{settings.title} {settings.description}")


ARCHIVES = Collection(
    "archives",
    fields={
        **OUTBOX_FIELDS,
        "slug": "slug",
        "title": "settings.title",
        "public": "settings.public",
        "deleted": "deleted",
        "created_at": "created_at",
        "modified_at": "modified_at",
    },
    lists={
        "words": "words",
        "shown_with": "shown_with",
        "modalities": "settings.modalities",
        "structures": "settings.structures",
        "organizations": "settings.organizations",
        "organization_pks": "settings.organization_pks",
    },
    unique=[("slug",)],
    indexes=[
        OUTBOX_INDEX,
        ("deleted", "created_at", "_id"),
        ("public", "deleted", "created_at", "_id"),
        ("title",),
    ],
)


def picture_key(folder: str, archive: str, name: str, width_px: int | None = None) -> str:
    """Return the key of a picture of an archive in the bucket `media`, of its rendition of one width if given."""
    return f"{folder}/{archive}/{name}" if width_px is None else f"{folder}/{archive}/{width_px}/{name}"
