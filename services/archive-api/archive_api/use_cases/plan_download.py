"""Plans the download of a whole archive, page by page of its items: the first while the client waits, the others by a task.

So a request costs the same however many items there are. Two who plan the same page at once, or again after one died, write
to keys of their own; whose plan is saved first decides, and what the other wrote is of no plan and swept with it.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import PurePosixPath

from archive_api.domain.download import LASTS, PIECE, Download, PlannedFile, folder_of
from archive_api.domain.history import Actor
from archive_api.domain.image import Image
from archive_api.domain.task import Task
from archive_api.use_cases.browse_items import BY_AGE
from archive_api.use_cases.count_items import count_items
from archive_api.use_cases.library import Library
from archive_api.use_cases.read_contents import HeldItem, read_items
from archive_shared.access import Caller
from archive_shared.errors import Duplicate
from archive_shared.events import ImageFile
from archive_shared.identifiers import new_id

PAGE = 1000
"""So many items are planned at once."""

DOWNLOAD_TASK = "download"
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

    Costs a look at a page of the items, and none at their files. Where there are more, the plan is not whole yet; a task
    of the same identifier goes on with it.
    """
    download = library.downloads.get(identifier)
    if download is None:
        now = library.clock.now()
        download = Download(
            id=identifier, archive=archive, creator=caller.id, created_at=now, expires_at=now + LASTS
        )
        _plan_page(library, download, describing)
        download = _added(library, download)
    if not download.is_planned:
        _begin_task(library, download, Actor.of(caller))
    return download


def go_on_planning(library: Library, task: Task, describing: Describing) -> None:
    """Plan the next page of a download; the task ends when the plan is whole, or over before it was."""
    download, now = library.downloads.get(task.id), library.clock.now()
    if download is None or library.archive(task.archive) is None:
        library.tasks.change(task.id, lambda present: present.end(done=0, error="It is over.", at=now))
        return
    if not download.is_planned:  # else this step was done before, and died while it ended the task
        _plan_page(library, download, describing)
        download = library.downloads.save(download)
    _note_progress(library, task, download)


def _note_progress(library: Library, task: Task, download: Download) -> None:
    now = library.clock.now()

    def apply(present: Task) -> None:
        if download.is_planned:
            present.end(done=download.items, at=now)
        else:
            present.go_on(task.step, done=download.items, at=now)

    library.tasks.change(task.id, apply)


def _added(library: Library, download: Download) -> Download:
    try:
        return library.downloads.add(download)
    except Duplicate:  # the same request did it at the same time
        return library.downloads.require(download.id)


def _begin_task(library: Library, download: Download, creator: Actor) -> None:
    task = Task.begin(
        id=download.id,
        kind=DOWNLOAD_TASK,
        archive=download.archive,
        creator=creator,
        total=count_items(library, download.archive),
        at=library.clock.now(),
        open_ended=True,
    )
    with suppress(Duplicate):  # the same request began it before
        library.tasks.add(task)


def _plan_page(library: Library, download: Download, describing: Describing) -> None:
    """Add the next page of items to a plan, and what ends it when there are no more."""
    after = (download.after[0], download.after[1]) if download.after else None
    held = list(islice(read_items(library, download.archive, after), PAGE))
    page = _Page(library, download, describing, known=_read_known(library, download))
    page.add(held)
    download.items += len(held)
    if len(held) < PAGE:
        page.keep(download.description_files())
        download.is_planned, download.known_key = True, ""
    else:
        value, identifier = BY_AGE.place(held[-1].item)
        download.after = [value or "", identifier]
        page.keep_known()


def _read_known(library: Library, download: Download) -> set[str]:
    key = download.known_key
    return set(library.media_blobs.read(key).decode().splitlines()) if key else set()


@dataclass(frozen=True)
class _Page:
    """What planning a page stores, under keys of its own.

    Parameters
    ----------
    known
        Identifiers of the images that are planned.
    """

    library: Library
    download: Download
    describing: Describing
    known: set[str]
    attempt: str = field(default_factory=new_id)

    def add(self, held: Sequence[HeldItem]) -> None:
        """Add the files of items to the plan, piece by piece, and what is said of them to its descriptions."""
        lines: dict[str, list[str]] = defaultdict(list)
        files = (file for each in held for file in self._planned(each, lines))
        while piece := list(islice(files, PIECE)):
            self.keep(piece)
        for name, written in lines.items():
            content = "".join(written).encode()
            self.download.describe(name, self._stored(name, content), content)

    def keep(self, files: Sequence[PlannedFile]) -> None:
        """Store the list of the files of a piece and append it to the plan."""
        content = json.dumps([asdict(file) for file in files]).encode()
        self.download.add(files, self._stored(f"files-{len(self.download.pieces):06}.json", content))

    def keep_known(self) -> None:
        """Store which images are planned, for the next page."""
        self.download.known_key = self._stored("known.txt", "\n".join(sorted(self.known)).encode())

    def _stored(self, name: str, content: bytes) -> str:
        key = f"{folder_of(self.download.id)}{self.attempt}/{name}"
        self.library.media_blobs.put(key, content)
        return key

    def _planned(self, held: HeldItem, lines: dict[str, list[str]]) -> Iterator[PlannedFile]:
        """Yield the files of an item that are not planned yet, and append what describes it and them."""
        lines["items.jsonl"].append(self.describing.item(held))
        for image in self._new_images(held):
            lines["images.jsonl"].append(self.describing.image(image))
            yield from _listed(_files_of_image(held, image, self.describing), lines)
        yield from _listed(_files_of_values(held), lines)

    def _new_images(self, held: HeldItem) -> Iterator[Image]:
        for image in held.images:
            if image.id not in self.known:
                if len(self.known) < _MOST_KNOWN_IMAGES:
                    self.known.add(image.id)
                yield image


def _listed(files: Iterator[PlannedFile], lines: dict[str, list[str]]) -> Iterator[PlannedFile]:
    """Pass files on, and append their lines of the manifest."""
    for file in files:
        said = {name: getattr(file, name) for name in ("path", "size_bytes", "sha256", "item")}
        lines["manifest.jsonl"].append(json.dumps(said) + "\n")
        yield file


def _files_of_image(held: HeldItem, image: Image, describing: Describing) -> Iterator[PlannedFile]:
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


def _files_of_values(held: HeldItem) -> Iterator[PlannedFile]:
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
