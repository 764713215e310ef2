"""Adds the levels a converted slide lacks, in the background; the first half runs in the worker, the second in its program."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from archive_shared.blobs.port import BlobStore
from archive_shared.clock import Clock
from archive_shared.documents import Repository
from archive_shared.jobs.job import Job
from archive_shared.jobs.work_folders import work_folder
from tiler.domain.deleted_image import DeletedImage
from tiler.domain.rendering_job import RenderingJob
from tiler.domain.slide_jobs import LevelFilling, SlideProduct
from tiler.use_cases.convert_slide import add_rendering, product_key
from tiler.use_cases.reading import Progress, Reading
from tiler.use_cases.scratch import made

QUEUE = "tiler.fill-levels"
_AT_ONCE_BYTES = 1 << 20


@dataclass(frozen=True)
class FillingHandler:
    """The `JobHandler` of level fillings.

    Parameters
    ----------
    command
        Starts `tiler.entrypoints.filling_program`.
    """

    command: Sequence[str]
    renderings: Repository[RenderingJob]
    deleted: Repository[DeletedImage]
    clock: Clock

    def payload(self, aggregate: LevelFilling) -> Mapping[str, Any]:
        return {"image": aggregate.id, "epoch": aggregate.job.epoch, "product": asdict(aggregate.product)}

    def started(self, aggregate: LevelFilling) -> None:
        aggregate.done = 0

    def progressed(self, aggregate: LevelFilling, progress: Mapping[str, Any]) -> None:
        aggregate.done = progress["done"]

    def keep(self, aggregate: LevelFilling, result: Mapping[str, Any]) -> None:
        """Have the complete slide indexed; until then people see the one before."""
        if self.deleted.get(aggregate.id) is not None:
            return
        queued = Job.queued(self.clock.now())
        add_rendering(self.renderings, aggregate.id, SlideProduct(**result), queued)

    def succeeded(self, aggregate: LevelFilling, result: Mapping[str, Any]) -> None:
        aggregate.finish(SlideProduct(**result))

    def failed(self, aggregate: LevelFilling, reason: str) -> None:
        """The slide stays viewable: what it lacks goes on being made when somebody looks at it."""


@dataclass(frozen=True)
class FillingWork:
    """What the program needs to complete a slide."""

    images: BlobStore
    reading: Reading
    scratch: Path

    def run(self, payload: Mapping[str, Any], on_progress: Progress) -> dict[str, Any]:
        """Store a complete copy of the slide beside the one that people look at meanwhile.

        Raises
        ------
        UnreadableImage
            The stored slide is damaged.
        NotFound
            It is gone.
        """
        product = SlideProduct(**payload["product"])
        image, epoch = payload["image"], payload["epoch"]
        with work_folder(self.scratch, image, epoch, kind="fill") as folder:
            target = folder / "slide.tif"
            self._copy_to(target, product.key)
            filled = self.reading.fill(target, on_progress)
            key = product_key(image, epoch, "complete")
            self.images.take(key, made(target))
        complete = replace(
            product,
            key=key,
            size_bytes=filled.size_bytes,
            sha256=filled.sha256,
            is_complete=True,
            damaged_tiles=filled.damaged_tiles,
        )
        return asdict(complete)

    def _copy_to(self, target: Path, key: str) -> None:
        """Write the stored slide to a file of its own: what `download_to` gives may be the object, which must not change."""
        with self.images.open(key) as stored, target.open("xb") as file:
            shutil.copyfileobj(stored, file, _AT_ONCE_BYTES)
