"""Queues the work on an image that was imported; hears `image.imported`."""

from dataclasses import dataclass

from archive_shared.clock import Clock
from archive_shared.documents import Repository
from archive_shared.errors import Duplicate
from archive_shared.events import ImageImported
from archive_shared.jobs.job import Job
from tiler.domain.deleted_image import DeletedImage
from tiler.domain.rendering_job import RenderingJob, SourceObject
from tiler.domain.slide_jobs import OriginalObject, SlideConversion


@dataclass(frozen=True)
class Requests:
    """Where the work on imported images is queued."""

    renderings: Repository[RenderingJob]
    conversions: Repository[SlideConversion]
    deleted: Repository[DeletedImage]
    clock: Clock

    def request(self, event: ImageImported) -> None:
        """Queue a job for the image unless it has one or is deleted; an event delivered twice queues one."""
        if self.deleted.get(event.image) is not None:
            return
        try:
            self._add(event, Job.queued(self.clock.now()))
        except Duplicate:
            return

    def _add(self, event: ImageImported, job: Job) -> None:
        if event.slide is not None:
            files = [OriginalObject(file.name, file.key, file.size_bytes) for file in event.slide.files]
            self.conversions.add(
                SlideConversion(
                    id=event.image,
                    name=event.name,
                    files=files,
                    archive=event.archive,
                    keep_labels=event.slide.keep_labels and not event.deidentified,
                    deidentified=event.deidentified,
                    names_key=event.slide.names_key,
                    job=job,
                )
            )
            return
        file = event.files[0]
        source = SourceObject(key=file.key, size_bytes=file.size_bytes, type=file.type)
        self.renderings.add(RenderingJob(id=event.image, source=source, job=job))
