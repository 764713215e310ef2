"""Puts archive-api together: the only place that knows which adapters it runs on."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import httpx2

from archive_api.adapters.ingest_client import IngestClient
from archive_api.adapters.markdown_page import render_markdown
from archive_api.adapters.organisations import organisation_title, organisations_titled
from archive_api.adapters.people import username_of
from archive_api.adapters.pillow_logo import render_picture
from archive_api.domain.access_note import ACCESS_NOTES, AccessNote
from archive_api.domain.archive import ARCHIVES, Archive, ArchiveLook
from archive_api.domain.departure import DEPARTURES, Departure
from archive_api.domain.display_settings import DISPLAY_SETTINGS, DisplaySetting
from archive_api.domain.download import CHECKSUMS, DOWNLOADS, Checksum, Download
from archive_api.domain.image import IMAGES, Image, ImageCard
from archive_api.domain.item import Item
from archive_api.domain.item_collection import ITEMS
from archive_api.domain.outcome import SESSION_FAILURES, SessionFailure
from archive_api.domain.publication import PUBLICATIONS, Publication
from archive_api.domain.rendering import RENDERINGS, Rendering
from archive_api.domain.search_entry import MEASURES, SEARCH_ENTRIES, Measure, SearchEntry
from archive_api.domain.service_link import SERVICE_LINKS, ServiceLink
from archive_api.domain.snapshot import (
    SNAPSHOT_DRAFTS,
    SNAPSHOT_PAGES,
    SNAPSHOTS,
    Snapshot,
    SnapshotDraft,
    SnapshotPage,
)
from archive_api.domain.sockets import SOCKETS, Socket
from archive_api.domain.suspicion import SUSPICIONS, Suspicion
from archive_api.domain.tally import TALLIES, WEIGHTS, Tally
from archive_api.domain.task import TASKS, Task
from archive_api.domain.vocabulary import TERMS, Term
from archive_api.use_cases.library import Library
from archive_api.use_cases.paging import Paging
from archive_api.use_cases.renew_entries import renew_entries
from archive_api.use_cases.settle_imports import settle_waiting
from archive_api.use_cases.socket_shelf import SocketShelf
from archive_api.use_cases.sweep_downloads import sweep_downloads
from archive_api.use_cases.sweep_images import sweep_images
from archive_api.use_cases.sweep_items import sweep_items
from archive_api.use_cases.sweep_media import sweep_media
from archive_api.use_cases.sweep_pages import sweep_pages
from archive_api.use_cases.uploaded import Uploaded
from archive_shared.access import Access
from archive_shared.blobs.platform import platform_blobs
from archive_shared.blobs.port import BlobStore
from archive_shared.clock import Clock, SystemClock
from archive_shared.documents import Documents, Repository
from archive_shared.documents.connect import connect_documents
from archive_shared.http.client import ServiceClient
from archive_shared.http.connect_access import connect_access
from archive_shared.idempotency import ANSWERS, answer_book
from archive_shared.outbox.lease import LEASES
from archive_shared.sealing import AesGcmSeals
from archive_shared.settings import Grace, PlatformSettings
from archive_shared.sweeping import Leftover, Sweep
from archive_shared.viewing import PURPOSE, ViewingOffice

NAME = "archive-api"
COLLECTIONS = (
    ARCHIVES,
    ITEMS,
    IMAGES,
    RENDERINGS,
    SOCKETS,
    TASKS,
    SNAPSHOTS,
    SNAPSHOT_DRAFTS,
    SNAPSHOT_PAGES,
    DISPLAY_SETTINGS,
    TERMS,
    PUBLICATIONS,
    SERVICE_LINKS,
    DEPARTURES,
    SUSPICIONS,
    SEARCH_ENTRIES,
    MEASURES,
    TALLIES,
    WEIGHTS,
    DOWNLOADS,
    CHECKSUMS,
    ACCESS_NOTES,
    ANSWERS,
    SESSION_FAILURES,
    LEASES,
)
ANNOUNCING = (ARCHIVES.name, ITEMS.name, TASKS.name, DEPARTURES.name)


@dataclass(frozen=True)
class Transports:
    """How other services are reached; None means over the network."""

    permissions: httpx2.BaseTransport | None = None
    ingest: httpx2.BaseTransport | None = None


@dataclass(frozen=True)
class Buckets:
    """The buckets the service reads and writes."""

    images: BlobStore
    media: BlobStore
    uploads: BlobStore


@dataclass(frozen=True)
class ArchiveApi:
    """The assembled service."""

    documents: Documents
    library: Library


def bootstrap(settings: PlatformSettings, *, transports: Transports | None = None) -> ArchiveApi:
    """Connect to the stores and to the other services, and build the library on them."""
    reached = transports or Transports()
    clock = SystemClock()
    client = partial(ServiceClient, service=NAME, secret=settings.secret, clock=clock)
    ingest = client(settings.ingest_url, transport=reached.ingest)
    permissions = client(settings.permissions_url, transport=reached.permissions)
    return over(
        connect(settings),
        Buckets(*(platform_blobs(settings, bucket) for bucket in ("images", "media", "uploads"))),
        access=connect_access(settings, service=NAME, clock=clock, transport=reached.permissions),
        uploaded=IngestClient(ingest),
        organisation_title=partial(organisation_title, permissions),
        organisations_titled=partial(organisations_titled, permissions),
        username_of=partial(username_of, permissions),
        secret=settings.secret,
        clock=clock,
        archive_quota_bytes=settings.archive_quota_bytes,
        default_viewer=settings.default_viewer,
        public_url=settings.public_url,
    )


def connect(settings: PlatformSettings) -> Documents:
    """Connect to the document store."""
    return connect_documents(settings.documents_url, NAME, COLLECTIONS)


def over(
    documents: Documents,
    buckets: Buckets,
    *,
    access: Access,
    secret: bytes,
    uploaded: Uploaded,
    organisation_title: Callable[[str | None, str], str],
    organisations_titled: Callable[[str | None, str], list[str]],
    username_of: Callable[[str | None, str], str],
    clock: Clock,
    archive_quota_bytes: int = 0,
    default_viewer: str = "",
    public_url: str = "",
) -> ArchiveApi:
    """Build the service on stores and peers that are already there."""
    kept = partial(Repository, documents, source=NAME, clock=clock)
    library = Library(
        archives=kept(ARCHIVES.name, Archive),
        archive_looks=kept(ARCHIVES.name, ArchiveLook),
        items=kept(ITEMS.name, Item),
        image_cards=kept(IMAGES.name, ImageCard),
        images=kept(IMAGES.name, Image),
        renderings=kept(RENDERINGS.name, Rendering),
        search_entries=kept(SEARCH_ENTRIES.name, SearchEntry),
        measures=kept(MEASURES.name, Measure),
        tallies=kept(TALLIES.name, Tally),
        weights=kept(WEIGHTS.name, Tally),
        downloads=kept(DOWNLOADS.name, Download),
        checksums=kept(CHECKSUMS.name, Checksum),
        access_notes=kept(ACCESS_NOTES.name, AccessNote),
        tasks=kept(TASKS.name, Task),
        snapshots=kept(SNAPSHOTS.name, Snapshot),
        snapshot_drafts=kept(SNAPSHOT_DRAFTS.name, SnapshotDraft),
        snapshot_pages=kept(SNAPSHOT_PAGES.name, SnapshotPage),
        display_settings=kept(DISPLAY_SETTINGS.name, DisplaySetting),
        terms=kept(TERMS.name, Term),
        publications=kept(PUBLICATIONS.name, Publication),
        service_links=kept(SERVICE_LINKS.name, ServiceLink),
        departures=kept(DEPARTURES.name, Departure),
        suspicions=kept(SUSPICIONS.name, Suspicion),
        answers=answer_book(documents, source=NAME, clock=clock),
        session_failures=kept(SESSION_FAILURES.name, SessionFailure),
        paging=Paging(clock),
        sockets=SocketShelf(kept(SOCKETS.name, Socket)),
        image_blobs=buckets.images,
        media_blobs=buckets.media,
        upload_blobs=buckets.uploads,
        uploaded=uploaded,
        access=access,
        viewings=ViewingOffice(AesGcmSeals(secret, PURPOSE), clock),
        clock=clock,
        organisation_title=organisation_title,
        organisations_titled=organisations_titled,
        username_of=username_of,
        render_picture=render_picture,
        render_markdown=render_markdown,
        archive_quota_bytes=archive_quota_bytes,
        default_viewer=default_viewer,
        public_url=public_url,
    )
    return ArchiveApi(documents, library)


def sweep_of(library: Library, grace: Grace) -> Sweep:
    """Return what removes whatever of this service nothing refers to."""

    def sweep(dry_run: bool) -> Iterator[Leftover]:
        if not dry_run:
            sweep_pages(library)
            sweep_downloads(library)
            library.answers.forget()
            renew_entries(library)
            settle_waiting(library)
        yield from sweep_items(library, dry_run=dry_run)
        yield from sweep_images(library, unused_for=grace.images, dry_run=dry_run)
        yield from sweep_media(library, unused_for=grace.media, dry_run=dry_run)

    return sweep
