"""`python -m tiler.entrypoints.worker`: makes previews and tile indexes; start as many as the queue needs."""

import threading

from archive_shared.jobs.handler import JobPolicy
from archive_shared.jobs.worker import Worker
from archive_shared.processes import bus, run_worker, start_logging
from archive_shared.settings import PlatformSettings, read_platform_settings
from tiler.bootstrap import NAME, documents, jobs_of, rendering_handler
from tiler.use_cases.render_image import QUEUE

TIME_LIMIT_S = 300.0
MEMORY_BYTES = 4 * 1024**3
ATTEMPTS = (
    10  # four minutes with their pauses: a restart of the blob store must not cost images their previews
)


def main(settings: PlatformSettings, stop: threading.Event) -> None:
    """Work until asked to stop."""
    policy = JobPolicy(
        lease_s=settings.job_lease_s,
        max_attempts=ATTEMPTS,
        time_limit_s=TIME_LIMIT_S,
        memory_bytes=MEMORY_BYTES,
    )
    jobs = jobs_of(documents(settings))
    Worker(jobs, rendering_handler(), connect=bus(settings, QUEUE), queue=QUEUE, policy=policy).run(stop)


if __name__ == "__main__":
    read = read_platform_settings()
    start_logging(f"{NAME}-worker", read)
    run_worker(f"{NAME}-worker", lambda stop: main(read, stop), read)
