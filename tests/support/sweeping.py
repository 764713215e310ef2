"""Sweeps of archive-api in tests: time passes between them as it does between those of a running platform."""

from datetime import UTC, datetime, timedelta

from archive_api.bootstrap import sweep_of
from archive_shared.settings import Grace
from archive_shared.sweeping import Leftover
from tests.support.archive_service import ArchiveService

WEEK = timedelta(days=7)
GRACE = Grace(images=WEEK, media=WEEK, uploads=WEEK)


def sweep(service: ArchiveService, *, dry_run: bool = False) -> list[Leftover]:
    """Sweep once, and let the events it causes be heard."""
    found = list(sweep_of(service.library, GRACE)(dry_run))
    service.settle()
    return found


def sweep_for_a_month(service: ArchiveService) -> None:
    """Let more than a month pass, with a sweep every few days: whatever is not used then is removed."""
    now = datetime.now(UTC)  # objects are as old as the store's own clock says
    service.clock.time = max(service.clock.time, now)
    for _ in range(12):
        service.clock.advance(days=4)
        sweep(service)
