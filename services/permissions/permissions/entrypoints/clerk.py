"""`python -m permissions.entrypoints.clerk`: hears how imports ended and which archives were deleted, sends the e-mails that are
due, and finishes what others left unfinished.
"""

import os
import socket
import threading
from functools import partial

import structlog

from archive_shared.clock import SystemClock
from archive_shared.errors import Stale, Unavailable
from archive_shared.events import ArchiveDeleted, SessionFailed, SessionSucceeded
from archive_shared.identifiers import new_id
from archive_shared.messaging.consumer import Handlers
from archive_shared.outbox.lease import Lease
from archive_shared.processes import run_consumer, start_logging
from archive_shared.wire.cloud_events import ReceivedEvent
from permissions.bootstrap import NAME, Permissions, bootstrap, post
from permissions.settings import Settings, read_settings
from permissions.use_cases.close_archive import close_archive
from permissions.use_cases.directory import Directory
from permissions.use_cases.send_mail import Post, send_due_mail
from permissions.use_cases.tell_of_imports import tell_of_import
from permissions.use_cases.tidy_up import tidy_up

PAUSE_S = 2.0
LEASE_S = 60.0

log = structlog.get_logger()


def work(service: Permissions, settings: Settings, stop: threading.Event) -> None:
    """Make rounds until asked to stop; of several clerks, one sends."""
    owner = f"{socket.gethostname()}:{os.getpid()}:{new_id()}"
    lease = Lease(service.documents, "clerk", owner=owner, duration_s=LEASE_S, clock=SystemClock())
    mail = post(settings)
    while not stop.is_set():
        try:
            if lease.hold():
                make_round(service, settings, mail)
        except (Unavailable, Stale) as error:
            log.warning("clerk interrupted", reason=str(error))
        stop.wait(PAUSE_S)


def make_round(service: Permissions, settings: Settings, mail: Post | None) -> None:
    """Do once what is to be done now."""
    if done := tidy_up(service.directory):
        log.info("finished what was left", documents=done)
    if mail is not None:
        sent = send_due_mail(service.directory, mail, public_url=settings.platform.public_url)
        if sent.taken or sent.refused:
            log.info("letters sent", taken=sent.taken, refused=sent.refused)


def handlers(directory: Directory) -> Handlers:
    """Return what the bus calls, by kind of event."""

    def hear(received: ReceivedEvent) -> None:
        assert isinstance(received.event, SessionSucceeded | SessionFailed)
        tell_of_import(directory, received.event, identifier=received.id, at=received.at)

    def close(received: ReceivedEvent) -> None:
        assert isinstance(received.event, ArchiveDeleted)
        close_archive(directory, received.event.archive)

    return {SessionSucceeded: hear, SessionFailed: hear, ArchiveDeleted: close}


def work_or_stop(service: Permissions, settings: Settings, stop: threading.Event) -> None:
    """Make rounds beside the events; a clerk that cannot go on ends as a whole, to be started again."""
    try:
        work(service, settings, stop)
    finally:
        stop.set()


if __name__ == "__main__":
    settings = read_settings()
    start_logging(f"{NAME}-clerk", settings.platform)
    service = bootstrap(settings)
    run_consumer(
        NAME, handlers(service.directory), settings.platform, beside=partial(work_or_stop, service, settings)
    )
