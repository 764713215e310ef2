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
from tiler.use_cases.convert_slide import associated_prefix, product_prefix
from tiler.use_cases.render_image import index_prefix, preview_prefix

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
    media: BlobStore
    clock: Clock

    def complete(self, image: str) -> None:
        """Note what nobody is led to any more, attempts that died included, and delete the scanner's files if nothing is lost with them.

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
        used = self._used(image)
        others = [key for key in self._objects(image) if key not in used]
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
        """Delete what was replaced long enough ago."""
        enough = self.clock.now() - KEPT
        for noted in self.superseded.find({}):
            used = self._used(noted.id)
            present = {key: found for key, found in self._objects(noted.id).items() if key not in used}
            is_due = noted.since <= enough
            stage = (Stage.DUE if dry_run else Stage.REMOVED) if is_due else Stage.WAITING
            left = [present[key] for key in noted.keys if key in present]
            yield from (_leftover(blob, noted, stage) for _, blob in left)
            if is_due and not dry_run:
                for store, blob in left:
                    store.delete(blob.key)
                self.superseded.delete(noted.id)

    def _ended(self, image: str) -> SlideConversion | None:
        """Return the conversion of a slide, None if its image is gone; `Unavailable` while somebody works on it."""
        conversion = self.conversions.get(image)
        if conversion is not None and not conversion.job.is_finished:
            raise Unavailable("the slide is being converted once more")
        return conversion

    def _objects(self, image: str) -> dict[str, tuple[BlobStore, BlobInfo]]:
        """Return all that was made of a slide, by key."""
        return {
            blob.key: (store, blob)
            for store, prefix in (
                (self.images, product_prefix(image)),
                (self.images, associated_prefix(image)),
                (self.media, preview_prefix(image)),
                (self.media, index_prefix(image)),
            )
            for blob in store.list(prefix)
        }

    def _used(self, image: str) -> set[str]:
        """Return the keys of what people are led to now."""
        job, conversion = self.renderings.get(image), self.conversions.get(image)
        made = (job.source, job.preview, job.index) if job is not None else ()
        associated = conversion.associated if conversion is not None else ()
        return {each.key for each in (*made, *associated) if each is not None}

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
