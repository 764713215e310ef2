"""What archive-api keeps and whom it asks, as its use cases see it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from archive_api.domain.access_note import AccessNote
from archive_api.domain.archive import Archive, ArchiveLook
from archive_api.domain.departure import Departure
from archive_api.domain.display_settings import DisplaySetting
from archive_api.domain.download import Checksum, Download
from archive_api.domain.image import Image, ImageCard
from archive_api.domain.item import Item
from archive_api.domain.logo import PictureRule
from archive_api.domain.outcome import SessionFailure
from archive_api.domain.publication import Publication
from archive_api.domain.rendering import Rendering
from archive_api.domain.search_entry import Measure, SearchEntry
from archive_api.domain.service_link import ServiceLink
from archive_api.domain.snapshot import Snapshot, SnapshotDraft, SnapshotPage
from archive_api.domain.suspicion import Suspicion
from archive_api.domain.tally import Tally
from archive_api.domain.task import Task
from archive_api.domain.vocabulary import Term
from archive_api.use_cases.paging import Paging
from archive_api.use_cases.socket_shelf import SocketShelf
from archive_api.use_cases.uploaded import Uploaded
from archive_shared.access import Access, Caller, Usable
from archive_shared.blobs.port import BlobStore
from archive_shared.clock import Clock
from archive_shared.documents import Repository
from archive_shared.errors import Unauthenticated
from archive_shared.idempotency import AnswerBook
from archive_shared.viewing import ViewingOffice


@dataclass(frozen=True)
class Library:
    """Archives, items and images, their bytes, and the door to permissions.

    Parameters
    ----------
    image_cards
        The same documents as `images`, of which only the little is read that lists show.
    image_blobs, media_blobs, upload_blobs
        The buckets `images` and `media`, and `uploads`, which is only read.
    uploaded
        The ingest worker.
    organisation_title
        Returns the name of the organisation of an identifier as the holder of a token sees it; raises `NotFound`.
    organisations_titled
        Returns the identifiers of the organisations of a name, as the holder of a token sees them.
    username_of
        Returns the username of the person somebody names, for the holder of a token who may look for people; raises `NotFound`.
    render_picture
        Turns the bytes of a picture somebody sent into the bytes of PNGs that may be shown to everybody, by their
        widths in pixels; raises `Invalid` for one that breaks the rule.
    render_markdown
        Turns markdown into HTML that can do no harm.
    default_viewer
        Slug of the viewer for archives whose creator chose none, "" for none.
    public_url
        Where the platform is reached, for addresses in what is written without a request.
    archive_quota_bytes
        How much an archive may hold; 0 sets no limit.
    """

    archives: Repository[Archive]
    archive_looks: Repository[ArchiveLook]
    items: Repository[Item]
    images: Repository[Image]
    image_cards: Repository[ImageCard]
    renderings: Repository[Rendering]
    search_entries: Repository[SearchEntry]
    measures: Repository[Measure]
    tallies: Repository[Tally]
    weights: Repository[Tally]
    downloads: Repository[Download]
    checksums: Repository[Checksum]
    access_notes: Repository[AccessNote]
    tasks: Repository[Task]
    snapshots: Repository[Snapshot]
    snapshot_drafts: Repository[SnapshotDraft]
    snapshot_pages: Repository[SnapshotPage]
    display_settings: Repository[DisplaySetting]
    terms: Repository[Term]
    publications: Repository[Publication]
    service_links: Repository[ServiceLink]
    departures: Repository[Departure]
    suspicions: Repository[Suspicion]
    answers: AnswerBook
    session_failures: Repository[SessionFailure]
    sockets: SocketShelf
    paging: Paging
    image_blobs: BlobStore
    media_blobs: BlobStore
    upload_blobs: BlobStore
    uploaded: Uploaded
    access: Access
    viewings: ViewingOffice
    clock: Clock
    organisation_title: Callable[[str | None, str], str]
    organisations_titled: Callable[[str | None, str], list[str]]
    username_of: Callable[[str | None, str], str]
    render_picture: Callable[[bytes, PictureRule], Mapping[int, bytes]]
    render_markdown: Callable[[str], str]
    archive_quota_bytes: int = 0
    default_viewer: str = ""
    public_url: str = ""

    def archive(self, identifier: str) -> Archive | None:
        """Return an archive that is there, None for one that was deleted or never was."""
        found = self.archives.get(identifier)
        return None if found is None or found.deleted else found

    def require_caller(self, token: str | None) -> Caller:
        """Return who is calling; raise `Unauthenticated` for nobody."""
        return known(self.access.ask(token, ()).caller)

    def require_usable(self, token: str | None) -> tuple[Caller, Usable]:
        """Return who is calling and whose data they may see; raise `Unauthenticated` for nobody."""
        usable = self.access.usable(token)
        return known(usable.caller), usable


def known(caller: Caller | None) -> Caller:
    """Return who is calling; raise `Unauthenticated` for nobody."""
    if caller is None:
        raise Unauthenticated("Authentication credentials were not provided.")
    return caller
