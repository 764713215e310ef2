"""Images: what the ingest worker said of them, and where they can be found."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

from archive_api.domain.image_fields import INDEXED, STORED_FIELDS
from archive_shared.documents import Aggregate, Collection
from archive_shared.errors import NotFound
from archive_shared.events import ImageDescription, ImageFile, ImageImported, SlideComplete, SlideViewable

PYRAMID = "TIFF"
_CHANNELS = {"RGB": 3, "YCBCR": 3, "RGBA": 4}


@dataclass(kw_only=True)
class ImageCard(Aggregate):
    """What a list of items tells of an image; read alone where hundreds are shown."""

    name: str
    files: list[ImageFile]

    @property
    def has_pyramid(self) -> bool:
        return any(file.type == PYRAMID for file in self.files)


@dataclass(kw_only=True)
class Image(ImageCard):
    """The read model of an image; everything but its places, and the file of a slide, is as imported and never changes.

    Parameters
    ----------
    creator
        Identifier of the user who uploaded it, who sees it while no item holds it.
    sources_sha256
        Digest of the files it was made from, "" where unknown.
    deidentified_by
        The archive by whose rule and with whose key its import took away what tells whose it is; "" if it did not.
    source_count
        How many files it was made from, of which `sources` names the first.
    notes
        What a careful reader should know though it did not stop the import.
    session_image_count
        How many images came of its session, 0 where unknown.
    archives, placed
        Which archives have an item that holds it, and whether there is any: an *index*, so that images can
        be listed by archive. The truth is in the items, and who may see an image is decided on them alone
        (`archive_api.use_cases.browse_images`); the index follows (`archive_api.use_cases.index_image`).
    lookups
        How often the index was looked up; it makes every look-up a change, see there.
    unplaced_since
        Since when no item is known to hold it; None while one does.
    leaving_since
        Since when the sweep wants to remove it (`archive_api.use_cases.sweep_images`); whoever puts it into an item
        before it is gone takes that back.
    gone
        Whether that can be taken back no more.
    """

    creator: str
    session: str
    sources: list[str]
    pixels_sha256: str
    description: ImageDescription
    archives: list[str] = field(default_factory=list)
    placed: bool = False
    lookups: int = 0
    unplaced_since: datetime | None = None
    leaving_since: datetime | None = None
    gone: bool = False
    slide_is_complete: bool = False
    sources_sha256: str = ""
    deidentified_by: str = ""
    notes: list[str] = field(default_factory=list)
    source_count: int = 0
    session_image_count: int = 0
    created_at: datetime

    @classmethod
    def imported(cls, event: ImageImported, *, at: datetime) -> Self:
        """Return the image an import produced."""
        return cls(
            id=event.image,
            name=event.name,
            creator=event.creator,
            session=event.session,
            sources=event.sources,
            pixels_sha256=event.pixels_sha256,
            files=event.files,
            description=event.description,
            sources_sha256=event.sources_sha256,
            notes=event.notes,
            source_count=event.source_count or len(event.sources),
            session_image_count=event.session_image_count,
            deidentified_by=(event.archive or "") if event.deidentified else "",
            unplaced_since=at,
            created_at=at,
        )

    def receive_slide(self, event: SlideViewable | SlideComplete) -> None:
        """Take over the canonical file of a slide; one that is complete is not replaced by an earlier one."""
        if self.slide_is_complete:
            return
        self.slide_is_complete = isinstance(event, SlideComplete)
        self.files = [event.file]
        self.description = replace(
            self.description,
            width=event.width,
            height=event.height,
            resolution_levels=event.levels,
            voxel_width_mm=event.voxel_width_mm,
            voxel_height_mm=event.voxel_height_mm,
        )

    def expect_in(self, archive: str) -> None:
        """Note that an item of the archive is about to hold the image; the next look-up says whether it does.

        Raises
        ------
        NotFound
            The image is gone.
        """
        self.stay()
        self.archives = sorted({*self.archives, archive})
        self.placed, self.unplaced_since = True, None

    def held_by(self, archives: Iterable[str], *, at: datetime) -> None:
        """Note which archives were found to hold the image."""
        self.archives = sorted(set(archives))
        self.placed = bool(self.archives)
        self.unplaced_since = None if self.placed else self.unplaced_since or at
        self.leaving_since = None if self.placed else self.leaving_since
        self.lookups += 1

    def leave(self, *, at: datetime) -> None:
        """Note that the image is to be removed, unless an item holds it."""
        if not self.placed:
            self.leaving_since = self.leaving_since or at

    def stay(self) -> None:
        """Note that it is wanted after all; raise `NotFound` if it is gone."""
        if self.gone:
            raise NotFound(f"image {self.id} was removed")
        self.leaving_since = None

    def go(self, *, left_before: datetime) -> None:
        """Make its removal final if it has been leaving since before that, and nobody took it back."""
        if not self.placed and self.leaving_since is not None and self.leaving_since <= left_before:
            self.gone = True

    def file(self, identifier: str) -> ImageFile | None:
        return next((file for file in self.files if file.id == identifier), None)

    @property
    def shape_without_color(self) -> list[int]:
        """Return [time, z,] y, x; lengths that are not there are left out."""
        about = self.description
        lengths = (about.timepoints, about.depth, about.height, about.width)
        return [length for length in lengths if length is not None]

    @property
    def shape(self) -> list[int]:
        """Return the shape with the number of channels behind it when there are several."""
        channels = _CHANNELS.get(self.description.color_space)
        return self.shape_without_color + ([channels] if channels else [])


IMAGES = Collection(
    "images",
    fields={
        **STORED_FIELDS,
        "name": "name",
        "creator": "creator",
        "placed": "placed",
        "unplaced_since": "unplaced_since",
        "created_at": "created_at",
        "session": "session",
        "pixels_sha256": "pixels_sha256",
        "sources_sha256": "sources_sha256",
        # What lists are ordered by, under names that no filter uses: a page begins behind a value of it.
        "by_created": "created_at",
        "by_name": "name",
        "by_study_date": "description.study_date",
    },
    lists={"archives": "archives"},
    ordered={
        "archives": (
            "by_created",
            "by_name",
            "by_study_date",
            "patient_id",
            "pixels_sha256",
            "sources_sha256",
        )
    },
    indexes=[
        ("creator", "placed", "created_at", "_id"),
        ("created_at", "_id"),
        ("unplaced_since",),
        ("name",),
        ("session",),
        *((name, "created_at") for name in INDEXED),
    ],
)
