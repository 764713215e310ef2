"""What a worker does with a session: hand it to the import program, keep the images, close the session."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from archive_shared.documents import Repository
from archive_shared.errors import Duplicate
from archive_shared.events import ImageDescription, ImageFile, ImageImported, OriginalFile, Slide
from archive_shared.jobs.job import JobState
from ingest_worker.domain.grouping import Placement, place
from ingest_worker.domain.session import Progress, UploadSession
from ingest_worker.domain.session_report import RejectedFile, ReportPage, SessionImage
from ingest_worker.domain.stored_image import StoredImage

QUEUE = "ingest-worker.import"
MOST_SOURCES = 1000  # of an image, by name in the report; a series has more files than anybody reads


@dataclass(frozen=True)
class ImportHandler:
    """The `JobHandler` of upload sessions.

    Parameters
    ----------
    command
        Starts `ingest_worker.entrypoints.import_program`.
    """

    command: Sequence[str]
    sessions: Repository[UploadSession]
    images: Repository[StoredImage]
    pages: Repository[ReportPage]

    def payload(self, aggregate: UploadSession) -> Mapping[str, Any]:
        return {
            "session": aggregate.id,
            "epoch": aggregate.job.epoch,
            "archive": aggregate.archive,
            "deidentify": aggregate.deidentify,
            "keep_labels": aggregate.keep_labels,
            "files": [asdict(file) for file in aggregate.files],
        }

    def started(self, aggregate: UploadSession) -> None:
        aggregate.start()

    def progressed(self, aggregate: UploadSession, progress: Mapping[str, Any]) -> None:
        aggregate.progress = Progress(**progress)

    def keep(self, aggregate: UploadSession, result: Mapping[str, Any]) -> None:
        """Store every image with the event that announces it, and of a long report what the session has no room for.

        What is there already stays as it is. Nothing is stored for a session that was cancelled or given to somebody else
        while its files were converted.
        """
        job = self.sessions.require(aggregate.id).job
        if job.state is not JobState.RUNNING or job.epoch != aggregate.job.epoch:
            return
        if aggregate.takes(len(result["images"])):
            of_how_many = len(result["images"])
            for found, placement in zip(result["images"], _placements(aggregate, result), strict=True):
                with suppress(Duplicate):
                    self.images.add(_stored(aggregate, found, placement, of_how_many))
        self._keep_pages(aggregate, result)

    def _keep_pages(self, session: UploadSession, result: Mapping[str, Any]) -> None:
        first, *others = session.outcome(_images(session, result), _rejected(result)).portions()
        refused = len(first.rejected)
        for number, portion in enumerate(others, start=1):
            page = ReportPage.of(session.id, session.job.epoch, number, portion)
            for event in portion.announcements(session.id, hidden=session.deidentify, after=refused):
                page.record(event)
            refused += len(portion.rejected)
            with suppress(Duplicate):
                self.pages.add(page)

    def succeeded(self, aggregate: UploadSession, result: Mapping[str, Any]) -> None:
        aggregate.close(_images(aggregate, result), _rejected(result))

    def failed(self, aggregate: UploadSession, reason: str) -> None:
        aggregate.give_up(reason)


def _images(session: UploadSession, result: Mapping[str, Any]) -> list[SessionImage]:
    return [
        SessionImage(
            id=each["id"],
            name=each["name"],
            sources=each["sources"][:MOST_SOURCES],
            source_count=len(each["sources"]),
            removed=each["removed"],
            notes=each["notes"],
            item=placement.item,
            socket=placement.socket,
        )
        for each, placement in zip(result["images"], _placements(session, result), strict=True)
    ]


def _rejected(result: Mapping[str, Any]) -> list[RejectedFile]:
    return [RejectedFile(each["file"], each["reasons"]) for each in result["rejected"]]


def _placements(session: UploadSession, result: Mapping[str, Any]) -> list[Placement]:
    """Return where each image belongs; the same for the same outcome, however often it is asked."""
    sources = [found["sources"] for found in result["images"]]
    return place(session.grouping, sources, socket=session.socket)


def _stored(
    session: UploadSession, found: Mapping[str, Any], placement: Placement, of_how_many: int
) -> StoredImage:
    files = [ImageFile(**file) for file in found["files"]]
    slide = _slide(found["slide"]) if found["slide"] else None
    image = StoredImage(
        id=found["id"],
        session=session.id,
        files=files,
        pixels_sha256=found["pixels_sha256"],
        originals=_original_keys(slide) if slide else [],
    )
    image.record(
        ImageImported(
            image=image.id,
            session=session.id,
            creator=session.creator,
            archive=session.archive,
            item=session.item,
            socket=placement.socket,
            name=found["name"],
            sources=found["announced_sources"],
            pixels_sha256=image.pixels_sha256,
            files=files,
            description=ImageDescription(**found["description"]),
            slide=slide,
            group=placement.item,
            sources_sha256=found["sources_sha256"],
            deidentified=session.deidentify,
            notes=found["notes"],
            source_count=len(found["sources"]),
            session_image_count=of_how_many,
        )
    )
    return image


def _original_keys(slide: Slide) -> list[str]:
    names = [slide.names_key] if slide.names_key else []
    return [*(file.key for file in slide.files), *names]


def _slide(found: Mapping[str, Any]) -> Slide:
    files = [OriginalFile(**file) for file in found["files"]]
    return Slide(**{**found, "files": files})
