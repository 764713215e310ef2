"""Downloads: whole archives as they were at one moment, as a zip that is never stored.

What is stored is a plan: which files, in which order, hence at which offsets. It does not change when the archive does, so
a download that broke off can be resumed for as long as the plan lasts.
"""

from collections.abc import Iterator
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
        `images` or `media`.
    item
        The item it belongs to, "" for what describes the archive; once that holds it no more, it is not given out.
    image
        The image it is a file of, "" if of none.
    """

    path: str
    bucket: str
    key: str
    size_bytes: int
    sha256: str
    item: str = ""
    image: str = ""

    @property
    def entry(self) -> ZipEntry:
        return ZipEntry(self.path, self.size_bytes)


@dataclass(frozen=True)
class Piece:
    """Where a thousand files of a download begin: their data, and their lines in the directory at the end."""

    local_at: int
    central_at: int
    """From the beginning of the directory."""


@dataclass(kw_only=True)
class Download(Aggregate):
    """The plan of a download; the files themselves are in the bucket `media`, piece by piece.

    Parameters
    ----------
    local_bytes, central_bytes
        Size of all files with what stands around each, and of the directory behind them.
    """

    archive: str
    creator: str
    pieces: list[Piece] = field(default_factory=list)
    files: int = 0
    local_bytes: int = 0
    central_bytes: int = 0
    created_at: datetime
    expires_at: datetime

    @property
    def size_bytes(self) -> int:
        return self.local_bytes + self.central_bytes + END_BYTES

    def add(self, files: list[PlannedFile]) -> None:
        """Append a piece to the plan."""
        self.pieces = [*self.pieces, Piece(self.local_bytes, self.central_bytes)]
        self.files += len(files)
        self.local_bytes += sum(file.entry.local_bytes for file in files)
        self.central_bytes += sum(file.entry.central_bytes for file in files)

    def keys(self) -> Iterator[str]:
        """Yield the keys of everything stored for this plan."""
        yield from (description_key(self.id, name) for name in DESCRIPTIONS)
        yield from (piece_key(self.id, number) for number in range(len(self.pieces)))


@dataclass(kw_only=True)
class Checksum(Aggregate):
    """The CRC-32 of content, by whose sha256 it is known; computed once, when content is downloaded first."""

    crc32: int


DESCRIPTIONS = ("items.jsonl", "images.jsonl", "manifest.jsonl")
DOWNLOADS = Collection("downloads", fields={"expires_at": "expires_at"}, indexes=[("expires_at",)])
CHECKSUMS = Collection("checksums")


def description_key(download: str, name: str) -> str:
    return f"downloads/{download}/{name}"


def piece_key(download: str, number: int) -> str:
    return f"downloads/{download}/plan/{number:06}.json"
