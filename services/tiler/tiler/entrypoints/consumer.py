"""`python -m tiler.entrypoints.consumer`: queues the work on every image that is imported."""

from functools import partial

from archive_shared.clock import Clock, SystemClock
from archive_shared.documents import Repository
from archive_shared.events import ImageImported
from archive_shared.messaging.consumer import Handlers
from archive_shared.processes import run_consumer, start_logging
from archive_shared.settings import read_platform_settings
from archive_shared.wire.cloud_events import ReceivedEvent
from tiler.bootstrap import NAME, documents, jobs_of
from tiler.domain.rendering_job import RenderingJob
from tiler.use_cases.request_rendering import request_rendering


def handlers(jobs: Repository[RenderingJob], clock: Clock) -> Handlers:
    """Return what the bus calls, by kind of event."""
    return {ImageImported: partial(_image_imported, jobs, clock)}


def _image_imported(jobs: Repository[RenderingJob], clock: Clock, received: ReceivedEvent) -> None:
    assert isinstance(received.event, ImageImported)
    request_rendering(jobs, received.event, clock=clock)


if __name__ == "__main__":
    settings = read_platform_settings()
    start_logging(f"{NAME}-consumer", settings)
    run_consumer(NAME, handlers(jobs_of(documents(settings)), SystemClock()), settings)
