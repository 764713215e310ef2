"""`python -m ingest_worker.entrypoints.consumer`: removes images that are gone, and what nobody needs any more."""

from functools import partial

from archive_shared.blobs.platform import platform_blobs
from archive_shared.blobs.port import BlobStore
from archive_shared.documents import Documents
from archive_shared.events import ImageDeleted
from archive_shared.messaging.consumer import Handlers
from archive_shared.processes import run_consumer, start_logging
from archive_shared.settings import read_grace
from archive_shared.sweeping import keep_sweeping
from archive_shared.wire.cloud_events import ReceivedEvent
from ingest_worker.bootstrap import NAME, documents, platform_sweep, stored_images
from ingest_worker.settings import read_settings
from ingest_worker.use_cases.remove_image import remove_image


def handlers(store: Documents, images: BlobStore) -> Handlers:
    """Return what the bus calls, by kind of event."""
    return {ImageDeleted: partial(_image_deleted, store, images)}


def _image_deleted(store: Documents, images: BlobStore, received: ReceivedEvent) -> None:
    assert isinstance(received.event, ImageDeleted)
    remove_image(stored_images(store), images, received.event.image)


if __name__ == "__main__":
    settings = read_settings().platform
    start_logging(f"{NAME}-consumer", settings)
    store = documents(settings)
    sweep = partial(keep_sweeping, store, platform_sweep(store, settings, read_grace()))
    run_consumer(NAME, handlers(store, platform_blobs(settings, "images")), settings, beside=sweep)
