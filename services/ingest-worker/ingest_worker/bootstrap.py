"""Puts the ingest worker together: the only place that knows which adapters it runs on."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import httpx2

from archive_shared.access import Access
from archive_shared.blobs.local import remove_unfinished
from archive_shared.blobs.platform import platform_blobs
from archive_shared.blobs.port import BlobStore
from archive_shared.clock import Clock, SystemClock
from archive_shared.documents import Documents, Repository
from archive_shared.documents.connect import connect_documents
from archive_shared.http.client import ServiceClient
from archive_shared.http.connect_access import connect_access
from archive_shared.idempotency import ANSWERS, AnswerBook, answer_book
from archive_shared.jobs.work_folders import remove_abandoned
from archive_shared.outbox.lease import LEASES
from archive_shared.settings import Grace, PlatformSettings
from archive_shared.sweeping import Leftover, Sweep
from ingest_worker.adapters.archives_client import HttpArchives
from ingest_worker.domain.budget import Budget
from ingest_worker.domain.session import SESSIONS, UploadSession
from ingest_worker.domain.session_report import REPORT_PAGES, ReportPage
from ingest_worker.domain.stored_image import STORED_IMAGES, StoredImage
from ingest_worker.domain.upload import UPLOADS, Upload
from ingest_worker.domain.usage import USAGES, Usage
from ingest_worker.settings import Settings
from ingest_worker.use_cases.convert_session import SessionWork
from ingest_worker.use_cases.import_session import QUEUE, ImportHandler
from ingest_worker.use_cases.quota import Quota
from ingest_worker.use_cases.sessions import Sessions
from ingest_worker.use_cases.sweep_stored import StoredSweep
from ingest_worker.use_cases.sweep_uploads import UploadSweep
from ingest_worker.use_cases.target import Archives
from ingest_worker.use_cases.upload import Uploads

NAME = "ingest-worker"
COLLECTIONS = (UPLOADS, USAGES, SESSIONS, REPORT_PAGES, STORED_IMAGES, ANSWERS, LEASES)
ANNOUNCING = (UPLOADS.name, SESSIONS.name, REPORT_PAGES.name, STORED_IMAGES.name)
JOBS = {SESSIONS.name: QUEUE}
IMPORT_PROGRAM = (sys.executable, "-P", "-m", "ingest_worker.entrypoints.import_program")


@dataclass(frozen=True)
class Transports:
    """How other services are reached; None means over the network."""

    permissions: httpx2.BaseTransport | None = None
    archive_api: httpx2.BaseTransport | None = None


@dataclass(frozen=True)
class Ingest:
    """The assembled service, as its HTTP surface needs it."""

    documents: Documents
    blobs: BlobStore
    uploads: Uploads
    sessions: Sessions
    answers: AnswerBook
    access: Access


def bootstrap(settings: PlatformSettings, *, transports: Transports | None = None) -> Ingest:
    """Connect to the stores and the other services."""
    reached = transports or Transports()
    clock = SystemClock()
    peer = partial(ServiceClient, service=NAME, secret=settings.secret, clock=clock)
    return over(
        documents(settings),
        platform_blobs(settings, "uploads"),
        access=connect_access(settings, service=NAME, clock=clock, transport=reached.permissions),
        archives=HttpArchives(peer(settings.archive_api_url, transport=reached.archive_api)),
        clock=clock,
        quota_bytes=settings.upload_quota_bytes,
    )


def over(
    documents: Documents,
    blobs: BlobStore,
    *,
    access: Access,
    archives: Archives,
    clock: Clock,
    quota_bytes: int = 0,
) -> Ingest:
    """Build the service on stores and peers that are already there."""
    uploads = Repository(documents, UPLOADS.name, Upload, source=NAME, clock=clock)
    return Ingest(
        documents=documents,
        blobs=blobs,
        uploads=Uploads(uploads, blobs, clock, quota_of(documents, quota_bytes)),
        sessions=Sessions(sessions_of(documents), report_pages(documents), uploads, archives, access, clock),
        answers=answer_book(documents, source=NAME, clock=clock),
        access=access,
    )


def quota_of(documents: Documents, most_bytes: int) -> Quota:
    """Return the account of what uploads take, and its limit."""
    kept = Repository(documents, UPLOADS.name, Upload, source=NAME)
    return Quota(Repository(documents, USAGES.name, Usage, source=NAME), kept, most_bytes)


def documents(settings: PlatformSettings) -> Documents:
    """Connect to the document store."""
    return connect_documents(settings.documents_url, NAME, COLLECTIONS)


def sessions_of(documents: Documents) -> Repository[UploadSession]:
    """Return the sessions, which are the jobs of the worker."""
    return Repository(documents, SESSIONS.name, UploadSession, source=NAME)


def import_handler(documents: Documents) -> ImportHandler:
    """Return what the worker does with sessions."""
    return ImportHandler(
        IMPORT_PROGRAM, sessions_of(documents), stored_images(documents), report_pages(documents)
    )


def report_pages(documents: Documents) -> Repository[ReportPage]:
    """Return what sessions have no room for of their reports."""
    return Repository(documents, REPORT_PAGES.name, ReportPage, source=NAME)


def stored_images(documents: Documents) -> Repository[StoredImage]:
    """Return the images that imports made."""
    return Repository(documents, STORED_IMAGES.name, StoredImage, source=NAME)


def sweep_of(
    documents: Documents,
    uploads: BlobStore,
    images: BlobStore,
    clock: Clock,
    grace: Grace,
    *,
    quota_bytes: int = 0,
) -> Sweep:
    """Return what removes whatever of this service nobody needs."""
    kept = Repository(documents, UPLOADS.name, Upload, source=NAME, clock=clock)
    upload_sweep = UploadSweep(kept, sessions_of(documents), uploads, clock, quota_of(documents, quota_bytes))
    stored_sweep = StoredSweep(stored_images(documents), images, clock)

    answers = answer_book(documents, source=NAME, clock=clock)

    def sweep(dry_run: bool) -> Iterator[Leftover]:
        if not dry_run:
            answers.forget()
            remove_unfinished(uploads, images)
        yield from upload_sweep.run(unused_for=grace.uploads, dry_run=dry_run)
        yield from stored_sweep.run(unused_for=grace.images, dry_run=dry_run)

    return sweep


def platform_sweep(documents: Documents, settings: PlatformSettings, grace: Grace) -> Sweep:
    """Return the sweep on the stores of an installation."""
    uploads, images = (platform_blobs(settings, bucket) for bucket in ("uploads", "images"))
    return sweep_of(documents, uploads, images, SystemClock(), grace, quota_bytes=settings.upload_quota_bytes)


@contextmanager
def session_work(settings: Settings) -> Iterator[SessionWork]:
    """Provide what the import program does; loads the image libraries, in the processes that convert as well."""
    from ingest_worker.adapters.isolation import Isolation  # noqa: PLC0415 (only the import program may pay for it)
    from ingest_worker.adapters.tasks import HEAVY, LIGHT  # noqa: PLC0415
    from ingest_worker.conversion import convert  # noqa: PLC0415

    budget = Budget(
        memory_bytes=settings.memory_bytes,
        wall_time_s=settings.time_limit_s,
        disk_bytes=settings.disk_bytes,
        unpacked_files=settings.unpacked_files,
        unpacked_bytes=min(settings.disk_bytes, Budget.unpacked_bytes),
    )
    remove_abandoned(settings.scratch)
    with Isolation(jobs=settings.parallel) as isolation:
        isolation.warm(LIGHT, HEAVY)
        yield SessionWork(
            uploads=platform_blobs(settings.platform, "uploads"),
            images=platform_blobs(settings.platform, "images"),
            convert=partial(
                convert, budget=budget, jobs=settings.parallel, keep_slides=True, isolation=isolation
            ),
            scratch=settings.scratch,
            secret=settings.platform.secret,
        )
