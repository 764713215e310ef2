"""Adds the levels a converted slide lacks, in the background; the first half runs in the worker, the second in its program."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from archive_shared.blobs.port import BlobStore
from archive_shared.clock import Clock
from archive_shared.documents import Repository
from archive_shared.jobs.job import Job
from tiler.domain.deleted_image import DeletedImage
from tiler.domain.rendering_job import RenderingJob
from tiler.domain.slide_jobs import LevelFilling, SlideProduct
from tiler.use_cases.convert_slide import Progress, add_rendering, product_key
from tiler.use_cases.scratch import scratch_folder

QUEUE = "tiler.fill-levels"


class FilledFile(Protocol):
    """What is known of a file after levels were added."""

    @property
    def sha256(self) -> str: ...
    @property
    def size_bytes(self) -> int: ...
    @property
    def damaged_tiles(self) -> int: ...


Fill = Callable[[Path, Progress], FilledFile]


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
    fill: Fill
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
        with scratch_folder(self.scratch, "fill", image, epoch) as folder:
            target = folder / "slide.tif"
            self.images.download_to(product.key, target)
            filled = self.fill(target, on_progress)
            key = product_key(image, epoch, "complete")
            self.images.upload_from(key, target)
        complete = replace(
            product,
            key=key,
            size_bytes=filled.size_bytes,
            sha256=filled.sha256,
            is_complete=True,
            damaged_tiles=filled.damaged_tiles,
        )
        return asdict(complete)
