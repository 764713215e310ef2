"""Tells those who may see a slide how far its conversion is."""

from dataclasses import dataclass

from archive_shared.documents import Repository
from tiler.domain.slide_jobs import LevelFilling, SlideConversion
from tiler.domain.slide_progress import SlideProgress, slide_progress
from tiler.use_cases.show_image import Gallery


@dataclass(frozen=True)
class Workshop:
    """Where slides are worked on."""

    gallery: Gallery
    conversions: Repository[SlideConversion]
    fillings: Repository[LevelFilling]

    def progress(self, token: str | None, image: str) -> SlideProgress:
        """Return how far it is; raises `NotFound` for images that are no slides, or not the caller's to see."""
        self.gallery.sight(token, image)
        return slide_progress(self.conversions.require(image), self.fillings.get(image))
