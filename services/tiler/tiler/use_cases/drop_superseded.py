"""Deletes what a slide needs no longer; hears `slide.viewable`, `slide.complete` and `tiles.failed`, which the tiler says itself."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from archive_shared.blobs.port import BlobInfo, BlobStore
from archive_shared.clock import Clock
from archive_shared.documents import Repository
from archive_shared.errors import Duplicate, Unavailable
from archive_shared.sweeping import Leftover, Stage
from tiler.domain.rendering_job import RenderingJob
from tiler.domain.slide_jobs import SlideConversion
from tiler.domain.superseded_products import SupersededProducts
from tiler.use_cases.convert_slide import product_prefix

KEPT = timedelta(days=1)
"""How long a product may be read after another one has replaced it: passes and links live seconds and minutes, but a download of
a whole archive may be resumed for hours."""


@dataclass(frozen=True)
class Superseding:
    """What is left over of slides once they are converted, and once they are complete."""

    renderings: Repository[RenderingJob]
    conversions: Repository[SlideConversion]
    superseded: Repository[SupersededProducts]
    images: BlobStore
    clock: Clock

    def complete(self, image: str) -> None:
        """Note the products that nobody is led to any more, and delete the scanner's files if nothing is lost with them.

        Repeating it changes nothing; `Unavailable` as in `conversion_ended`.
        """
        job = self.renderings.get(image)
        if job is None or job.slide is None or not job.slide.is_complete:
            return
        if job.index is None or job.index.source != job.source:
            return
        conversion = self._ended(image)
        if conversion is None:
            return
        others = [key for key in self._products(image) if key != job.source.key]
        if others:
            self._note(image, others)
        if job.slide.keeps_pixels:
            self._delete_originals(conversion)

    def conversion_ended(self, image: str) -> None:
        """Delete the scanner's files of a slide without identity, whatever became of it.

        They would tell whose it is, and nobody may ever have them. Repeating it changes nothing.

        Raises
        ------
        Unavailable
            The worker that made the product died before it could say so: another one still reads them.
        """
        conversion = self._ended(image)
        if conversion is not None and conversion.deidentified:
            self._delete_originals(conversion)

    def sweep(self, dry_run: bool) -> Iterator[Leftover]:
        """Delete products that were replaced long enough ago."""
        enough = self.clock.now() - KEPT
        for noted in self.superseded.find({}):
            present = self._products(noted.id)
            is_due = noted.since <= enough
            stage = (Stage.DUE if dry_run else Stage.REMOVED) if is_due else Stage.WAITING
            yield from (_leftover(present[key], noted, stage) for key in noted.keys if key in present)
            if is_due and not dry_run:
                for key in noted.keys:
                    self.images.delete(key)
                self.superseded.delete(noted.id)

    def _ended(self, image: str) -> SlideConversion | None:
        """Return the conversion of a slide, None if its image is gone; `Unavailable` while somebody works on it."""
        conversion = self.conversions.get(image)
        if conversion is not None and not conversion.job.is_finished:
            raise Unavailable("the slide is being converted once more")
        return conversion

    def _products(self, image: str) -> dict[str, BlobInfo]:
        return {blob.key: blob for blob in self.images.list(product_prefix(image))}

    def _note(self, image: str, keys: list[str]) -> None:
        now = self.clock.now()
        try:
            self.superseded.add(SupersededProducts(id=image, keys=keys, since=now))
        except Duplicate:
            self.superseded.change(image, lambda noted: noted.add(keys, now))

    def _delete_originals(self, conversion: SlideConversion) -> None:
        for key in conversion.original_keys:
            self.images.delete(key)


def _leftover(blob: BlobInfo, noted: SupersededProducts, stage: Stage) -> Leftover:
    return Leftover(
        kind="replaced product of a slide",
        name=blob.key,
        size_bytes=blob.size_bytes,
        since=noted.since,
        stage=stage,
    )
