"""The work of making an image visible, and where its products are once it is done."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from archive_shared.documents import Collection
from archive_shared.documents.repository import OUTBOX_FIELDS, OUTBOX_INDEX
from archive_shared.events import (
    ImageFile,
    PreviewReady,
    SlideComplete,
    SlideViewable,
    TilesFailed,
    TilesReady,
)
from archive_shared.identifiers import derived_id
from archive_shared.jobs.job import JOB_FIELDS, JOB_INDEXES, Job, JobAggregate, JobState
from tiler.domain.slide_jobs import SlideProduct

PYRAMID = "TIFF"
_UM_PER_MM = 1000.0


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
    """A tile index in the bucket `media`.

    Parameters
    ----------
    source
        The file whose tiles it locates; None in jobs of older versions, whose files never changed.
    width, height
        Of the full resolution in pixels; 0 in jobs of older versions.
    """

    key: str
    levels: int
    source: SourceObject | None = None
    width: int = 0
    height: int = 0
    pixel_width_um: float | None = None
    pixel_height_um: float | None = None


@dataclass(kw_only=True)
class RenderingJob(JobAggregate):
    """The products of one image; its identifier is the image's.

    Parameters
    ----------
    index
        None for images that are no pyramid.
    slide
        What the source is, if the tiler converted it from a scanner's files.
    """

    source: SourceObject
    preview: StoredPreview | None = None
    index: StoredIndex | None = None
    slide: SlideProduct | None = None

    def finish(self, preview: StoredPreview, index: StoredIndex | None) -> None:
        """Keep the products and announce that they can be fetched."""
        is_first = self.index is None
        self.preview, self.index = preview, index
        self.record(PreviewReady(image=self.id))
        if index is not None:
            self.record(TilesReady(image=self.id, levels=index.levels))
            if self.slide is not None:
                self._announce_slide(self.slide, index, is_first=is_first)

    def _announce_slide(self, slide: SlideProduct, index: StoredIndex, *, is_first: bool) -> None:
        """Tell of both stages, in their order, where a slide comes with all levels at once."""
        file, geometry = _canonical_file(slide), _geometry(index)
        if is_first or not slide.is_complete:
            self.record(SlideViewable(image=self.id, file=file, **geometry))
        if slide.is_complete:
            self.record(SlideComplete(image=self.id, file=file, **geometry))

    def render_slide(self, product: SlideProduct, at: datetime) -> None:
        """Queue the work for a new or a more complete product of a slide; once for each.

        Until it is done, people see the tiles of the product before.
        """
        if self.slide is not None and (self.slide.key == product.key or self.slide.is_complete):
            return
        self.slide, self.source = product, slide_source(product)
        self.job = replace(Job.queued(at), epoch=self.job.epoch, owner=self.job.owner)

    def give_up(self, reason: str) -> None:
        """Announce that the image cannot be shown, and why; a slide goes on being shown from its product before, if there is one."""
        if self.index is not None and self.index.source not in (None, self.source):
            return
        self.preview, self.index = None, None
        self.record(TilesFailed(image=self.id, reason=reason))

    def make_again(self, lost_key: str, at: datetime) -> None:
        """Queue the work once more, because a product cannot be read any more.

        Nothing happens if it is queued already, or if the product is none of the present ones.
        """
        present = {product.key for product in (self.preview, self.index) if product is not None}
        if self.job.state is JobState.DONE and lost_key in present:
            self.job = replace(Job.queued(at), epoch=self.job.epoch, owner=self.job.owner)


def slide_source(product: SlideProduct) -> SourceObject:
    """Return a slide's canonical file as something to render."""
    return SourceObject(key=product.key, size_bytes=product.size_bytes, type=PYRAMID)


def _canonical_file(product: SlideProduct) -> ImageFile:
    return ImageFile(
        id=derived_id("slide-file", product.key),
        type=PYRAMID,
        name="slide.tif",
        key=product.key,
        size_bytes=product.size_bytes,
        sha256=product.sha256,
    )


def _geometry(index: StoredIndex) -> dict[str, Any]:
    return {
        "width": index.width,
        "height": index.height,
        "levels": index.levels,
        "voxel_width_mm": index.pixel_width_um / _UM_PER_MM if index.pixel_width_um else None,
        "voxel_height_mm": index.pixel_height_um / _UM_PER_MM if index.pixel_height_um else None,
    }


RENDERING_JOBS = Collection(
    "rendering_jobs", fields={**JOB_FIELDS, **OUTBOX_FIELDS}, indexes=[OUTBOX_INDEX, *JOB_INDEXES]
)
