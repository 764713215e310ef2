"""Converts a scanner's slide; the first half runs in the worker, the second in its program."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from archive_shared.blobs.port import BlobStore
from archive_shared.clock import Clock
from archive_shared.documents import Repository
from archive_shared.errors import Duplicate
from archive_shared.jobs.job import Job
from archive_shared.jobs.work_folders import work_folder
from tiler.domain.deleted_image import DeletedImage
from tiler.domain.missing_files import without_names
from tiler.domain.problems import UnreadableImage
from tiler.domain.rendering_job import RenderingJob, slide_source
from tiler.domain.slide_files import SlideFiles
from tiler.domain.slide_jobs import (
    AssociatedImage,
    LevelFilling,
    OriginalObject,
    SlideConversion,
    SlideProduct,
)
from tiler.use_cases.reading import ConvertedFile, Progress, Reading
from tiler.use_cases.scratch import made

QUEUE = "tiler.convert-slide"


@dataclass(frozen=True)
class ConversionHandler:
    """The `JobHandler` of slide conversions.

    Parameters
    ----------
    command
        Starts `tiler.entrypoints.conversion_program`.
    """

    command: Sequence[str]
    renderings: Repository[RenderingJob]
    fillings: Repository[LevelFilling]
    deleted: Repository[DeletedImage]
    clock: Clock

    def payload(self, aggregate: SlideConversion) -> Mapping[str, Any]:
        return {
            "image": aggregate.id,
            "epoch": aggregate.job.epoch,
            "name": aggregate.name,
            "files": [asdict(file) for file in aggregate.files],
            "names_key": aggregate.names_key,
            "keep_labels": aggregate.keep_labels,
        }

    def started(self, aggregate: SlideConversion) -> None:
        aggregate.done = 0

    def progressed(self, aggregate: SlideConversion, progress: Mapping[str, Any]) -> None:
        aggregate.done = progress["done"]

    def keep(self, aggregate: SlideConversion, result: Mapping[str, Any]) -> None:
        """Have preview and tile index made, and missing levels added; whichever has been asked for is not again."""
        if self.deleted.get(aggregate.id) is not None:
            return
        product = SlideProduct(**result["product"])
        queued = Job.queued(self.clock.now())
        add_rendering(self.renderings, aggregate.id, product, queued)
        if not product.is_complete:
            self._add_filling(aggregate.id, product, queued)

    def succeeded(self, aggregate: SlideConversion, result: Mapping[str, Any]) -> None:
        associated = [AssociatedImage(**kept) for kept in result["associated"]]
        aggregate.finish(SlideProduct(**result["product"]), associated)

    def failed(self, aggregate: SlideConversion, reason: str) -> None:
        aggregate.give_up(reason)

    def _add_filling(self, image: str, product: SlideProduct, queued: Job) -> None:
        try:
            self.fillings.add(LevelFilling(id=image, product=product, job=queued))
        except Duplicate:
            return


@dataclass(frozen=True)
class ConversionWork:
    """What the program needs to convert a slide.

    Parameters
    ----------
    open_files
        Opens the original files; the folder is for those that have to be on disk.
    """

    open_files: Callable[[Sequence[OriginalObject], Path], SlideFiles]
    images: BlobStore
    reading: Reading
    scratch: Path

    def run(self, payload: Mapping[str, Any], on_progress: Progress) -> dict[str, Any]:
        """Convert and store the slide; it is named after the epoch, so a late attempt disturbs nobody.

        Raises
        ------
        UnreadableImage
            The files are no slide that can be converted; the reason is meant for people.
        NotFound
            A file of the slide is gone.
        """
        image, epoch = payload["image"], payload["epoch"]
        with work_folder(self.scratch, image, epoch, kind="convert") as folder:
            files = self.open_files(self._named(payload), folder)
            target = folder / "slide.tif"
            converted = self._converted(files, target, payload, on_progress)
            key = product_key(image, epoch, "complete" if converted.is_complete else "viewable")
            self.images.take(key, made(target))
            vendor = str(converted.vendor)
            associated = self._kept(files, vendor, folder, payload) if payload["keep_labels"] else []
        product = SlideProduct(
            key=key,
            size_bytes=converted.size_bytes,
            sha256=converted.sha256,
            route=str(converted.route),
            vendor=vendor,
            is_complete=converted.is_complete,
        )
        return {"product": asdict(product), "associated": [asdict(kept) for kept in associated]}

    def _converted(
        self, files: SlideFiles, target: Path, payload: Mapping[str, Any], on_progress: Progress
    ) -> ConvertedFile:
        """Write the canonical slide; why there is none is announced, so nothing that was hidden may stand in it."""
        try:
            return self.reading.convert(files, target, payload["name"], on_progress)
        except UnreadableImage as error:
            if not payload["names_key"]:
                raise
            raise UnreadableImage(without_names(error.reason)) from error

    def _named(self, payload: Mapping[str, Any]) -> list[OriginalObject]:
        """Return the files under the names by which those of a slide look for one another."""
        files = [OriginalObject(**file) for file in payload["files"]]
        if not payload["names_key"]:
            return files
        names = json.loads(self.images.read(payload["names_key"]))
        return [replace(file, name=name) for file, name in zip(files, names, strict=True)]

    def _kept(
        self, files: SlideFiles, vendor: str, folder: Path, payload: Mapping[str, Any]
    ) -> list[AssociatedImage]:
        """Store label and overview where only the route for editors looks."""
        kept = []
        for found in self.reading.associated(files, vendor, folder):
            key = f"{associated_prefix(payload['image'])}{payload['epoch']}-{found.name}.png"
            self.images.put(key, found.png)
            kept.append(AssociatedImage(found.name, key, found.width, found.height))
        return kept


def add_rendering(
    renderings: Repository[RenderingJob], image: str, product: SlideProduct, queued: Job
) -> None:
    """Have a product rendered, whether or not one of the same slide was before."""
    try:
        renderings.add(RenderingJob(id=image, source=slide_source(product), slide=product, job=queued))
    except Duplicate:
        renderings.change(image, lambda job: job.render_slide(product, queued.due_at))


def product_key(image: str, epoch: int, stage: str) -> str:
    """Return where a product is stored in the bucket `images`; all of a slide have one prefix."""
    return f"{product_prefix(image)}{epoch}-{stage}.tif"


def product_prefix(image: str) -> str:
    return f"{image}/pyramid/"


def associated_prefix(image: str) -> str:
    """Return what the keys of label and overview begin with, in the same bucket."""
    return f"{image}/restricted/"
