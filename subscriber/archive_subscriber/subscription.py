"""Subscriptions: the events of the types a service wants, one after the other, each until it is handled."""

import re
import signal
from collections.abc import Callable, Iterator, Sequence
from types import FrameType, TracebackType
from typing import Any, Self

import pika

from archive_subscriber.courier import Courier, Plan
from archive_subscriber.event import Event
from archive_subscriber.inbox import Ended, Inbox
from archive_subscriber.problems import LoopLeft
from archive_subscriber.replay import Since, start_of
from archive_subscriber.retries import PATIENT, Retries
from archive_subscriber.settings import read_bus_url
from archive_subscriber.topology import PLATFORM

HEARTBEAT_S = 30
CONNECT_TIMEOUT_S = 5.0
BLOCKED_TIMEOUT_S = 10.0

_SERVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


class Subscription:
    """The events of the types a service wants, from a durable queue of its own: none is missed while it is away.

    ```python
    with Subscription("my-service", types=["archive.item.created.v1"]) as subscription:
        for event in subscription:
            ...
    ```

    An event is acknowledged when the loop asks for the next one, at the end of a `with event:` block, or by
    `event.acknowledge()`; never because a loop was left. The README says what happens otherwise. One thread iterates;
    for more, start more instances: those with the same service name share the work.

    Parameters
    ----------
    service
        Names the queue, `<service>.events`. Letters, digits, `-` and `_`.
    types
        Types of events, or patterns such as `archive.item.*.v1` (`*` is one word, `#` any number of words).
    url
        `amqp://user:password@host:port/vhost`, `amqps://` for TLS; what the environment variable ARCHIVE_BUS_URL
        says when left out. Options such as `?heartbeat=10` are pika's.
    since
        Where the past begins that the subscription is to hand out first: "first", an aware datetime, or an offset in
        the log. It is handed out once, however often the service starts; another value starts another replay.
    no_longer
        Types or patterns that an earlier version of the service named in `types` and this one does not.
    prefetch
        How many events wait in this process. 1 when handling one takes minutes.

    Raises
    ------
    SubscriptionRefused
        While iterating: the broker does not let us in.
    """

    def __init__(
        self,
        service: str,
        types: Sequence[str],
        *,
        url: str | None = None,
        since: Since = None,
        no_longer: Sequence[str] = (),
        prefetch: int = 32,
        retries: Retries = PATIENT,
    ) -> None:
        plan = Plan(
            service=_checked_name(service),
            wanted=_checked_types(types),
            dropped=tuple(no_longer),
            start=start_of(since),
            prefetch=prefetch,
            retries=retries,
        )
        self._inbox = Inbox()
        self._courier = Courier(_parameters(url or read_bus_url()), plan, self._inbox)
        self._is_open = False
        self._is_stopped = False
        self._in_hand: Event | None = None
        self._earlier_handlers: dict[int, Any] = {}

    def run(self, handle: Callable[[Event], object]) -> None:
        """Have every event handled until `stop`; one that raises is tried again later and hinders no other."""
        for event in self:
            with event:
                handle(event)

    def stop(self) -> None:
        """End the loop once the event in hand is handled; for any thread, and for signal handlers."""
        self._is_stopped = True
        self._inbox.put(Ended())

    def stop_on_signals(self, *numbers: signal.Signals) -> None:
        """Make the first of each signal, SIGTERM and SIGINT if none is named, call `stop`; for the main thread."""
        for number in numbers or (signal.SIGTERM, signal.SIGINT):
            self._earlier_handlers[number] = signal.signal(number, self._on_signal)

    def wait_until_subscribed(self, timeout_s: float) -> bool:
        """Wait until the queue exists, so that nothing is missed from here on; for use in a `with` block.

        Returns
        -------
        bool
            False when it does not exist within the time given.
        """
        return self._courier.wait_until_subscribed(timeout_s)

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection now; for health checks."""
        return self._courier.is_connected

    def __enter__(self) -> Self:
        self._is_open = True
        self._courier.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, Exception):
            self._fail(error)
        elif isinstance(error, GeneratorExit):
            self._fail(_loop_left())
        self._courier.close()
        for number in list(self._earlier_handlers):
            self._restore_handler(number)

    def __iter__(self) -> Iterator[Event]:
        if self._is_open:
            yield from self._events()
            return
        with self:
            yield from self._events()

    def _events(self) -> Iterator[Event]:
        self._fail(_loop_left())  # by an earlier loop over the same subscription
        while (event := self._next()) is not None:
            self._in_hand = event
            yield event
            event.acknowledge()

    def _next(self) -> Event | None:
        if self._is_stopped:
            return None
        item = self._inbox.get()
        if isinstance(item, Event):
            return item
        self._is_stopped = True
        if item.error:
            raise item.error
        return None

    def _fail(self, error: Exception) -> None:
        if self._in_hand:
            self._in_hand.receipt.give(error)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.stop()
        self._restore_handler(number)  # so that a second one does what it always does

    def _restore_handler(self, number: int) -> None:
        if number in self._earlier_handlers:
            signal.signal(number, self._earlier_handlers.pop(number))


def _loop_left() -> LoopLeft:
    return LoopLeft("the loop was left; why, only a `with` block around it is told")


def _checked_name(service: str) -> str:
    if not _SERVICE.fullmatch(service):
        raise ValueError(f"a service is named with letters, digits, - and _, not {service!r}")
    if service in PLATFORM:
        raise ValueError(f"{service} is a part of the platform; its queue is not for others")
    return service


def _checked_types(types: Sequence[str]) -> tuple[str, ...]:
    if isinstance(types, str) or not types:
        raise ValueError("types is a list of at least one type of events")
    return tuple(types)


def _parameters(url: str) -> pika.URLParameters:
    if not url.startswith(("amqp://", "amqps://")):
        raise ValueError("events are heard over AMQP: the url must begin with amqp:// or amqps://")
    parameters = pika.URLParameters(url)
    parameters.heartbeat = HEARTBEAT_S if parameters.heartbeat is None else parameters.heartbeat
    parameters.blocked_connection_timeout = BLOCKED_TIMEOUT_S
    parameters.socket_timeout = CONNECT_TIMEOUT_S
    parameters.stack_timeout = 2 * CONNECT_TIMEOUT_S
    return parameters
