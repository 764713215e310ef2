"""Downloads: whole archives as they were at one moment, as a zip that is never stored.

What is stored is a plan: which files, in which order, hence at which offsets. It does not change when the archive does, so
a download that broke off can be resumed for as long as the plan lasts. A plan is made page by page of the archive's items, and
nothing of it is given out before it is whole, because a zip's size and its last part follow from all of it.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from archive_api.domain.zip_layout import END_BYTES, ZipEntry
from archive_shared.documents import Aggregate, Collection

LASTS = timedelta(days=2)
PIECE = 1000


@dataclass(frozen=True, kw_only=True)
class PlannedFile:
    """A file of a download.

    Parameters
    ----------
    path
        Its name in the zip.
    bucket
        `images` or `media`; `plan` for what describes the archive, whose bytes are the parts its key names.
    item
        The item it belongs to, "" for what describes the archive; once that holds it no more, it is not given out.
    image
        The image it is a file of, "" if of none.
    crc32
        Its CRC-32 where planning found it out, None where the file has to be read for it.
    """

    path: str
    bucket: str
    key: str
    size_bytes: int
    sha256: str
    item: str = ""
    image: str = ""
    crc32: int | None = None

    @property
    def entry(self) -> ZipEntry:
        return ZipEntry(self.path, self.size_bytes)


@dataclass(frozen=True)
class Piece:
    """Where up to a thousand files of a download begin: their data, and their lines in the directory at the end.

    Parameters
    ----------
    central_at
        From the beginning of the directory.
    key
        Of the list of the files, in the bucket `media`.
    """

    local_at: int
    central_at: int
    key: str


@dataclass(frozen=True)
class Part:
    """Some bytes of a description, in the bucket `media`."""

    key: str
    size_bytes: int


@dataclass(frozen=True)
class Description:
    """One of the files that say what the others are, which grows with every page that is planned."""

    parts: list[Part] = field(default_factory=list)
    crc32: int = 0

    @property
    def size_bytes(self) -> int:
        return sum(part.size_bytes for part in self.parts)

    def with_part(self, key: str, content: bytes) -> "Description":
        """Return it with further bytes, which are stored under a key; with none it stays as it is."""
        if not content:
            return self
        parts = [*self.parts, Part(key, len(content))]
        return Description(parts, zlib.crc32(content, self.crc32))


@dataclass(kw_only=True)
class Download(Aggregate):
    """The plan of a download; the lists of its files are in the bucket `media`, piece by piece.

    Parameters
    ----------
    local_bytes, central_bytes
        Size of all files with what stands around each, and of the directory behind them.
    items, after
        How many items are planned, and behind which one the next page begins, as its age and identifier; None at the beginning.
    known_key
        Where the identifiers of the images that are planned are kept, "" while nobody has to go on.
    is_planned
        Whether the plan is whole.
    """

    archive: str
    creator: str
    pieces: list[Piece] = field(default_factory=list)
    descriptions: dict[str, Description] = field(default_factory=dict)
    files: int = 0
    local_bytes: int = 0
    central_bytes: int = 0
    items: int = 0
    after: list[str] | None = None
    known_key: str = ""
    is_planned: bool = False
    created_at: datetime
    expires_at: datetime

    @property
    def size_bytes(self) -> int:
        return self.local_bytes + self.central_bytes + END_BYTES

    def add(self, files: Sequence[PlannedFile], key: str) -> None:
        """Append a piece, whose list is stored under a key, to the plan."""
        self.pieces = [*self.pieces, Piece(self.local_bytes, self.central_bytes, key)]
        self.files += len(files)
        self.local_bytes += sum(file.entry.local_bytes for file in files)
        self.central_bytes += sum(file.entry.central_bytes for file in files)

    def described(self, name: str) -> Description:
        """Return one of `DESCRIPTIONS` as far as it is written."""
        return self.descriptions.get(name, Description())

    def describe(self, name: str, key: str, content: bytes) -> None:
        """Append bytes, which are stored under a key, to one of `DESCRIPTIONS`."""
        self.descriptions = {**self.descriptions, name: self.described(name).with_part(key, content)}

    def description_files(self) -> list[PlannedFile]:
        """Return the files that say what the others are: the last ones in the zip."""
        written = ((name, self.described(name)) for name in DESCRIPTIONS)
        return [
            PlannedFile(
                path=name,
                bucket="plan",
                key=name,
                size_bytes=description.size_bytes,
                sha256="",
                crc32=description.crc32,
            )
            for name, description in written
        ]


@dataclass(kw_only=True)
class Checksum(Aggregate):
    """The CRC-32 of content, by whose sha256 it is known; computed once, when content is downloaded first."""

    crc32: int


DESCRIPTIONS = ("items.jsonl", "images.jsonl", "manifest.jsonl")
DOWNLOADS = Collection("downloads", fields={"expires_at": "expires_at"}, indexes=[("expires_at",)])
CHECKSUMS = Collection("checksums")


def folder_of(download: str) -> str:
    """Return what the keys of everything stored for a plan begin with."""
    return f"downloads/{download}/"
