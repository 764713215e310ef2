"""Puts the tiler together: the only place that knows which adapters it runs on."""

import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from archive_shared.blobs.platform import platform_blobs
from archive_shared.blobs.port import BlobStore
from archive_shared.clock import Clock, SystemClock
from archive_shared.documents import Documents, Repository
from archive_shared.documents.connect import connect_documents
from archive_shared.outbox.lease import LEASES
from archive_shared.settings import PlatformSettings
from tiler.adapters.blob_source import BlobSource
from tiler.adapters.index_cache import CachedIndexes
from tiler.adapters.tiles_on_demand import read_deep_zoom_tile, read_zoom_tile
from tiler.domain.rendering_job import RENDERING_JOBS, RenderingJob
from tiler.use_cases.render_image import QUEUE, RenderingHandler, RenderingWork
from tiler.use_cases.show_image import Gallery, Images

if TYPE_CHECKING:
    import httpx2

read_local_tile = read_zoom_tile
"""How the local viewer reads the tiles of a file on this machine."""

NAME = "tiler"
COLLECTIONS = (RENDERING_JOBS, LEASES)
ANNOUNCING = (RENDERING_JOBS.name,)
JOBS = {RENDERING_JOBS.name: QUEUE}
RENDERING_PROGRAM = (sys.executable, "-m", "tiler.entrypoints.rendering_program")


@dataclass(frozen=True)
class Transports:
    """How other services are reached; None means over the network."""

    archive_api: "httpx2.BaseTransport | None" = None


@dataclass(frozen=True)
class Tiler:
    """The assembled service, as its HTTP surface needs it."""

    documents: Documents
    gallery: Gallery


def bootstrap(settings: PlatformSettings, *, transports: Transports | None = None) -> Tiler:
    """Connect to the stores and to archive-api."""
    from archive_shared.http.client import ServiceClient  # noqa: PLC0415 (only the web server asks other services)
    from tiler.adapters.images_client import HttpImages  # noqa: PLC0415 (likewise)

    clock = SystemClock()
    archive_api = ServiceClient(
        settings.archive_api_url,
        service=NAME,
        secret=settings.secret,
        clock=clock,
        transport=(transports or Transports()).archive_api,
    )
    return over(
        documents(settings),
        images=HttpImages(archive_api),
        image_blobs=platform_blobs(settings, "images"),
        media_blobs=platform_blobs(settings, "media"),
        clock=clock,
    )


def over(
    documents: Documents, *, images: Images, image_blobs: BlobStore, media_blobs: BlobStore, clock: Clock
) -> Tiler:
    """Build the service on stores and peers that are already there."""
    gallery = Gallery(
        jobs=jobs_of(documents),
        images=images,
        media=media_blobs,
        indexes=CachedIndexes(media_blobs),
        open_source=partial(BlobSource, image_blobs),
        read_deep_zoom_tile=read_deep_zoom_tile,
        read_zoom_tile=read_zoom_tile,
        clock=clock,
    )
    return Tiler(documents, gallery)


def documents(settings: PlatformSettings) -> Documents:
    """Connect to the document store."""
    return connect_documents(settings.documents_url, NAME, COLLECTIONS)


def jobs_of(documents: Documents) -> Repository[RenderingJob]:
    """Return the rendering jobs."""
    return Repository(documents, RENDERING_JOBS.name, RenderingJob, source=NAME)


def rendering_handler() -> RenderingHandler:
    """Return what the worker does with rendering jobs."""
    return RenderingHandler(RENDERING_PROGRAM)


def rendering_work(settings: PlatformSettings) -> RenderingWork:
    """Return what the rendering program does; loads the image libraries."""
    from tiler.adapters.preview import preview  # noqa: PLC0415 (only the rendering program may pay for it)
    from tiler.adapters.tiff_index import build_index  # noqa: PLC0415 (likewise)

    return RenderingWork(
        open_source=partial(BlobSource, platform_blobs(settings, "images")),
        media=platform_blobs(settings, "media"),
        preview=preview,
        build_index=build_index,
    )
