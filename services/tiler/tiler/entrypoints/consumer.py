"""`python -m tiler.entrypoints.consumer`: queues the work on every image that is imported."""

from archive_shared.clock import SystemClock
from archive_shared.events import ImageImported
from archive_shared.processes import run_consumer, start_logging
from archive_shared.settings import read_platform_settings
from archive_shared.wire.cloud_events import ReceivedEvent

from tiler.bootstrap import NAME, documents, jobs_of
from tiler.use_cases.request_rendering import request_rendering

if __name__ == "__main__":
    settings = read_platform_settings()
    start_logging(f"{NAME}-consumer", settings)
    jobs = jobs_of(documents(settings))

    def image_imported(received: ReceivedEvent) -> None:
        """Queue the rendering of a new image."""
        assert isinstance(received.event, ImageImported)
        request_rendering(jobs, received.event, clock=SystemClock())

    run_consumer(NAME, {ImageImported: image_imported}, settings)
