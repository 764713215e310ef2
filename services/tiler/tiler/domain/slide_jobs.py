"""The work on a scanner's slide: converting it, so that it can be looked at, and then adding the levels it may lack."""

from dataclasses import dataclass, field

from archive_shared.documents import Collection
from archive_shared.documents.repository import OUTBOX_FIELDS, OUTBOX_INDEX
from archive_shared.events import TilesFailed
from archive_shared.jobs.job import JOB_FIELDS, JOB_INDEXES, JobAggregate

KEEPING_PIXELS = ("copy", "join")


@dataclass(frozen=True)
class OriginalObject:
    """One file of a slide as it came, in the bucket `images`; the name is where it lies beside the others."""

    name: str
    key: str
    size_bytes: int


@dataclass(frozen=True)
class SlideProduct:
    """A canonical slide in the bucket `images`.

    Parameters
    ----------
    route
        Those of `KEEPING_PIXELS` leave compressed pixels as they are, "decode" does not.
    is_complete
        Whether all levels are stored; those that are not are made when somebody looks at them.
    damaged_tiles
        Tiles that could not be decoded when levels were added.
    """

    key: str
    size_bytes: int
    sha256: str
    route: str
    vendor: str
    is_complete: bool = False
    damaged_tiles: int = 0

    @property
    def keeps_pixels(self) -> bool:
        """Whether the scanner's files hold no pixel that is not here as well, bit by bit."""
        return self.route in KEEPING_PIXELS and not self.damaged_tiles


@dataclass(frozen=True)
class AssociatedImage:
    """The label of a slide or an overview that shows it, as PNG in the bucket `images`, for editors only."""

    name: str
    key: str
    width: int
    height: int


@dataclass(kw_only=True)
class SlideConversion(JobAggregate):
    """The conversion of one slide; its identifier is the image's.

    Parameters
    ----------
    files
        The first is the one to open.
    done
        How much of it is done, in thousandths.
    archive
        The one it was uploaded to, if any.
    keep_labels
        Whether that archive's editors are to have label and overview.
    deidentified
        Whether nobody may learn whose slide it is: its files go as soon as they are not needed any more.
    names_key
        Key of the object that holds the names of the files, if they may not stand here.
    """

    name: str
    files: list[OriginalObject]
    archive: str | None = None
    keep_labels: bool = False
    deidentified: bool = False
    names_key: str = ""
    done: int = 0
    product: SlideProduct | None = None
    associated: list[AssociatedImage] = field(default_factory=list)

    @property
    def original_keys(self) -> list[str]:
        """Keys of what the import stored."""
        return [*(file.key for file in self.files), *([self.names_key] if self.names_key else [])]

    def finish(self, product: SlideProduct, associated: list[AssociatedImage]) -> None:
        """Keep what came of it; that people can look at it is announced once its tiles are indexed."""
        self.product, self.associated, self.done = product, associated, 1000

    def give_up(self, reason: str) -> None:
        """Announce that the slide cannot be shown, and why."""
        self.record(TilesFailed(image=self.id, reason=reason))


@dataclass(kw_only=True)
class LevelFilling(JobAggregate):
    """The work of adding to a converted slide the levels it lacks; its identifier is the image's."""

    product: SlideProduct
    done: int = 0

    def finish(self, product: SlideProduct) -> None:
        self.product, self.done = product, 1000


SLIDE_CONVERSIONS = Collection(
    "slide_conversions", fields={**JOB_FIELDS, **OUTBOX_FIELDS}, indexes=[OUTBOX_INDEX, *JOB_INDEXES]
)
LEVEL_FILLINGS = Collection(
    "level_fillings", fields={**JOB_FIELDS, **OUTBOX_FIELDS}, indexes=[OUTBOX_INDEX, *JOB_INDEXES]
)
