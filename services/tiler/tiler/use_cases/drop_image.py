"""Deletes everything that was made of an image that is gone for good; hears `image.deleted`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from archive_shared.blobs.port import BlobStore
from archive_shared.clock import Clock
from archive_shared.documents import Repository
from archive_shared.errors import Duplicate, Unavailable
from tiler.domain.deleted_image import DeletedImage
from tiler.use_cases.convert_slide import associated_prefix, product_prefix
from tiler.use_cases.render_image import index_prefix, preview_prefix


@dataclass(frozen=True)
class Removal:
    """Everything the tiler keeps of images; what was imported is deleted by the ingest worker, which stored it.

    Parameters
    ----------
    jobs
        All kinds of them; their identifiers are the images'.
    settled_after
        How long a worker may go on with a job that is not there any more, and write what it made: longer than a lease.
    """

    deleted: Repository[DeletedImage]
    jobs: Sequence[Repository[Any]]
    images: BlobStore
    media: BlobStore
    clock: Clock
    settled_after: timedelta

    def drop(self, image: str) -> None:
        """Delete what there is of an image; repeating it changes nothing.

        Raises
        ------
        Unavailable
            Something was found lately, so a worker may still be writing: to be called again later.
        """
        mark = self._marked(image)
        if self._is_found(image):
            now = self.clock.now()
            mark = self.deleted.change(image, lambda found: _found_at(found, now))
        self._delete(image)
        if self.clock.now() - mark.last_found_at < self.settled_after:
            raise Unavailable("What is made of a deleted image may still be written.")

    def _marked(self, image: str) -> DeletedImage:
        """Mark the image before its jobs go: who starts or ends one afterwards sees the mark."""
        try:
            return self.deleted.add(DeletedImage(id=image, last_found_at=self.clock.now()))
        except Duplicate:
            return self.deleted.require(image)

    def _is_found(self, image: str) -> bool:
        has_job = any(jobs.get(image) is not None for jobs in self.jobs)
        return has_job or next(self._objects(image), None) is not None

    def _delete(self, image: str) -> None:
        """Delete jobs first, which stops their workers, and then what these have stored."""
        for jobs in self.jobs:
            jobs.delete(image)
        for store, key in list(self._objects(image)):
            store.delete(key)

    def _objects(self, image: str) -> Iterator[tuple[BlobStore, str]]:
        for store, prefix in (
            (self.images, product_prefix(image)),
            (self.images, associated_prefix(image)),
            (self.media, preview_prefix(image)),
            (self.media, index_prefix(image)),
        ):
            for blob in store.list(prefix):
                yield store, blob.key


def _found_at(mark: DeletedImage, now: datetime) -> None:
    mark.last_found_at = now
