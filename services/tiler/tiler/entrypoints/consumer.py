"""`python -m tiler.entrypoints.consumer`: queues the work on every image that is imported, and deletes what is not needed any more."""

from functools import partial

from archive_shared.clock import Clock, SystemClock
from archive_shared.documents import Documents
from archive_shared.events import ImageDeleted, ImageImported, SlideComplete, SlideViewable, TilesFailed
from archive_shared.messaging.consumer import Handlers
from archive_shared.processes import run_consumer, start_logging
from archive_shared.settings import read_platform_settings
from archive_shared.sweeping import keep_sweeping
from archive_shared.wire.cloud_events import ReceivedEvent
from tiler.bootstrap import (
    NAME,
    conversions_of,
    deleted_of,
    documents,
    jobs_of,
    platform_removal,
    platform_sweep,
    superseding,
)
from tiler.use_cases.drop_image import Removal
from tiler.use_cases.drop_superseded import Superseding
from tiler.use_cases.request_rendering import Requests


def handlers(documents: Documents, dropping: Removal, clock: Clock) -> Handlers:
    """Return what the bus calls, by kind of event."""
    replacing = superseding(documents, dropping.images, dropping.media, clock=clock)
    requests = Requests(jobs_of(documents), conversions_of(documents), deleted_of(documents), clock)
    return {
        ImageDeleted: partial(_image_deleted, dropping),
        ImageImported: partial(_image_imported, requests),
        SlideViewable: partial(_conversion_ended, replacing),
        SlideComplete: partial(_slide_complete, replacing),
        TilesFailed: partial(_conversion_ended, replacing),
    }


def _image_imported(requests: Requests, received: ReceivedEvent) -> None:
    assert isinstance(received.event, ImageImported)
    requests.request(received.event)


def _image_deleted(dropping: Removal, received: ReceivedEvent) -> None:
    assert isinstance(received.event, ImageDeleted)
    dropping.drop(received.event.image)


def _conversion_ended(replacing: Superseding, received: ReceivedEvent) -> None:
    assert isinstance(received.event, SlideViewable | TilesFailed)
    replacing.conversion_ended(received.event.image)


def _slide_complete(replacing: Superseding, received: ReceivedEvent) -> None:
    assert isinstance(received.event, SlideComplete)
    replacing.complete(received.event.image)


if __name__ == "__main__":
    settings = read_platform_settings()
    start_logging(f"{NAME}-consumer", settings)
    store = documents(settings)
    dropping = platform_removal(store, settings)
    run_consumer(
        NAME,
        handlers(store, dropping, SystemClock()),
        settings,
        beside=partial(keep_sweeping, store, platform_sweep(store, settings)),
    )
