"""Queues the work on an image that was imported; hears `image.imported`."""

from archive_shared.clock import Clock
from archive_shared.documents import Repository
from archive_shared.errors import Duplicate
from archive_shared.events import ImageImported
from archive_shared.jobs.job import Job
from tiler.domain.rendering_job import RenderingJob, SourceObject


def request_rendering(jobs: Repository[RenderingJob], event: ImageImported, *, clock: Clock) -> None:
    """Queue a job for the image unless it has one; an event delivered twice queues one."""
    file = event.files[0]
    source = SourceObject(key=file.key, size_bytes=file.size_bytes, type=file.type)
    try:
        jobs.add(RenderingJob(id=event.image, source=source, job=Job.queued(clock.now())))
    except Duplicate:
        return
