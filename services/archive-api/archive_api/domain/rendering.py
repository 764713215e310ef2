"""Renderings: how far the tiler got with making an image something to look at.

A document of its own beside the image, because the tiler may be heard before the import is. Facts are only
ever added to it, and what is ready stays ready: so the order in which they are heard, or how often, does not
matter.
"""

from dataclasses import dataclass
from enum import StrEnum

from archive_shared.documents import Aggregate, Collection


class Progress(StrEnum):
    """How far something is."""

    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"


@dataclass(kw_only=True)
class Rendering(Aggregate):
    """What the tiler said about an image; its identifier is the image's.

    Parameters
    ----------
    levels
        How many resolution levels the tiles have, None before they are ready.
    failure
        Why the tiler gave up, "" if it did not.
    """

    preview_ready: bool = False
    levels: int | None = None
    failure: str = ""

    @property
    def preview(self) -> Progress:
        return self._progress(done=self.preview_ready)

    @property
    def tiles(self) -> Progress:
        return self._progress(done=self.levels is not None)

    def _progress(self, *, done: bool) -> Progress:
        if done:
            return Progress.READY
        return Progress.FAILED if self.failure else Progress.PENDING


RENDERINGS = Collection("renderings")
