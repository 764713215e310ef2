"""Shows label and overview of a slide to the editors of the archive that it was uploaded to, and to nobody else.

They carry patients' names. An image may come into other archives later; their editors see the slide, and not these.
"""

from dataclasses import dataclass

from archive_shared.access import Access, Action, Question
from archive_shared.blobs.port import BlobStore
from archive_shared.documents import Repository
from archive_shared.errors import NotFound
from tiler.domain.picture import PNG, Picture
from tiler.domain.slide_jobs import AssociatedImage, SlideConversion
from tiler.use_cases.show_image import Gallery


@dataclass(frozen=True)
class Drawer:
    """Where they are kept, locked."""

    gallery: Gallery
    conversions: Repository[SlideConversion]
    access: Access
    blobs: BlobStore

    def contents(self, token: str | None, image: str) -> list[AssociatedImage]:
        """Return what there is of an image for the caller: nothing for who may not know, as if there were nothing.

        Raises
        ------
        Unauthenticated, NotFound
            The caller may not see the image.
        """
        self.gallery.sight(token, image)
        conversion = self.conversions.get(image)
        if conversion is None or not conversion.associated or not self._may_open(token, conversion):
            return []
        return conversion.associated

    def picture(self, token: str | None, image: str, name: str) -> Picture:
        """Return one of them; raises as for the contents, and `NotFound` where that is not among them."""
        for found in self.contents(token, image):
            if found.name == name:
                return Picture(PNG, self.blobs.read(found.key))
        raise NotFound(f"image {image} has no {name}")

    def _may_open(self, token: str | None, conversion: SlideConversion) -> bool:
        if conversion.archive is None:
            return False
        return all(self.access.ask(token, [Question(Action.CHANGE_ARCHIVE, conversion.archive)]).allowed)
