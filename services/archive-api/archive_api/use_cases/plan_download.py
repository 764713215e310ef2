"""Plans the download of a whole archive: looks at every item once, in memory that does not grow with their number."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import PurePosixPath
from tempfile import TemporaryFile
from typing import IO

from archive_api.domain.download import (
    DESCRIPTIONS,
    LASTS,
    PIECE,
    Download,
    PlannedFile,
    description_key,
    piece_key,
)
from archive_api.domain.image import Image
from archive_api.use_cases.library import Library
from archive_api.use_cases.read_contents import HeldItem, read_items
from archive_shared.access import Caller
from archive_shared.clock import to_text
from archive_shared.documents import less_than
from archive_shared.events import ImageFile

_MOST_CLEARED = 20
_MOST_KNOWN_IMAGES = (
    100_000  # what is held by further items than these is in the zip twice, which is harmless
)


@dataclass(frozen=True)
class Describing:
    """How items and images are described in the zip, one line of JSON each."""

    item: Callable[[HeldItem], str]
    image: Callable[[Image], str]
    file_name: Callable[[ImageFile], str]


def plan_download(
    library: Library, caller: Caller, archive: str, identifier: str, describing: Describing
) -> Download:
    """Store the plan of a download under an identifier; twice gives the same one.

    Costs a look at every item of the archive, and no look at its files.
    """
    present = library.downloads.get(identifier)
    if present is not None:
        return present
    clear_expired(library)
    now = library.clock.now()
    download = Download(
        id=identifier, archive=archive, creator=caller.id, created_at=now, expires_at=now + LASTS
    )
    with _Descriptions(library, download) as descriptions:
        _keep(library, download, _files(library, archive, describing, descriptions))
    return library.downloads.add(download)


def clear_expired(library: Library) -> None:
    """Remove some of the plans whose time is over; whoever makes a new one does it."""
    now = to_text(library.clock.now())
    for download in library.downloads.find({"expires_at": less_than(now)}, limit=_MOST_CLEARED):
        for key in download.keys():  # noqa: SIM118 (no dictionary)
            library.media_blobs.delete(key)
        library.downloads.delete(download.id)


def _keep(library: Library, download: Download, files: Iterator[PlannedFile]) -> None:
    while piece := list(islice(files, PIECE)):
        text = json.dumps([asdict(file) for file in piece])
        library.media_blobs.put(piece_key(download.id, len(download.pieces)), text.encode())
        download.add(piece)


def _files(
    library: Library, archive: str, describing: Describing, descriptions: "_Descriptions"
) -> Iterator[PlannedFile]:
    """Yield every file of an archive once, then what describes them."""
    known: set[str] = set()
    for held in read_items(library, archive):
        descriptions.write("items.jsonl", describing.item(held))
        for file in _files_of(held, known, describing, descriptions):
            about = {
                "path": file.path,
                "size_bytes": file.size_bytes,
                "sha256": file.sha256,
                "item": file.item,
            }
            descriptions.write("manifest.jsonl", json.dumps(about) + "\n")
            yield file
    yield from descriptions.files()


def _files_of(
    held: HeldItem, known: set[str], describing: Describing, descriptions: "_Descriptions"
) -> Iterator[PlannedFile]:
    for image in held.images:
        if image.id in known:
            continue
        if len(known) < _MOST_KNOWN_IMAGES:
            known.add(image.id)
        descriptions.write("images.jsonl", describing.image(image))
        for file in image.files:
            yield PlannedFile(
                path=f"images/{image.id}/{describing.file_name(file)}",
                bucket="images",
                key=file.key,
                size_bytes=file.size_bytes,
                sha256=file.sha256,
                item=held.item.id,
                image=image.id,
            )
    for value in held.item.values:
        if value.file is not None:
            yield PlannedFile(
                path=f"items/{held.item.id}/{value.socket}/{safe_name(value.file.name)}",
                bucket="media",
                key=value.file.key,
                size_bytes=value.file.size_bytes,
                sha256=value.file.sha256,
                item=held.item.id,
            )


def safe_name(name: str) -> str:
    """Return a name that stays in its folder wherever the zip is unpacked."""
    last = PurePosixPath(name.replace("\\", "/")).name
    return last if last not in ("", "..") else "file"


class _Descriptions:
    """Files that are written while items are read, and stored when all were."""

    def __init__(self, library: Library, download: Download) -> None:
        self._library = library
        self._download = download
        self._open = ExitStack()
        self._written: dict[str, IO[bytes]] = {
            name: self._open.enter_context(TemporaryFile())  # noqa: SIM115 (closed with the others)
            for name in DESCRIPTIONS
        }

    def __enter__(self) -> "_Descriptions":
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def write(self, name: str, line: str) -> None:
        self._written[name].write(line.encode())

    def files(self) -> Iterator[PlannedFile]:
        """Store what was written and yield it."""
        for name, file in self._written.items():
            size_bytes = file.tell()
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
            file.seek(0)
            key = description_key(self._download.id, name)
            self._library.media_blobs.put(key, file)
            yield PlannedFile(path=name, bucket="media", key=key, size_bytes=size_bytes, sha256=digest)
