"""What the worker starts to import sessions, in a process of its own; see `archive_shared.jobs.child`."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from archive_shared.errors import NotFound
from archive_shared.jobs import child
from archive_shared.processes import start_logging
from archive_shared.unreadable import become_unreadable
from ingest_worker.bootstrap import NAME, session_work
from ingest_worker.domain.report import ConversionProgress
from ingest_worker.settings import read_settings


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

            try:
                return session.run(payload, on_progress)
            except NotFound as error:
                raise child.Unprocessable(
                    "A file of this session is no longer there; upload it again."
                ) from error

        child.run(work)


if __name__ == "__main__":
    main()
