"""`python -m tiler.entrypoints.consumer`: queues the work on every image that is imported, and deletes what is not needed any more."""

from functools import partial

from archive_shared.blobs.platform import platform_blobs
from archive_shared.blobs.port import BlobStore
from archive_shared.clock import Clock, SystemClock
from archive_shared.documents import Documents
from archive_shared.events import ImageDeleted, ImageImported, SlideComplete, SlideViewable, TilesFailed
from archive_shared.messaging.consumer import Handlers
from archive_shared.processes import run_consumer, start_logging
from archive_shared.settings import read_platform_settings
from archive_shared.sweeping import keep_sweeping
from archive_shared.wire.cloud_events import ReceivedEvent
from tiler.bootstrap import NAME, conversions_of, deleted_of, documents, jobs_of, platform_removal
from tiler.use_cases.drop_image import Removal
from tiler.use_cases.drop_superseded import drop_superseded, drop_telling
from tiler.use_cases.request_rendering import Requests


def handlers(documents: Documents, images: BlobStore, dropping: Removal, clock: Clock) -> Handlers:
    """Return what the bus calls, by kind of event."""
    requests = Requests(jobs_of(documents), conversions_of(documents), deleted_of(documents), clock)
    return {
        ImageDeleted: partial(_image_deleted, dropping),
        ImageImported: partial(_image_imported, requests),
        SlideViewable: partial(_conversion_ended, documents, images),
        SlideComplete: partial(_slide_complete, documents, images),
        TilesFailed: partial(_conversion_ended, documents, images),
    }


def _image_imported(requests: Requests, received: ReceivedEvent) -> None:
    assert isinstance(received.event, ImageImported)
    requests.request(received.event)


def _image_deleted(dropping: Removal, received: ReceivedEvent) -> None:
    assert isinstance(received.event, ImageDeleted)
    dropping.drop(received.event.image)


def _conversion_ended(documents: Documents, images: BlobStore, received: ReceivedEvent) -> None:
    assert isinstance(received.event, SlideViewable | TilesFailed)
    drop_telling(conversions_of(documents), images, received.event.image)


def _slide_complete(documents: Documents, images: BlobStore, received: ReceivedEvent) -> None:
    assert isinstance(received.event, SlideComplete)
    drop_superseded(jobs_of(documents), conversions_of(documents), images, received.event.image)


if __name__ == "__main__":
    settings = read_platform_settings()
    start_logging(f"{NAME}-consumer", settings)
    store = documents(settings)
    dropping = platform_removal(store, settings)
    run_consumer(
        NAME,
        handlers(store, platform_blobs(settings, "images"), dropping, SystemClock()),
        settings,
        beside=partial(keep_sweeping, store, dropping.sweep),
    )
