"""What the worker starts to import sessions, in a process of its own; see `archive_shared.jobs.child`."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import structlog

from archive_shared.errors import NotFound, Unavailable
from archive_shared.jobs import child
from archive_shared.processes import start_logging
from archive_shared.unreadable import become_unreadable
from ingest_worker.bootstrap import NAME, session_work
from ingest_worker.domain.report import ConversionProgress
from ingest_worker.domain.work_disk import WorkDiskFull
from ingest_worker.settings import read_settings

log = structlog.get_logger()


def main() -> None:
    """Wait for sessions and import their files."""
    become_unreadable()  # those who look at uploaded bytes run as the same user
    settings = read_settings()
    start_logging(f"{NAME}-import", settings.platform)
    with session_work(settings) as session:

        def work(payload: Mapping[str, Any], report: child.Report) -> Mapping[str, Any]:
            """Import the files of one session."""

            def on_progress(progress: ConversionProgress) -> None:
                report.progress(asdict(progress))

            with failures_in_words():
                return session.run(payload, on_progress)

        child.run(work)


@contextmanager
def failures_in_words() -> Iterator[None]:
    """Have the worker hear why a session was not imported, in words that may be shown to whom it belongs."""
    try:
        yield
    except NotFound as error:
        raise child.Unprocessable("A file of this session is no longer there; upload it again.") from error
    except WorkDiskFull as error:
        raise child.NotThisTime(str(error)) from error
    except Unavailable as error:  # its own words may name machines
        log.warning("a store does not answer", error=str(error))
        raise child.StoreSilent("A store that the import works with does not answer.") from error


if __name__ == "__main__":
    main()
