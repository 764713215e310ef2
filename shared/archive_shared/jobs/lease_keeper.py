"""Keeps a claimed job ours while its program runs: renews the lease and stores progress, in a thread of its own."""

import threading
import time
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Generic, Self

import structlog

from archive_shared.errors import NotFound, Stale, Unavailable
from archive_shared.jobs.claims import Claims
from archive_shared.jobs.handler import J, JobPolicy
from archive_shared.jobs.job import FencedOff

RENEWALS_PER_LEASE = 3
SAFE_SHARE = 0.8
"""Of a lease without renewal, after which the job counts as lost: before anybody else may start it."""

log = structlog.get_logger()


class LeaseKeeper(Generic[J]):
    """Runs for the length of a `with` block.

    A thread, because a database that does not answer must not keep the worker from noticing in time that it
    lost the job, and from killing its program.
    """

    def __init__(self, claims: Claims[J], held: J, policy: JobPolicy) -> None:
        self._claims = claims
        self._held = held
        self._policy = policy
        self._latest: deque[Mapping[str, Any]] = deque(maxlen=1)
        self._ended = threading.Event()
        self._renewed_at_s = time.monotonic()
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="lease")

    def __enter__(self) -> Self:
        self._running: Future[None] = self._executor.submit(self._run)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._executor.shutdown()
        if error is None:
            self._running.result()

    @property
    def is_lost(self) -> bool:
        """Tell whether the job may be somebody else's by now."""
        silent_s = time.monotonic() - self._renewed_at_s
        return self._running.done() or silent_s > SAFE_SHARE * self._policy.lease_s

    def report(self, progress: Mapping[str, Any]) -> None:
        """Have this progress stored soon, unless a later one comes first."""
        self._latest.append(progress)

    def _run(self) -> None:
        renew_after_s = self._policy.lease_s / RENEWALS_PER_LEASE
        ended = False
        while (
            not ended
        ):  # once more at the end: what was reported last, of a short job all there is, is stored too
            ended = self._ended.wait(min(self._policy.progress_every_s, renew_after_s / 2))
            try:
                self._write_if_due(renew_after_s)
            except (FencedOff, NotFound) as lost:
                log.warning("job lost", job=self._held.id, reason=str(lost))
                return
            except (Unavailable, Stale) as error:
                log.warning("lease not renewed", job=self._held.id, reason=str(error))

    def _write_if_due(self, renew_after_s: float) -> None:
        now_s = time.monotonic()
        if self._latest:
            self._claims.report(self._held, self._latest.pop())
        elif now_s - self._renewed_at_s > renew_after_s:
            self._claims.renew(self._held)
        else:
            return
        self._renewed_at_s = now_s
