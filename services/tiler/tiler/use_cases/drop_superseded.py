"""Deletes what a slide needs no longer; hears `slide.viewable`, `slide.complete` and `tiles.failed`, which the tiler says itself."""

from archive_shared.blobs.port import BlobStore
from archive_shared.documents import Repository
from archive_shared.jobs.job import JobState
from tiler.domain.rendering_job import RenderingJob
from tiler.domain.slide_jobs import SlideConversion
from tiler.use_cases.convert_slide import product_prefix


def drop_superseded(
    renderings: Repository[RenderingJob],
    conversions: Repository[SlideConversion],
    images: BlobStore,
    image: str,
) -> None:
    """Delete the products of a slide that nobody is led to any more, and its scanner's files if nothing is lost with them.

    Repeating it changes nothing.
    """
    job = renderings.get(image)
    if job is None or job.slide is None or not job.slide.is_complete:
        return
    if job.index is None or job.index.source != job.source:
        return
    for blob in list(images.list(product_prefix(image))):
        if blob.key != job.source.key:
            images.delete(blob.key)
    if job.slide.keeps_pixels:
        _delete_originals(conversions.require(image), images)


def drop_telling(conversions: Repository[SlideConversion], images: BlobStore, image: str) -> None:
    """Delete the scanner's files of a slide without identity once its conversion has come to an end, whichever.

    They would tell whose it is, and nobody may ever have them. Repeating it changes nothing.
    """
    conversion = conversions.get(image)
    if conversion is None or not conversion.deidentified:
        return
    if conversion.job.state in (JobState.DONE, JobState.FAILED):
        _delete_originals(conversion, images)


def _delete_originals(conversion: SlideConversion, images: BlobStore) -> None:
    for key in conversion.original_keys:
        images.delete(key)
