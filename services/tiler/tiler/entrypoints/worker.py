"""`python -m tiler.entrypoints.worker`: makes previews and tile indexes; start as many as the queue needs."""

import threading

from archive_shared.confinement.requirement import require_confinement
from archive_shared.jobs.handler import JobPolicy
from archive_shared.jobs.worker import Worker
from archive_shared.processes import bus, run_worker, start_logging
from archive_shared.unreadable import become_unreadable
from tiler.bootstrap import NAME, documents, jobs_of, rendering_handler
from tiler.settings import Settings, read_settings
from tiler.use_cases.render_image import QUEUE

TRANSFERS_S = 300.0
IMAGES_PER_PROGRAM = 100  # starting it takes longer than most images; it never looks at uploaded bytes itself
ATTEMPTS = (
    10  # four minutes with their pauses: a full disk or a machine that is restarted must not cost previews
)


def main(settings: Settings, stop: threading.Event) -> None:
    """Work until asked to stop."""
    require_confinement(demanded=settings.platform.demand_confinement)
    policy = JobPolicy(
        lease_s=settings.platform.job_lease_s,
        max_attempts=ATTEMPTS,
        time_limit_s=settings.previews.time_limit_s + TRANSFERS_S,
        jobs_per_program=IMAGES_PER_PROGRAM,
    )
    jobs, connect = jobs_of(documents(settings.platform)), bus(settings.platform, QUEUE)
    Worker(jobs, rendering_handler(), connect=connect, queue=QUEUE, policy=policy).run(stop)


if __name__ == "__main__":
    become_unreadable()  # those who look at uploaded bytes run as the same user
    read = read_settings()
    start_logging(f"{NAME}-worker", read.platform)
    run_worker(f"{NAME}-worker", lambda stop: main(read, stop), read.platform)
