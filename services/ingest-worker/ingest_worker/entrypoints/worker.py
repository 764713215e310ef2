"""`python -m ingest_worker.entrypoints.worker`: imports sessions; start as many as the queue needs."""

import threading

from archive_shared.confinement.requirement import require_confinement
from archive_shared.jobs.handler import JobPolicy
from archive_shared.jobs.worker import Worker
from archive_shared.processes import bus, run_worker, start_logging
from archive_shared.unreadable import become_unreadable
from ingest_worker.bootstrap import NAME, documents, import_handler, sessions_of
from ingest_worker.settings import Settings, read_settings
from ingest_worker.use_cases.import_session import QUEUE

# Three minutes with their pauses: a full disk or a machine that is restarted must not cost anybody a session that was accepted.
ATTEMPTS = 10

# Starting the import program and its nurseries takes longer than most imports. It never looks at uploaded bytes itself.
SESSIONS_PER_PROGRAM = 100


def main(settings: Settings, stop: threading.Event) -> None:
    """Work until asked to stop."""
    require_confinement(demanded=settings.platform.demand_confinement)
    store = documents(settings.platform)
    Worker(
        sessions_of(store),
        import_handler(store),
        connect=bus(settings.platform, QUEUE),
        queue=QUEUE,
        policy=JobPolicy(
            lease_s=settings.platform.job_lease_s,
            max_attempts=ATTEMPTS,
            jobs_per_program=SESSIONS_PER_PROGRAM,
        ),
    ).run(stop)


if __name__ == "__main__":
    become_unreadable()  # those who look at uploaded bytes run as the same user
    read = read_settings()
    start_logging(f"{NAME}-worker", read.platform)
    run_worker(f"{NAME}-worker", lambda stop: main(read, stop), read.platform)
