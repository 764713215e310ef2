"""What the tiler says."""

from dataclasses import dataclass
from typing import ClassVar

from archive_shared.events.base import Event


@dataclass(frozen=True, kw_only=True)
class PreviewReady(Event):
    """A preview picture of an image can be fetched."""

    TYPE: ClassVar[str] = "archive.preview.ready.v1"
    SUBJECT: ClassVar[str] = "image"

    image: str


@dataclass(frozen=True, kw_only=True)
class TilesReady(Event):
    """The tiles of a pyramidal image can be fetched.

    Parameters
    ----------
    levels
        How many resolution levels are stored.
    """

    TYPE: ClassVar[str] = "archive.tiles.ready.v1"
    SUBJECT: ClassVar[str] = "image"

    image: str
    levels: int


@dataclass(frozen=True, kw_only=True)
class TilesFailed(Event):
    """No preview (and no tiles) can be made of an image; the image itself stays usable."""

    TYPE: ClassVar[str] = "archive.tiles.failed.v1"
    SUBJECT: ClassVar[str] = "image"

    image: str
    reason: str
