"""Deletes what a complete slide has replaced; hears `slide.complete`, which the tiler says itself."""

from archive_shared.blobs.port import BlobStore
from archive_shared.documents import Repository
from tiler.domain.rendering_job import RenderingJob
from tiler.use_cases.convert_slide import product_prefix


def drop_superseded(renderings: Repository[RenderingJob], images: BlobStore, image: str) -> None:
    """Delete the products of a slide that nobody is led to any more; repeating it changes nothing."""
    job = renderings.require(image)
    if job.slide is None or not job.slide.is_complete or job.index is None or job.index.source != job.source:
        return
    for blob in list(images.list(product_prefix(image))):
        if blob.key != job.source.key:
            images.delete(blob.key)
