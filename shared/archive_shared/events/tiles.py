"""What the tiler says."""

from dataclasses import dataclass
from typing import ClassVar

from archive_shared.events.base import Event
from archive_shared.events.imports import ImageFile


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


@dataclass(frozen=True, kw_only=True)
class SlideViewable(Event):
    """The tiles of a slide can be fetched; levels that its scanner left out are made when they are asked for.

    Parameters
    ----------
    file
        The canonical slide so far; another one replaces it when the slide is complete.
    width, height
        Of the full resolution in pixels.
    levels
        How many resolution levels are stored.
    voxel_width_mm, voxel_height_mm
        Size of a full-resolution pixel, None where unknown.
    """

    TYPE: ClassVar[str] = "archive.slide.viewable.v1"
    SUBJECT: ClassVar[str] = "image"

    image: str
    file: ImageFile
    width: int
    height: int
    levels: int
    voxel_width_mm: float | None = None
    voxel_height_mm: float | None = None


@dataclass(frozen=True, kw_only=True)
class SlideComplete(Event):
    """The canonical slide with all levels is stored; it takes the place of the one that was viewable.

    Parameters
    ----------
    file
        The canonical slide.
    width, height
        Of the full resolution in pixels.
    levels
        How many resolution levels are stored.
    voxel_width_mm, voxel_height_mm
        Size of a full-resolution pixel, None where unknown.
    """

    TYPE: ClassVar[str] = "archive.slide.complete.v1"
    SUBJECT: ClassVar[str] = "image"

    image: str
    file: ImageFile
    width: int
    height: int
    levels: int
    voxel_width_mm: float | None = None
    voxel_height_mm: float | None = None
