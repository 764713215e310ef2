"""Puts archive-api together: the only place that knows which adapters it runs on."""

from dataclasses import dataclass

import httpx2

from archive_api.adapters.pillow_logo import render_logo
from archive_api.domain.archive import ARCHIVES, Archive
from archive_api.domain.image import IMAGES, Image
from archive_api.domain.item import ITEMS, Item
from archive_api.domain.rendering import RENDERINGS, Rendering
from archive_api.use_cases.library import Library
from archive_shared.access import Access
from archive_shared.blobs.platform import platform_blobs
from archive_shared.blobs.port import BlobStore
from archive_shared.clock import Clock, SystemClock
from archive_shared.documents import Documents, Repository
from archive_shared.documents.connect import connect_documents
from archive_shared.http.connect_access import connect_access
from archive_shared.outbox.lease import LEASES
from archive_shared.settings import PlatformSettings

NAME = "archive-api"
COLLECTIONS = (ARCHIVES, ITEMS, IMAGES, RENDERINGS, LEASES)
ANNOUNCING = (ARCHIVES.name, ITEMS.name)


@dataclass(frozen=True)
class Transports:
    """How other services are reached; None means over the network."""

    permissions: httpx2.BaseTransport | None = None


@dataclass(frozen=True)
class ArchiveApi:
    """The assembled service."""

    documents: Documents
    library: Library


def bootstrap(settings: PlatformSettings, *, transports: Transports | None = None) -> ArchiveApi:
    """Connect to the stores and to permissions, and build the library on them."""
    clock = SystemClock()
    to_permissions = (transports or Transports()).permissions
    return over(
        connect(settings),
        image_blobs=platform_blobs(settings, "images"),
        media_blobs=platform_blobs(settings, "media"),
        access=connect_access(settings, service=NAME, clock=clock, transport=to_permissions),
        clock=clock,
    )


def connect(settings: PlatformSettings) -> Documents:
    """Connect to the document store."""
    return connect_documents(settings.documents_url, NAME, COLLECTIONS)


def over(
    documents: Documents, *, image_blobs: BlobStore, media_blobs: BlobStore, access: Access, clock: Clock
) -> ArchiveApi:
    """Build the service on stores that are already there."""
    library = Library(
        archives=Repository(documents, ARCHIVES.name, Archive, source=NAME, clock=clock),
        items=Repository(documents, ITEMS.name, Item, source=NAME, clock=clock),
        images=Repository(documents, IMAGES.name, Image, source=NAME, clock=clock),
        renderings=Repository(documents, RENDERINGS.name, Rendering, source=NAME, clock=clock),
        image_blobs=image_blobs,
        media_blobs=media_blobs,
        access=access,
        clock=clock,
        render_logo=render_logo,
    )
    return ArchiveApi(documents, library)
