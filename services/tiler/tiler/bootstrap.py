"""Puts the tiler together: the only place that knows which adapters it runs on."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from archive_shared.access import Access
from archive_shared.blobs.local import keeps_files, remove_unfinished
from archive_shared.blobs.platform import platform_blobs
from archive_shared.blobs.port import BlobStore
from archive_shared.clock import Clock, SystemClock
from archive_shared.documents import Documents, Repository
from archive_shared.documents.connect import connect_documents
from archive_shared.outbox.lease import LEASES
from archive_shared.settings import PlatformSettings
from archive_shared.sweeping import Leftover, Sweep
from archive_shared.viewing import PURPOSE, ViewingOffice
from tiler.adapters.blob_source import BlobSource
from tiler.adapters.block_source import Blocks
from tiler.adapters.byte_cache import ByteCache
from tiler.adapters.index_cache import CachedIndexes
from tiler.adapters.tiles_on_demand import (
    PreparedTiles,
    VolumesOnDemand,
    read_crop,
    read_deep_zoom_tile,
    read_zoom_tile,
)
from tiler.domain.deleted_image import DELETED_IMAGES, DeletedImage
from tiler.domain.limits import BLOCK_CACHE_BYTES
from tiler.domain.ranged_source import RangedSource
from tiler.domain.rendering_job import RENDERING_JOBS, RenderingJob
from tiler.domain.slide_jobs import LEVEL_FILLINGS, SLIDE_CONVERSIONS, LevelFilling, SlideConversion
from tiler.domain.superseded_products import SUPERSEDED_PRODUCTS, SupersededProducts
from tiler.domain.tile_pass import PassOffice
from tiler.use_cases import convert_slide, fill_levels
from tiler.use_cases.convert_slide import ConversionHandler
from tiler.use_cases.drop_image import Removal
from tiler.use_cases.drop_superseded import Superseding
from tiler.use_cases.fill_levels import FillingHandler
from tiler.use_cases.render_image import QUEUE, RenderingHandler
from tiler.use_cases.show_associated import Drawer
from tiler.use_cases.show_image import Gallery, Images
from tiler.use_cases.show_progress import Workshop
from tiler.use_cases.show_slice import Slices
from tiler.use_cases.watch_slide import Watching

if TYPE_CHECKING:
    import httpx2

read_local_tile = read_zoom_tile
"""How the local viewer reads the tiles of a file on this machine."""

NAME = "tiler"
PASSES = b"tile pass, version 2"
TILE_CACHE_BYTES = 64 * 1024**2
COLLECTIONS = (
    RENDERING_JOBS,
    SLIDE_CONVERSIONS,
    LEVEL_FILLINGS,
    DELETED_IMAGES,
    SUPERSEDED_PRODUCTS,
    LEASES,
)
ANNOUNCING = (RENDERING_JOBS.name, SLIDE_CONVERSIONS.name)
JOBS = {
    RENDERING_JOBS.name: QUEUE,
    SLIDE_CONVERSIONS.name: convert_slide.QUEUE,
    LEVEL_FILLINGS.name: fill_levels.QUEUE,
}
RENDERING_PROGRAM = (sys.executable, "-P", "-m", "tiler.entrypoints.rendering_program")
CONVERSION_PROGRAM = (sys.executable, "-P", "-m", "tiler.entrypoints.conversion_program")
FILLING_PROGRAM = (sys.executable, "-P", "-m", "tiler.entrypoints.filling_program")


@dataclass(frozen=True)
class Transports:
    """How other services are reached; None means over the network."""

    archive_api: "httpx2.BaseTransport | None" = None
    permissions: "httpx2.BaseTransport | None" = None


@dataclass(frozen=True)
class Tiler:
    """The assembled service, as its HTTP surface needs it."""

    documents: Documents
    gallery: Gallery
    watching: Watching
    slices: Slices
    drawer: Drawer
    workshop: Workshop
    public_url: str


def bootstrap(
    settings: PlatformSettings,
    *,
    transports: Transports | None = None,
    block_cache_bytes: int = BLOCK_CACHE_BYTES,
) -> Tiler:
    """Connect to the stores, to archive-api and to permissions; see `over`."""
    from archive_shared.http.client import ServiceClient  # noqa: PLC0415 (only the web server asks other services)
    from archive_shared.http.connect_access import connect_access  # noqa: PLC0415 (likewise)
    from tiler.adapters.images_client import HttpImages  # noqa: PLC0415 (likewise)

    clock, reached = SystemClock(), transports or Transports()
    archive_api = ServiceClient(
        settings.archive_api_url,
        service=NAME,
        secret=settings.secret,
        clock=clock,
        transport=reached.archive_api,
    )
    return over(
        documents(settings),
        images=HttpImages(archive_api),
        access=connect_access(settings, service=NAME, clock=clock, transport=reached.permissions),
        image_blobs=platform_blobs(settings, "images"),
        media_blobs=platform_blobs(settings, "media"),
        clock=clock,
        settings=settings,
        block_cache_bytes=block_cache_bytes,
    )


def over(
    documents: Documents,
    *,
    images: Images,
    access: Access,
    image_blobs: BlobStore,
    media_blobs: BlobStore,
    clock: Clock,
    settings: PlatformSettings,
    block_cache_bytes: int = BLOCK_CACHE_BYTES,
) -> Tiler:
    """Build the service on stores and peers that are already there.

    Parameters
    ----------
    block_cache_bytes
        How much of the slides of a distant store is kept in memory; 0 for nothing.
    """
    from archive_shared.sealing import AesGcmSeals  # noqa: PLC0415 (only the web server gives passes)

    indexes, open_source = CachedIndexes(media_blobs), _opening_slides(image_blobs, block_cache_bytes)
    gallery = Gallery(
        jobs=jobs_of(documents),
        images=images,
        media=media_blobs,
        indexes=indexes,
        open_source=open_source,
        read_deep_zoom_tile=read_deep_zoom_tile,
        read_zoom_tile=read_zoom_tile,
        read_crop=read_crop,
        token_in=ViewingOffice(AesGcmSeals(settings.secret, PURPOSE), clock).token_in,
        clock=clock,
    )
    watching = Watching(
        office=PassOffice(AesGcmSeals(settings.secret, PASSES), lambda: clock.now().timestamp()),
        access=access,
        gallery=gallery,
        open_source=open_source,
        tiles_of=PreparedTiles(),
        cache=ByteCache(TILE_CACHE_BYTES),
    )
    conversions = conversions_of(documents)
    return Tiler(
        documents,
        gallery=gallery,
        watching=watching,
        slices=Slices(gallery, VolumesOnDemand(), partial(BlobSource, image_blobs)),
        drawer=Drawer(gallery, conversions, access, image_blobs),
        workshop=Workshop(gallery, conversions, fillings_of(documents)),
        public_url=settings.public_url,
    )


def _opening_slides(images: BlobStore, kept_bytes: int) -> Callable[[str, int], RangedSource]:
    """Return how slides are opened by key and size; files of this machine are in its memory as they are."""
    if keeps_files(images) or not kept_bytes:
        return partial(BlobSource, images)
    return Blocks(images, kept_bytes).open


def documents(settings: PlatformSettings) -> Documents:
    """Connect to the document store."""
    return connect_documents(settings.documents_url, NAME, COLLECTIONS)


def jobs_of(documents: Documents) -> Repository[RenderingJob]:
    """Return the rendering jobs."""
    return Repository(documents, RENDERING_JOBS.name, RenderingJob, source=NAME)


def rendering_handler() -> RenderingHandler:
    """Return what the worker does with rendering jobs."""
    return RenderingHandler(RENDERING_PROGRAM)


@dataclass(frozen=True)
class SlideWork:
    """What the slide worker works on."""

    conversions: Repository[SlideConversion]
    fillings: Repository[LevelFilling]
    converting: ConversionHandler
    filling: FillingHandler


def conversions_of(documents: Documents) -> Repository[SlideConversion]:
    """Return the conversions of slides."""
    return Repository(documents, SLIDE_CONVERSIONS.name, SlideConversion, source=NAME)


def fillings_of(documents: Documents) -> Repository[LevelFilling]:
    """Return the fillings of slides."""
    return Repository(documents, LEVEL_FILLINGS.name, LevelFilling, source=NAME)


def deleted_of(documents: Documents) -> Repository[DeletedImage]:
    """Return the marks of images that are gone."""
    return Repository(documents, DELETED_IMAGES.name, DeletedImage, source=NAME)


def slide_work(settings: PlatformSettings) -> SlideWork:
    """Return the jobs of the slide worker, and what it does with them."""
    return slide_work_over(documents(settings))


def slide_work_over(documents: Documents) -> SlideWork:
    """Return the same over documents that are connected already."""
    renderings, fillings, deleted = jobs_of(documents), fillings_of(documents), deleted_of(documents)
    clock = SystemClock()
    return SlideWork(
        conversions=conversions_of(documents),
        fillings=fillings,
        converting=ConversionHandler(CONVERSION_PROGRAM, renderings, fillings, deleted, clock),
        filling=FillingHandler(FILLING_PROGRAM, renderings, deleted, clock),
    )


def removal(
    documents: Documents, images: BlobStore, media: BlobStore, *, clock: Clock, lease_s: float
) -> Removal:
    """Return how everything of an image is deleted, and swept up; `lease_s` is that of the workers' jobs."""
    return Removal(
        deleted=deleted_of(documents),
        jobs=(conversions_of(documents), fillings_of(documents), jobs_of(documents)),
        images=images,
        media=media,
        clock=clock,
        settled_after=timedelta(seconds=2 * lease_s),
    )


def superseding(documents: Documents, images: BlobStore, media: BlobStore, *, clock: Clock) -> Superseding:
    """Return what becomes of what slides need no longer."""
    superseded = Repository(documents, SUPERSEDED_PRODUCTS.name, SupersededProducts, source=NAME)
    return Superseding(jobs_of(documents), conversions_of(documents), superseded, images, media, clock)


def platform_sweep(documents: Documents, settings: PlatformSettings) -> Sweep:
    """Return what is swept up on the stores of an installation."""
    deleted = platform_removal(documents, settings)
    replaced = superseding(documents, deleted.images, deleted.media, clock=SystemClock())

    def sweep(dry_run: bool) -> Iterator[Leftover]:
        if not dry_run:
            remove_unfinished(deleted.media)
        yield from deleted.sweep(dry_run)
        yield from replaced.sweep(dry_run)

    return sweep


def platform_removal(documents: Documents, settings: PlatformSettings) -> Removal:
    """Return the same on the stores of an installation."""
    images, media = (platform_blobs(settings, bucket) for bucket in ("images", "media"))
    return removal(documents, images, media, clock=SystemClock(), lease_s=settings.job_lease_s)
