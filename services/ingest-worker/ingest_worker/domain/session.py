"""Upload sessions: files handed in together, the work of importing them, and the report about each."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from archive_shared.access import Caller
from archive_shared.documents import Collection, Where, one_of
from archive_shared.documents.repository import OUTBOX_FIELDS, OUTBOX_INDEX
from archive_shared.errors import Conflict
from archive_shared.events import SessionFailed, SessionStarted, SessionSucceeded
from archive_shared.jobs.job import JOB_FIELDS, JOB_INDEXES, Job, JobAggregate, JobState
from ingest_worker.domain.grouping import Grouping
from ingest_worker.domain.session_report import RejectedFile, SessionImage, SessionReport

NOTHING_IMPORTED = "None of the files could be imported."
MOST_ANNOUNCED_IMAGES = 1000  # with the end of the session; each has an event of its own
CANCELLED = "The import was cancelled."
NOT_ONE_IMAGE = "Image imports should result in a single image."


class SessionStatus(StrEnum):
    """How far a session is; spelled as the public API shows it."""

    QUEUED = "Queued"
    STARTED = "Started"
    REQUEUED = "Re-Queued"
    FAILED = "Failed"
    SUCCEEDED = "Succeeded"
    CANCELLED = "Cancelled"


@dataclass(frozen=True)
class SessionFile:
    """A file of a session: its upload, what its uploader called it, and where its bytes are (bucket `uploads`)."""

    upload: str
    name: str
    key: str
    size_bytes: int


@dataclass(frozen=True)
class Progress:
    """How much of a session's present phase is done, see `ConversionProgress`; unpacked archives add to the totals."""

    phase: str = ""
    files_done: int = 0
    files_total: int = 0
    bytes_done: int = 0
    bytes_total: int = 0


@dataclass(kw_only=True)
class UploadSession(JobAggregate):
    """Files to be imported, for one target.

    Parameters
    ----------
    creator_number
        The creator as a whole number, for the public client.
    archive, item, socket
        Where the images are wanted; no archive means nowhere yet.
    deidentify
        Whether the images are to be nobody's, as the archive had it when the session was started.
    grouping
        How its images are put together into items; None makes an item of each.
    keep_labels
        Whether labels of slides are to be kept, likewise.
    images, rejected
        Its report, or the beginning of one that is too long for this document; the rest is in `ReportPage`s.
    image_count, rejected_count
        How many there are in the whole report; 0 for sessions from before these were counted.
    error_message
        What its creator should know when not everything went well.
    """

    creator: str
    creator_number: int
    archive: str | None
    item: str | None
    socket: str
    files: list[SessionFile]
    created_at: datetime
    deidentify: bool = False
    grouping: Grouping | None = None
    keep_labels: bool = False
    progress: Progress = field(default_factory=Progress)
    images: list[SessionImage] = field(default_factory=list)
    rejected: list[RejectedFile] = field(default_factory=list)
    image_count: int = 0
    rejected_count: int = 0
    error_message: str | None = None

    def is_for(self, caller: Caller) -> bool:
        """Tell whether it is the caller's, and for an archive that the token they came with is good for."""
        return self.creator == caller.id and caller.reaches(self.archive)

    @property
    def status(self) -> SessionStatus:
        """Return how far it is: succeeded means that there is at least one image."""
        if self.job.state is JobState.DONE:
            return SessionStatus.SUCCEEDED if self.images else SessionStatus.FAILED
        if self.job.state is JobState.QUEUED:
            return SessionStatus.REQUEUED if self.job.epoch else SessionStatus.QUEUED
        return _STATUS[self.job.state]

    @property
    def report(self) -> SessionReport:
        """Return as much of its report as it holds itself."""
        return SessionReport(self.images, self.rejected)

    @property
    def report_goes_on(self) -> bool:
        """Tell whether there are more portions of its report."""
        return self.image_count + self.rejected_count > len(self.images) + len(self.rejected)

    def start(self) -> None:
        """Note that a worker begins; announced the first time only."""
        if self.job.epoch == 1:
            self.record(
                SessionStarted(
                    session=self.id, creator=self.creator, files=len(self.files), archive=self.archive
                )
            )

    def takes(self, images: int) -> bool:
        """Tell whether so many images have a place: a socket of an item takes one, not any of several."""
        return self.item is None or images <= 1

    def outcome(self, images: list[SessionImage], rejected: list[RejectedFile]) -> SessionReport:
        """Return the report of what came of its files: images that have no place are none of its images."""
        return SessionReport(images if self.takes(len(images)) else [], rejected)

    def close(self, images: list[SessionImage], rejected: list[RejectedFile]) -> None:
        """Keep the outcome, or its first portion, and announce it: what was refused, and whether anything was imported."""
        report = self.outcome(images, rejected)
        first = report.portions()[0]
        self.images, self.rejected = first.images, first.rejected
        self.image_count, self.rejected_count = len(report.images), len(rejected)
        for event in first.announcements(self.id, hidden=self.deidentify, after=0):
            self.record(event)
        if not report.images:
            self.give_up(NOT_ONE_IMAGE if images else NOTHING_IMPORTED)
            return
        if rejected:
            self.error_message = f"{len(rejected)} file(s) could not be imported."
        self.record(
            SessionSucceeded(
                session=self.id,
                creator=self.creator,
                images=[image.id for image in images[:MOST_ANNOUNCED_IMAGES]],
                image_count=len(images),
                rejected_files=len(rejected),
                archive=self.archive,
            )
        )

    def give_up(self, reason: str) -> None:
        """Note that nothing came of it, and announce that."""
        self.error_message = reason
        self.record(SessionFailed(session=self.id, creator=self.creator, reason=reason, archive=self.archive))

    def cancel(self) -> None:
        """End it, whoever works on it; doing it again changes nothing.

        Raises
        ------
        Conflict
            It has ended already.
        """
        if self.job.state is JobState.CANCELLED:
            return
        if self.job.is_finished:
            raise Conflict("The import has ended already; it can no longer be cancelled.")
        self.job = self.job.cancel(CANCELLED)
        self.give_up(CANCELLED)

    def retry(self, at: datetime) -> None:
        """Queue it once more, from the beginning; doing it again before it has ended changes nothing.

        Raises
        ------
        Conflict
            It succeeded: the same files would become the same images, and be refused for the same reasons.
        """
        if self.status is SessionStatus.SUCCEEDED:
            raise Conflict("The import succeeded; there is nothing to try again.")
        if not self.job.is_finished:
            return
        self.job = replace(Job.queued(at), epoch=self.job.epoch)
        self.progress, self.images, self.rejected, self.error_message = Progress(), [], [], None
        self.image_count, self.rejected_count = 0, 0


_STATUS = {
    JobState.RUNNING: SessionStatus.STARTED,
    JobState.FAILED: SessionStatus.FAILED,
    JobState.CANCELLED: SessionStatus.CANCELLED,
}

SESSIONS = Collection(
    "sessions",
    fields={
        "creator": "creator",
        "archive": "archive",
        "created_at": "created_at",
        **JOB_FIELDS,
        **OUTBOX_FIELDS,
    },
    indexes=[("creator", "created_at"), ("creator", "archive", "created_at"), OUTBOX_INDEX, *JOB_INDEXES],
)


def sessions_for(caller: Caller) -> Where:
    """Return the condition for what `UploadSession.is_for` tells."""
    limit = {} if caller.archives is None else {"archive": one_of(sorted(caller.archives))}
    return {"creator": caller.id} | limit
