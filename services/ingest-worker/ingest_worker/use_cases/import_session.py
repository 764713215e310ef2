"""What a worker does with a session: hand it to the import program, keep the images, close the session."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from archive_shared.documents import Repository
from archive_shared.errors import Duplicate
from archive_shared.events import ImageDescription, ImageFile, ImageImported, OriginalFile, Slide
from archive_shared.jobs.job import JobState
from ingest_worker.domain.grouping import Placement, place
from ingest_worker.domain.session import Progress, RejectedFile, SessionImage, UploadSession
from ingest_worker.domain.stored_image import StoredImage

QUEUE = "ingest-worker.import"


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
        """Store every image with the event that announces it; those that are there already stay as they are.

        Not for a session that was cancelled or given to somebody else while its files were converted.
        """
        job = self.sessions.require(aggregate.id).job
        is_ours = job.state is JobState.RUNNING and job.epoch == aggregate.job.epoch
        if not is_ours or not aggregate.takes(len(result["images"])):
            return
        for found, placement in zip(result["images"], _placements(aggregate, result), strict=True):
            try:
                self.images.add(_stored(aggregate, found, placement))
            except Duplicate:
                continue

    def succeeded(self, aggregate: UploadSession, result: Mapping[str, Any]) -> None:
        images = [
            SessionImage(
                id=each["id"],
                name=each["name"],
                sources=each["sources"],
                removed=each["removed"],
                notes=each["notes"],
                item=placement.item,
                socket=placement.socket,
            )
            for each, placement in zip(result["images"], _placements(aggregate, result), strict=True)
        ]
        rejected = [RejectedFile(each["file"], each["reasons"]) for each in result["rejected"]]
        aggregate.close(images, rejected)

    def failed(self, aggregate: UploadSession, reason: str) -> None:
        aggregate.give_up(reason)


def _placements(session: UploadSession, result: Mapping[str, Any]) -> list[Placement]:
    """Return where each image belongs; the same for the same outcome, however often it is asked."""
    sources = [found["sources"] for found in result["images"]]
    return place(session.grouping, sources, socket=session.socket)


def _stored(session: UploadSession, found: Mapping[str, Any], placement: Placement) -> StoredImage:
    files = [ImageFile(**file) for file in found["files"]]
    slide = _slide(found["slide"]) if found["slide"] else None
    image = StoredImage(
        id=found["id"],
        session=session.id,
        files=files,
        pixels_sha256=found["pixels_sha256"],
        originals=[file.key for file in slide.files] if slide else [],
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
        )
    )
    return image


def _slide(found: Mapping[str, Any]) -> Slide:
    files = [OriginalFile(**file) for file in found["files"]]
    return Slide(**{**found, "files": files})
