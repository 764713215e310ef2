"""What a scanner's file is, and the cheapest lossless way to turn it into a canonical slide."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from tiler.domain.level import Level
from tiler.domain.problems import UnreadableImage
from tiler.domain.ranged_source import RangedSource
from tiler.domain.region import Region
from tiler.domain.scanner_numbers import positive

if TYPE_CHECKING:
    from tiler.domain.jpeg_intervals import IntervalStream  # copying at full speed loads what it needs

WHITE = (255, 255, 255)


class Vendor(StrEnum):
    """Whose format a file is in."""

    APERIO = "aperio"
    DICOM = "dicom"
    GENERIC = "generic-tiff"
    HAMAMATSU = "hamamatsu"
    LEICA = "leica"
    MIRAX = "mirax"
    PHILIPS = "philips"
    TRESTLE = "trestle"
    VENTANA = "ventana"


class Route(StrEnum):
    """How the pixels get into the canonical file."""

    COPY = "copy"
    JOIN = "join"
    DECODE = "decode"


class SlideFacts:
    """All that is kept of what the scanner wrote about a slide; nothing else leaves the source.

    Sizes that cannot be are forgotten, whichever reader they come from: JSON has no words for them.

    Parameters
    ----------
    magnification
        Of the objective.
    icc_profile
        How its colours are meant; empty if the file does not say.
    origin_px
        Place of the first pixel on the glass, in pixels, if the scanner says where it scanned.
    background
        Red, green and blue shown where nothing was scanned.
    first_route
        How the pixels of a canonical slide that is converted once more got there; None for files of scanners.
    """

    def __init__(
        self,
        vendor: Vendor,
        pixel_width_um: float | None = None,
        pixel_height_um: float | None = None,
        magnification: float | None = None,
        icc_profile: bytes = b"",
        *,
        origin_px: tuple[int, int] | None = None,
        background: tuple[int, int, int] = WHITE,
        first_route: Route | None = None,
    ) -> None:
        self.vendor = vendor
        self.pixel_width_um = positive(pixel_width_um)
        self.pixel_height_um = positive(pixel_height_um)
        self.magnification = positive(magnification)
        self.icc_profile = icc_profile
        self.origin_px = origin_px
        self.background = background
        self.first_route = first_route


class StoredLevel(NamedTuple):
    """A level whose compressed tiles can be copied as they are.

    Parameters
    ----------
    lead
        Returns what stands right before a tile of so many bytes, so that its place can be checked when it is read.
    """

    source: RangedSource
    level: Level
    lead: Callable[[int], bytes] | None = None


class JoinedLevel(NamedTuple):
    """A level made of JPEG streams with restart markers, side by side and below one another."""

    width: int
    height: int
    streams: "tuple[IntervalStream, ...]"


class CopyPlan(NamedTuple):
    """Copy compressed tiles verbatim.

    Parameters
    ----------
    levels
        From large to small.
    private
        Byte ranges of the first level's source that belong to label, macro and thumbnail.
    """

    facts: SlideFacts
    levels: tuple[StoredLevel, ...]
    private: tuple[tuple[int, int], ...] = ()

    @property
    def route(self) -> Route:
        return Route.COPY

    @property
    def size(self) -> tuple[int, int]:
        return self.levels[0].level.width, self.levels[0].level.height


class JoinPlan(NamedTuple):
    """Join restart intervals into tiles; entropy-coded data stays as it is."""

    facts: SlideFacts
    levels: tuple[JoinedLevel, ...]

    @property
    def route(self) -> Route:
        return Route.JOIN

    @property
    def size(self) -> tuple[int, int]:
        return self.levels[0].width, self.levels[0].height


class DecodePlan(NamedTuple):
    """Decode everything and encode it anew.

    Parameters
    ----------
    region
        What was scanned, in pixels of the full resolution; scanners that place it on a huge empty canvas say so.
    level
        Its tiles, when we decode them ourselves; otherwise OpenSlide does.
    """

    facts: SlideFacts
    region: Region
    level: StoredLevel | None = None

    @property
    def route(self) -> Route:
        return Route.DECODE

    @property
    def size(self) -> tuple[int, int]:
        return self.region.width, self.region.height


SlidePlan = CopyPlan | JoinPlan | DecodePlan


def refuse_focal_planes(count: int) -> None:
    """Raise `UnreadableImage` if there is more than one: the product holds one, and the source is deleted."""
    if count > 1:
        raise UnreadableImage("Slides with several focal planes are not supported yet.")


def refuse_alike(sizes: Sequence[tuple[int, int]]) -> None:
    """Raise `UnreadableImage` if two levels are of one size; one of them would be lost."""
    if len(set(sizes)) < len(sizes):
        raise UnreadableImage("The slide has several channels or focal planes, which is not supported yet.")


def refuse_fluorescence(kind: str) -> None:
    """Raise `UnreadableImage` if a scan's kind or light source says that it has no colours to show."""
    if "fluorescen" in kind.lower():
        raise UnreadableImage("Fluorescence slides are not supported yet: their channels are no colours.")
