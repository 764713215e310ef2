"""A worker: takes hints, claims jobs, has a program do them, and commits the outcome if they are still its own.

The hint is acknowledged as soon as the job is claimed: from then on the lease in the database says whose the job is,
so neither broker restarts nor its limits on slow consumers matter (spec/infrastructure.md 1.6). No more hints are
asked for before that, else one would be stuck here while the job runs.
"""

import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic

import structlog

from archive_shared.backoff import backoff_s
from archive_shared.clock import Clock, SystemClock
from archive_shared.documents import Repository
from archive_shared.errors import NotFound, Stale, Unavailable
from archive_shared.identifiers import new_id
from archive_shared.jobs.claims import Claims
from archive_shared.jobs.handler import DEFAULT_POLICY, J, JobHandler, JobPolicy
from archive_shared.jobs.job import FencedOff, NotClaimable
from archive_shared.jobs.lease_keeper import LeaseKeeper
from archive_shared.jobs.program import Crashed, Ending, Hindered, Program, Refused, Succeeded
from archive_shared.jobs.programs import Programs
from archive_shared.messaging.connection import Connect, Connection, stay_connected
from archive_shared.messaging.dead_letters import bury
from archive_shared.messaging.deliveries import PUMP_EVERY_S, Deliveries, Delivery
from archive_shared.messaging.hints import decode_hint
from archive_shared.tracing import traced
from archive_shared.wire.cloud_events import Undecodable

IDLE_S = 0.5
WATCH_EVERY_S = 0.2
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
LAST_TRIES = 5

log = structlog.get_logger()


@dataclass(frozen=True)
class Lost:
    """The job is not ours any more."""


@dataclass(frozen=True)
class Interrupted:
    """We were asked to stop, and the job took longer than the grace period."""


class Worker(Generic[J]):
    """Does the jobs of one queue, one at a time.

    Parameters
    ----------
    connect
        Opens a connection to the broker (`connecting(url, ...)`) with the queue declared.
    queue
        Name of the job queue, `<service>.<kind>`.
    warm
        Keep a program waiting for the next job; costs its memory, saves its starting time.
    """

    def __init__(
        self,
        repository: Repository[J],
        handler: JobHandler[J],
        *,
        connect: Connect,
        queue: str,
        policy: JobPolicy = DEFAULT_POLICY,
        clock: Clock | None = None,
        warm: bool = True,
    ) -> None:
        owner = f"{socket.gethostname()}:{os.getpid()}:{new_id()}"
        self._handler = handler
        self._connect = connect
        self._queue = queue
        self._policy = policy
        self._claims = Claims(repository, handler, owner=owner, policy=policy, clock=clock or SystemClock())
        self._programs = Programs(handler.command, policy, warm=warm)

    def run(self, stop: threading.Event) -> None:
        """Work until asked to stop; then finish the job in hand within the grace period, or give it back."""
        try:
            stay_connected(self._connect, lambda connection: self._take_hints(connection, stop), stop)
        finally:
            self._programs.close()

    def _take_hints(self, connection: Connection, stop: threading.Event) -> None:
        deliveries = Deliveries(connection, self._queue, prefetch=1)
        self._programs.prepare()
        while not stop.is_set():
            delivery = deliveries.next(IDLE_S)
            if delivery is not None:
                self._take(delivery, deliveries, connection, stop)

    def _take(
        self, delivery: Delivery, deliveries: Deliveries, connection: Connection, stop: threading.Event
    ) -> None:
        try:
            job_id = decode_hint(delivery.body)
        except Undecodable as error:
            bury(connection, delivery, queue=self._queue, reason=error.reason, attempts=delivery.redeliveries)
            return
        claimed = self._claim(job_id, deliveries, stop)
        if claimed is None:
            delivery.acknowledge()
            return
        link = _Link(deliveries)
        link.use(deliveries.pause)
        link.use(delivery.acknowledge)
        with traced(claimed.job.traceparent), structlog.contextvars.bound_contextvars(job=claimed.id):
            self._do(claimed, link, stop)
        if not stop.is_set():
            link.use(deliveries.resume)
        link.check()

    def _claim(self, job_id: str, deliveries: Deliveries, stop: threading.Event) -> J | None:
        """Claim a job; while the database does not answer, keep the hint and try again."""
        failures = 0
        while True:
            try:
                return self._claims.claim(job_id)
            except (NotClaimable, NotFound, Stale):  # the hint is out of date, or the sweep will repeat it
                return None
            except Unavailable as error:
                if stop.is_set():
                    raise
                failures += 1
                log.warning("job not claimed yet", job=job_id, reason=str(error))
                deliveries.pump(backoff_s(failures, first_s=FIRST_PAUSE_S, longest_s=PUMP_EVERY_S))

    def _do(self, claimed: J, link: "_Link", stop: threading.Event) -> None:
        log.info("job started", attempt=claimed.job.attempts, epoch=claimed.job.epoch)
        with LeaseKeeper(self._claims, claimed, self._policy) as lease:
            ending = self._run_program(claimed, lease, link, stop)
            if isinstance(ending, Succeeded):
                ending = self._kept(claimed, ending, stop)
        log.info("job ended", ending=type(ending).__name__)
        try:
            _patiently(lambda: self._settle(claimed, ending), stop)
        except (FencedOff, NotFound) as lost:
            log.warning("outcome dropped", reason=str(lost))

    def _kept(self, claimed: J, done: Succeeded, stop: threading.Event) -> Ending | Lost:
        """Do what success means outside of the job; it may turn out to be none."""
        try:
            _patiently(lambda: self._handler.keep(claimed, done.result), stop)
        except ValueError as error:  # no store would ever take it, so trying again would not help
            log.warning("outcome cannot be stored", error=type(error).__name__)
            return Refused(f"Its outcome cannot be stored: {error}.")
        except NotFound as error:  # what the job is for was deleted just now
            log.warning("outcome dropped", reason=str(error))
            return Lost()
        return done

    def _run_program(
        self, claimed: J, lease: LeaseKeeper[J], link: "_Link", stop: threading.Event
    ) -> Ending | Lost | Interrupted:
        program = self._programs.take()
        try:
            program.order(self._handler.payload(claimed), claimed.job.traceparent)
            return self._watch(program, lease, link, stop)
        finally:
            self._programs.give_back(program)

    def _watch(
        self, program: Program, lease: LeaseKeeper[J], link: "_Link", stop: threading.Event
    ) -> Ending | Lost | Interrupted:
        time_limit = _Timer(self._policy.time_limit_s)
        grace: _Timer | None = None
        while not program.is_done():
            for progress in program.listen(WATCH_EVERY_S):
                lease.report(progress)
            link.pump()
            if stop.is_set():
                grace = grace or _Timer(self._policy.grace_s)
            if lease.is_lost:
                return Lost()
            if time_limit.is_over:
                return Refused(f"It took longer than {self._policy.time_limit_s:g} seconds.")
            if grace is not None and grace.is_over:
                return Interrupted()
        return program.ending()

    def _settle(self, claimed: J, ending: Ending | Lost | Interrupted) -> None:
        match ending:
            case Succeeded(result):
                self._claims.succeed(claimed, result)
            case Refused(reason):
                self._claims.fail(claimed, reason)
            case Crashed(reason):
                self._claims.try_again(claimed, reason)
            case Hindered(reason):
                self._claims.put_off(claimed, reason)
            case Interrupted():
                self._claims.give_back(claimed, "The worker was stopped.")
            case Lost():
                pass


class _Link:
    """The connection to the broker while a job runs: when it breaks, the job goes on and the rest waits."""

    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries
        self._pumped_at_s = time.monotonic()
        self._broken: Unavailable | None = None

    def use(self, action: Callable[[], None]) -> None:
        if self._broken is None:
            try:
                action()
            except Unavailable as error:
                log.warning("broker lost while a job runs", reason=str(error))
                self._broken = error

    def pump(self) -> None:
        """Keep the connection alive, about once a second."""
        if time.monotonic() - self._pumped_at_s > PUMP_EVERY_S:
            self._pumped_at_s = time.monotonic()
            self.use(self._deliveries.pump)

    def check(self) -> None:
        if self._broken is not None:
            raise self._broken


class _Timer:
    """Runs out after a while."""

    def __init__(self, duration_s: float) -> None:
        self._ends_at_s = time.monotonic() + duration_s

    @property
    def is_over(self) -> bool:
        return time.monotonic() > self._ends_at_s


def _patiently(write: Callable[[], None], stop: threading.Event) -> None:
    """Write until it worked; hours of work are not thrown away because a database restarts."""
    failures = 0
    while True:
        try:
            return write()
        except (Unavailable, Stale) as error:
            failures += 1
            if stop.is_set() and failures >= LAST_TRIES:
                raise
            log.warning("outcome not written yet", reason=str(error))
            time.sleep(backoff_s(failures, first_s=FIRST_PAUSE_S, longest_s=LONGEST_PAUSE_S))
