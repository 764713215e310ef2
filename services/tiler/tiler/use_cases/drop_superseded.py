"""Deletes what a complete slide has replaced; hears `slide.complete`, which the tiler says itself."""

from archive_shared.blobs.port import BlobStore
from archive_shared.documents import Repository
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
        for file in conversions.require(image).files:
            images.delete(file.key)
