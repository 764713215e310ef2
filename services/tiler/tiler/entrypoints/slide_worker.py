"""`python -m tiler.entrypoints.slide_worker`: converts slides, and adds levels to them; start as many as the queues need."""

import threading

from archive_shared.confinement.requirement import require_confinement
from archive_shared.jobs.handler import JobPolicy
from archive_shared.jobs.worker import Worker
from archive_shared.processes import bus, run_worker, start_logging
from archive_shared.settings import PlatformSettings
from archive_shared.unreadable import become_unreadable
from tiler.bootstrap import NAME, SlideWork, slide_work
from tiler.settings import Settings, read_settings
from tiler.use_cases import convert_slide, fill_levels

TRANSFERS_S = 2 * 3600.0
SLIDES_PER_PROGRAM = 100  # starting it takes longer than many slides; it never looks at uploaded bytes itself
ATTEMPTS = 10  # four minutes with their pauses: a full disk or a machine that is restarted must not cost slides their tiles


def main(settings: Settings, stop: threading.Event) -> None:
    """Work until asked to stop: conversions here, for people wait for them, and levels in a thread beside."""
    platform = settings.platform
    require_confinement(demanded=platform.demand_confinement)
    policy = JobPolicy(
        lease_s=platform.job_lease_s,
        max_attempts=ATTEMPTS,
        time_limit_s=settings.slides.time_limit_s + TRANSFERS_S,
        jobs_per_program=SLIDES_PER_PROGRAM,
    )
    work = slide_work(platform)
    filling = _Filling(work, platform, policy, stop)
    filling.start()
    try:
        Worker(
            work.conversions,
            work.converting,
            connect=bus(platform, convert_slide.QUEUE),
            queue=convert_slide.QUEUE,
            policy=policy,
        ).run(stop)
    finally:
        filling.end()


class _Filling:
    """The worker that adds levels, in a thread; when it dies of something, the process ends and is started again."""

    def __init__(
        self, work: SlideWork, settings: PlatformSettings, policy: JobPolicy, stop: threading.Event
    ) -> None:
        self._worker = Worker(
            work.fillings,
            work.filling,
            connect=bus(settings, fill_levels.QUEUE),
            queue=fill_levels.QUEUE,
            policy=policy,
            warm=False,
        )
        self._stop = stop
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="filling")

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """Wait for it; raises what it died of."""
        self._stop.set()
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            self._worker.run(self._stop)
        except BaseException as failure:
            self._failure = failure
            self._stop.set()


if __name__ == "__main__":
    become_unreadable()  # those who look at uploaded bytes run as the same user
    read = read_settings()
    start_logging(f"{NAME}-slide-worker", read.platform)
    run_worker(f"{NAME}-slide-worker", lambda stop: main(read, stop), read.platform)
