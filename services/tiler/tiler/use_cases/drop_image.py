"""Deletes everything that was made of an image that is gone for good; hears `image.deleted`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from archive_shared.blobs.port import BlobInfo, BlobStore
from archive_shared.clock import Clock
from archive_shared.documents import Repository
from archive_shared.errors import Duplicate
from archive_shared.sweeping import Leftover, Stage
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

        What a worker still writes is found by the next sweep.
        """
        self._mark(image)
        for jobs in self.jobs:  # first, which stops their workers
            jobs.delete(image)
        for store, blob in list(self._objects(image)):
            store.delete(blob.key)

    def sweep(self, dry_run: bool) -> Iterator[Leftover]:
        """Look once more for everything of images that were dropped, until nothing turns up any more."""
        settled = self.clock.now() - self.settled_after
        for mark in self.deleted.find({"settled": False}):
            if mark.last_found_at > settled:
                continue
            stage = Stage.DUE if dry_run else Stage.REMOVED
            found = [_leftover(blob, mark, stage) for _, blob in self._objects(mark.id)]
            yield from found
            if dry_run:
                continue
            if found or self._has_job(mark.id):
                self.drop(mark.id)
            else:
                self.deleted.change(mark.id, DeletedImage.settle)

    def _mark(self, image: str) -> None:
        """Mark the image before its jobs go: who starts or ends one afterwards sees the mark."""
        now = self.clock.now()
        try:
            self.deleted.add(DeletedImage(id=image, last_found_at=now))
        except Duplicate:
            self.deleted.change(image, lambda mark: mark.found(now))

    def _has_job(self, image: str) -> bool:
        return any(jobs.get(image) is not None for jobs in self.jobs)

    def _objects(self, image: str) -> Iterator[tuple[BlobStore, BlobInfo]]:
        for store, prefix in (
            (self.images, product_prefix(image)),
            (self.images, associated_prefix(image)),
            (self.media, preview_prefix(image)),
            (self.media, index_prefix(image)),
        ):
            for blob in store.list(prefix):
                yield store, blob


def _leftover(blob: BlobInfo, mark: DeletedImage, stage: Stage) -> Leftover:
    return Leftover(
        kind="product of a deleted image",
        name=blob.key,
        size_bytes=blob.size_bytes,
        since=mark.last_found_at,
        stage=stage,
    )
