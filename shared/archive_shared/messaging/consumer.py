"""Consuming events: decode, hand to the handler, acknowledge afterwards; what cannot be handled becomes a dead letter."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog
from kombu.connection import Connection

from archive_shared.events import Event
from archive_shared.messaging.connection import Connect, broker_errors, stay_connected
from archive_shared.messaging.dead_letters import bury
from archive_shared.messaging.declaring import KombuBroker, declare_queue
from archive_shared.messaging.deliveries import Deliveries, Delivery
from archive_shared.messaging.poison_share import PoisonShare
from archive_shared.messaging.putting_back import history_of, put_back
from archive_shared.messaging.signs_of_life import SignsOfLife
from archive_shared.messaging.topology import DELIVERY_LIMIT, event_queue, without_others
from archive_shared.messaging.verdicts import (
    PATIENT,
    Done,
    History,
    Poison,
    RetryLater,
    RetryPolicy,
    Verdict,
    judge,
)
from archive_shared.tracing import traced
from archive_shared.wire.cloud_events import ReceivedEvent, decode

PREFETCH = 32
IDLE_S = 0.5
MOST_REDELIVERIES = DELIVERY_LIMIT // 2
"""After so many a message that has to wait is sent anew: a broker that takes back what is not acknowledged for half an hour
would take it for poison after a night without a database, though it never hurt anybody."""

Handler = Callable[[ReceivedEvent], None]
Handlers = Mapping[type[Event], Handler]

log = structlog.get_logger()


def consume(
    connect: Connect,
    queue: str,
    handlers: Handlers,
    stop: threading.Event,
    *,
    policy: RetryPolicy = PATIENT,
    note: Callable[[Verdict], None] = lambda _: None,
) -> None:
    """Handle the events of a queue until asked to stop.

    A handler must be idempotent: it may get an event twice, late, or out of order. It must be short (seconds), since
    others wait behind it; long work is a job. A store that does not answer may keep it for minutes, in which the broker
    hears that we live. When it returns, the event is acknowledged. When it raises `Unavailable` (or a connection of its own breaks), the event is tried again until it works; `Invalid` makes
    it a dead letter at once; any other exception after some more attempts.

    Parameters
    ----------
    connect
        Opens a connection (`connecting(url, ...)`); used again whenever a connection broke.
    queue
        `service_queue("<service>")`; it is declared, and bound for the types handled.
    note
        Is told what became of every attempt.

    Raises
    ------
    TooMuchPoison
        Too large a share of the events could not be handled: the code is broken, not the events.
    """
    share = PoisonShare()

    def use(connection: Connection) -> None:
        with broker_errors(connection):
            broker = KombuBroker(connection)
            declare_queue(without_others(event_queue(queue, [event.TYPE for event in handlers])), broker)
            broker.close()
        consumer = _Consumer(connection, queue, handlers, policy=policy, share=share, note=note)
        consumer.run(stop)

    stay_connected(connect, use, stop)


@dataclass(frozen=True)
class _Parked:
    """A message that waits for its next attempt, unacknowledged."""

    delivery: Delivery
    history: History
    due_s: float


class _Consumer:
    """Works on what one connection delivers."""

    def __init__(
        self,
        connection: Connection,
        queue: str,
        handlers: Handlers,
        *,
        policy: RetryPolicy,
        share: PoisonShare,
        note: Callable[[Verdict], None],
    ) -> None:
        self._connection = connection
        self._queue = queue
        self._handlers = handlers
        self._policy = policy
        self._share = share
        self._note = note
        self._parked: list[_Parked] = []
        self._signs = SignsOfLife(connection)

    def run(self, stop: threading.Event) -> None:
        deliveries = Deliveries(self._connection, self._queue, prefetch=PREFETCH)
        with self._signs:
            while not stop.is_set():
                delivery = deliveries.next(self._idle_s())
                if delivery is not None:
                    self._attempt(delivery, history_of(delivery))
                is_crowded = (
                    len(self._parked) >= PREFETCH
                )  # nothing is delivered until some of them are settled
                for parked in self._due():
                    self._attempt(parked.delivery, parked.history, stays=not is_crowded)

    def _idle_s(self) -> float:
        first_s = min((parked.due_s for parked in self._parked), default=float("inf"))
        return min(IDLE_S, max(first_s - time.monotonic(), 0.001))

    def _due(self) -> list[_Parked]:
        now_s = time.monotonic()
        due = [parked for parked in self._parked if parked.due_s <= now_s]
        self._parked = [parked for parked in self._parked if parked.due_s > now_s]
        return sorted(due, key=lambda parked: parked.due_s)

    def _attempt(self, delivery: Delivery, history: History, *, stays: bool = True) -> None:
        with structlog.contextvars.bound_contextvars(
            event_id=delivery.message_id, event_type=delivery.routing_key
        ):
            verdict, history = self._verdict(delivery, history)
            self._settle(delivery, verdict, history, stays=stays)

    def _verdict(self, delivery: Delivery, history: History) -> tuple[Verdict, History]:
        try:
            with self._signs.meanwhile():
                self._handle(delivery)
        except Exception as error:
            history = history.after(error)
            return judge(error, history, self._policy), history
        return Done(), history

    def _handle(self, delivery: Delivery) -> None:
        received = decode(delivery.headers, delivery.content_type, delivery.body)
        handler = self._handlers.get(type(received.event))
        if handler is None:  # left over from a version of this service that wanted it
            log.info("event is of no interest any more")
            return
        with traced(received.traceparent):
            handler(received)

    def _settle(self, delivery: Delivery, verdict: Verdict, history: History, *, stays: bool) -> None:
        self._note(verdict)
        match verdict:
            case Done():
                delivery.acknowledge()
                self._share.note(poison=False)
            case RetryLater(after_s):
                log.warning("event will be tried again", failures=history.failures, outages=history.outages)
                if stays and delivery.redeliveries < MOST_REDELIVERIES:
                    self._parked.append(_Parked(delivery, history, time.monotonic() + after_s))
                else:
                    put_back(self._connection, delivery, history, queue=self._queue)
            case Poison(reason):
                # The letter keeps the whole reason; the log does not, libraries quote what they choked on.
                log.error("event became a dead letter", error=reason.partition(":")[0])
                attempts = delivery.redeliveries + history.failures + history.outages
                bury(self._connection, delivery, queue=self._queue, reason=reason, attempts=attempts)
                self._share.note(poison=True)
