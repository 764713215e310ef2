"""The work of making an image visible, and where its products are once it is done."""

from dataclasses import dataclass, replace
from datetime import datetime

from archive_shared.documents import Collection
from archive_shared.documents.repository import OUTBOX_FIELDS, OUTBOX_INDEX
from archive_shared.events import PreviewReady, TilesFailed, TilesReady
from archive_shared.jobs.job import JOB_FIELDS, JOB_INDEXES, Job, JobAggregate, JobState


@dataclass(frozen=True)
class SourceObject:
    """The canonical file of an image in the bucket `images`; its type is that of the event, MHD or TIFF."""

    key: str
    size_bytes: int
    type: str


@dataclass(frozen=True)
class StoredPreview:
    """A preview in the bucket `media`."""

    key: str
    content_type: str


@dataclass(frozen=True)
class StoredIndex:
    """A tile index in the bucket `media`."""

    key: str
    levels: int


@dataclass(kw_only=True)
class RenderingJob(JobAggregate):
    """The products of one image; its identifier is the image's.

    Parameters
    ----------
    index
        None for images that are no pyramid.
    """

    source: SourceObject
    preview: StoredPreview | None = None
    index: StoredIndex | None = None

    def finish(self, preview: StoredPreview, index: StoredIndex | None) -> None:
        """Keep the products and announce that they can be fetched."""
        self.preview, self.index = preview, index
        self.record(PreviewReady(image=self.id))
        if index is not None:
            self.record(TilesReady(image=self.id, levels=index.levels))

    def give_up(self, reason: str) -> None:
        """Announce that the image cannot be shown, and why."""
        self.preview, self.index = None, None
        self.record(TilesFailed(image=self.id, reason=reason))

    def make_again(self, lost_key: str, at: datetime) -> None:
        """Queue the work once more, because a product cannot be read any more.

        Nothing happens if it is queued already, or if the product is none of the present ones.
        """
        present = {product.key for product in (self.preview, self.index) if product is not None}
        if self.job.state is JobState.DONE and lost_key in present:
            self.job = replace(Job.queued(at), epoch=self.job.epoch, owner=self.job.owner)


RENDERING_JOBS = Collection(
    "rendering_jobs", fields={**JOB_FIELDS, **OUTBOX_FIELDS}, indexes=[OUTBOX_INDEX, *JOB_INDEXES]
)
