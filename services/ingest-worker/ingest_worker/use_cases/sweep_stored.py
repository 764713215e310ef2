"""Removes objects of the bucket `images` that imports wrote and nobody knows: of attempts that died or were fenced off.

Only names that imports use are looked at; the tiler writes, and sweeps, others. An object is younger than the grace period
as long as the attempt that wrote it may still become an image.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from archive_shared.blobs.port import BlobInfo, BlobStore
from archive_shared.clock import Clock
from archive_shared.documents import Repository, one_of
from archive_shared.sweeping import Leftover, Stage
from ingest_worker.domain.stored_image import StoredImage, is_ours

_AT_ONCE = 500
SHORTEST = timedelta(days=1)
"""No attempt at an import takes as long."""


@dataclass(frozen=True)
class StoredSweep:
    """Where images are, and their documents."""

    images: Repository[StoredImage]
    blobs: BlobStore
    clock: Clock

    def run(self, *, unused_for: timedelta, dry_run: bool) -> Iterator[Leftover]:
        """Yield what is removed, or would be in a dry run; `unused_for` is a day at the least."""
        before = self.clock.now() - max(unused_for, SHORTEST)
        for blob in self._unknown(before):
            if not dry_run:
                self.blobs.delete(blob.key)
            yield Leftover(
                kind="object",
                name=f"images/{blob.key}",
                size_bytes=blob.size_bytes,
                since=blob.modified_at,
                stage=Stage.DUE if dry_run else Stage.REMOVED,
            )

    def _unknown(self, before: datetime) -> Iterator[BlobInfo]:
        old = (blob for blob in self.blobs.list() if is_ours(blob.key) and blob.modified_at <= before)
        while batch := list(islice(old, _AT_ONCE)):
            names = sorted({_image_of(blob) for blob in batch})
            known = {image.id: image for image in self.images.find({"_id": one_of(names)})}
            for blob in batch:
                image = known.get(_image_of(blob))
                if image is None or not image.owns(blob.key):
                    yield blob


def _image_of(blob: BlobInfo) -> str:
    return blob.key.partition("/")[0]
