"""`python -m tiler.entrypoints.slide_worker`: converts slides, and adds levels to them; start as many as the queues need."""

import threading

from archive_shared.jobs.handler import JobPolicy
from archive_shared.jobs.worker import Worker
from archive_shared.processes import bus, run_worker, start_logging
from archive_shared.settings import PlatformSettings, read_platform_settings
from tiler.bootstrap import NAME, SlideWork, slide_work
from tiler.entrypoints.algebra_threads import without_algebra_threads
from tiler.use_cases import convert_slide, fill_levels

TIME_LIMIT_S = 6 * 3600.0
MEMORY_BYTES = 4 * 1024**3
FILE_BYTES = 1 << 40
ATTEMPTS = 10  # four minutes with their pauses: a restart of the blob store must not cost slides their tiles


def main(settings: PlatformSettings, stop: threading.Event) -> None:
    """Work until asked to stop: conversions here, for people wait for them, and levels in a thread beside."""
    without_algebra_threads()
    policy = JobPolicy(
        lease_s=settings.job_lease_s,
        max_attempts=ATTEMPTS,
        time_limit_s=TIME_LIMIT_S,
        memory_bytes=MEMORY_BYTES,
        file_bytes=FILE_BYTES,
    )
    work = slide_work(settings)
    filling = _Filling(work, settings, policy, stop)
    filling.start()
    try:
        Worker(
            work.conversions,
            work.converting,
            connect=bus(settings, convert_slide.QUEUE),
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
    read = read_platform_settings()
    start_logging(f"{NAME}-slide-worker", read)
    run_worker(f"{NAME}-slide-worker", lambda stop: main(read, stop), read)
