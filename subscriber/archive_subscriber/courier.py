"""The thread that owns the connection: brings events from the broker to the inbox, and takes receipts back."""

import logging
import threading
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from time import monotonic

import pika
from pika.adapters.blocking_connection import BlockingConnection
from pika.exceptions import (
    AMQPError,
    AuthenticationError,
    ChannelClosedByBroker,
    ConnectionClosedByBroker,
    ConnectionWrongStateError,
    ProbableAccessDeniedError,
    ProbableAuthenticationError,
)

from archive_subscriber.desk import Desk, Order
from archive_subscriber.inbox import Ended, Inbox
from archive_subscriber.link import Link, connect
from archive_subscriber.log_reader import LogReader, last_offset
from archive_subscriber.patterns import Interest
from archive_subscriber.problems import LinkBroken, SubscriptionRefused
from archive_subscriber.replay import Replay, Start
from archive_subscriber.retries import Retries, backoff_s
from archive_subscriber.topology import own_queue

IDLE_S = 1.0
CLOSING_TAKES_AT_MOST_S = 10.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0

_ACCESS_REFUSED, _NOT_ALLOWED = 403, 530

log = logging.getLogger("archive_subscriber")


@dataclass(frozen=True)
class Plan:
    """What is subscribed to, and how.

    Parameters
    ----------
    dropped
        Types and patterns that an earlier version of the service wanted and this one does not.
    start
        Where a replay begins, None when there is none.
    """

    service: str
    wanted: tuple[str, ...]
    dropped: tuple[str, ...]
    start: Start | None
    prefetch: int
    retries: Retries


class Courier:
    """Connects, again and again if it must, and works until it is closed.

    Heartbeats go on whatever the iterating thread does, as long as it lets other threads run.
    """

    def __init__(self, parameters: pika.URLParameters, plan: Plan, inbox: Inbox) -> None:
        self._parameters = parameters
        self._plan = plan
        self._inbox = inbox
        self._queue = own_queue(plan.service)
        wanted = Interest(plan.wanted)
        self._desk = Desk(
            self._queue.name,
            wanted=wanted,
            dropped=Interest(plan.dropped),
            retries=plan.retries,
            inbox=inbox,
            post=self._post,
        )
        self._replay = plan.start and Replay(
            plan.start,
            plan.service,
            LogReader(wanted, self._desk.receive),
            self._desk,
            partial(last_offset, parameters),
        )
        self._orders: SimpleQueue[Order] = SimpleQueue()
        self._connection: BlockingConnection | None = None
        self._closing = threading.Event()
        self._is_subscribed = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"{plan.service} subscription", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Settle what is reported, hang up and end; what was not handled goes back to the queue."""
        self._closing.set()
        self._wake()
        self._thread.join(CLOSING_TAKES_AT_MOST_S)
        if self._thread.is_alive():
            log.warning("the broker does not answer; it will find out by itself that we are gone")

    def wait_until_subscribed(self, timeout_s: float) -> bool:
        """Wait until the queue exists, or everything has ended."""
        return self._is_subscribed.wait(timeout_s)

    @property
    def is_connected(self) -> bool:
        return self._connection is not None and self._connection.is_open

    # --- Called by other threads ----------------------------------------------------------------------------------------

    def _post(self, order: Order) -> None:
        self._orders.put(order)
        self._wake()

    def _wake(self) -> None:
        connection = self._connection
        if connection is not None:
            with suppress(ConnectionWrongStateError):  # orders wait for the next connection
                connection.add_callback_threadsafe(self._carry_out)

    # --- The thread -----------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        ended = Ended()
        try:
            self._stay_connected()
        except Exception as error:  # whoever iterates must hear of it, for nobody looks at this thread
            ended = Ended(error)
        finally:
            self._inbox.put(ended)
            self._is_subscribed.set()

    def _stay_connected(self) -> None:
        failures = 0
        while not self._closing.is_set():
            began_s = monotonic()
            try:
                self._work()
            except (AMQPError, OSError, LinkBroken) as error:
                if not self._is_subscribed.is_set() and _is_refusal(error):
                    raise SubscriptionRefused(f"the broker refuses: {_told(error)}") from error
                failures = 1 if monotonic() - began_s > LONGEST_PAUSE_S else failures + 1
                pause_s = backoff_s(failures, first_s=FIRST_PAUSE_S, longest_s=LONGEST_PAUSE_S)
                log.warning("connection given up: %s; again in %.1f s", _told(error), pause_s)
                self._closing.wait(pause_s)

    def _work(self) -> None:
        """Connect, and work until asked to close or until the connection is of no use any more."""
        self._connection = connect(self._parameters)
        link = Link(self._connection, self._plan.prefetch)
        try:
            self._begin(link)
            while not self._closing.is_set():
                link.process(IDLE_S)
                if self._replay:
                    self._replay.tick(link)
            self._end(link)
        finally:
            link.close()

    def _begin(self, link: Link) -> None:
        link.declare_shared()
        if self._replay:
            self._replay.prepare(link)
        link.declare_own(self._queue, self._plan.wanted, self._plan.dropped)
        self._is_subscribed.set()
        self._desk.open(link)
        self._carry_out()
        if not (self._replay and self._replay.begin(link)):
            link.consume(self._queue.name, self._desk.receive)

    def _end(self, link: Link) -> None:
        self._carry_out()
        self._desk.close()
        if self._replay:
            self._replay.note(link)

    def _carry_out(self) -> None:
        while not self._orders.empty():
            self._orders.get()()


def _is_refusal(error: Exception) -> bool:
    if isinstance(error, ChannelClosedByBroker | ConnectionClosedByBroker):
        return error.reply_code in (_ACCESS_REFUSED, _NOT_ALLOWED)
    return isinstance(error, AuthenticationError | ProbableAuthenticationError | ProbableAccessDeniedError)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
