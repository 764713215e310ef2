"""`python -m feed.entrypoints.worker`: calls webhooks, and forgets old events; start as many as the receivers need."""

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import NoReturn

import structlog

from archive_shared.backoff import backoff_s
from archive_shared.errors import NotFound, Stale, Unavailable
from archive_shared.jobs.job import FencedOff
from archive_shared.measuring import DocumentsMeasure
from archive_shared.processes import run_worker, start_logging
from feed.bootstrap import NAME, Sending, Transports, sending
from feed.domain.delivery import DELIVERIES, Delivery
from feed.settings import read_settings

SENDERS = 8
"""Webhooks one worker calls at a time."""

POLL_S = 0.2
BUSY_POLL_S = 0.02
PRUNE_EVERY_S = 60.0
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0

log = structlog.get_logger()


class Worker:
    """Looks through the feed, makes the deliveries that are due, and forgets what is old, until asked to stop."""

    def __init__(self, sending: Sending) -> None:
        self._sending = sending
        self._prune_at_s = 0.0
        self._calls: dict[str, Future[None]] = {}

    def run(self, stop: threading.Event) -> None:
        """Work; calls that were begun are ended before it returns, each within its timeout."""
        failures = 0
        with ThreadPoolExecutor(SENDERS, thread_name_prefix="sender") as senders:
            while not stop.is_set():
                try:
                    pause_s = self._round(senders)
                    failures = 0
                except (Unavailable, Stale) as error:
                    failures += 1
                    pause_s = backoff_s(failures, first_s=FIRST_PAUSE_S, longest_s=LONGEST_PAUSE_S)
                    log.warning("webhooks interrupted", reason=str(error))
                stop.wait(pause_s)
        with suppress(Unavailable):
            self._sending.lease.release()

    def _round(self, senders: ThreadPoolExecutor) -> float:
        """Do what there is to do; return when to look again."""
        if self._sending.lease.hold():
            self._sending.queue.fill()
            self._prune()
        return BUSY_POLL_S if self._begin_calls(senders) else POLL_S

    def _prune(self) -> None:
        if time.monotonic() >= self._prune_at_s and not self._sending.pruner.prune():
            self._sending.answers.forget()
            self._prune_at_s = time.monotonic() + PRUNE_EVERY_S

    def _begin_calls(self, senders: ThreadPoolExecutor) -> int:
        """Have deliveries made that are due, as far as there are senders; one at a time for each webhook."""
        self._calls = {webhook: call for webhook, call in self._calls.items() if not call.done()}
        room = SENDERS - len(self._calls)
        due = self._sending.deliverer.due(busy=self._calls.keys())[:room] if room > 0 else []
        for delivery in due:
            self._calls[delivery.webhook] = senders.submit(self._call, delivery)
        return len(due)

    def _call(self, delivery: Delivery) -> None:
        with structlog.contextvars.bound_contextvars(webhook=delivery.webhook, delivery=delivery.id):
            try:
                attempt = self._sending.deliverer.attempt(delivery.id)
            except (Unavailable, Stale, FencedOff, NotFound) as error:
                log.warning("outcome of a call not written", reason=str(error))
            else:
                if attempt is not None:
                    log.info("webhook called", status=attempt.status, duration_ms=attempt.duration_ms)


def main(transports: Transports | None = None) -> NoReturn:
    """Work until asked to stop; `transports` is how permissions is reached."""
    settings, name = read_settings(), f"{NAME}-worker"
    start_logging(name, settings.platform)
    made = sending(settings, transports=transports)
    backlog = DocumentsMeasure(NAME, made.documents, (), jobs=[DELIVERIES.name])
    run_worker(name, Worker(made).run, settings.platform, backlog)


if __name__ == "__main__":
    main()
