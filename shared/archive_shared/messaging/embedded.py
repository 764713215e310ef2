"""The embedded broker as a kombu transport, so that consumers cannot tell it from RabbitMQ.

kombu's own transports for one machine lose messages (spec/infrastructure.md 2). Only `connection` uses this.
"""

# mypy: allow-untyped-calls
# (kombu's virtual transport, which all of this extends, has few types.)

import math
import sqlite3
import time
from contextlib import suppress
from itertools import chain
from pathlib import Path
from queue import Empty
from typing import Any, Literal
from urllib.parse import urlsplit

from amqp.exceptions import ChannelError, NotFound, PreconditionFailed
from amqp.protocol import queue_declare_ok_t
from kombu.transport import virtual

from archive_shared.bells import LOOK_AGAIN_S, Bell, wait_for_any
from archive_shared.messaging.broker_file import BrokerFile

SCHEME = "sqlite"
NO_ROUTE = 312
_EXTENSIONS_PER_TIMEOUT = 3


def is_embedded(url: str) -> bool:
    """Tell whether a broker's URL means a file on this machine."""
    return urlsplit(url).scheme == SCHEME


def broker_file(url: str) -> Path:
    """Return the file that `sqlite:////absolute/path/bus.db` names."""
    return Path(urlsplit(url).path[1:])


def transport_options(url: str, *, visibility_timeout_s: float) -> dict[str, Any]:
    """Return what `Transport` needs to know."""
    return {
        "file": broker_file(url),
        "visibility_timeout_s": visibility_timeout_s,
    }


class _Unsettled(virtual.QoS):
    """The messages of a channel that were delivered and not settled yet."""

    channel: "Channel"
    restore_at_shutdown = False  # kombu would send them through the exchange again, to all queues

    def tags(self) -> list[str]:
        self._flush()
        return list(self._delivered)

    def ack(self, delivery_tag: str) -> None:
        self.channel.broker.settle(delivery_tag)
        super().ack(delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        if requeue:
            self.channel.broker.give_back(delivery_tag)
        else:
            self.channel.broker.bury(delivery_tag, "rejected")
        super().ack(delivery_tag)


class Channel(virtual.Channel):
    """A channel to the broker's file."""

    QoS = _Unsettled
    do_restore = False

    def __init__(self, connection: "Transport", **options: Any) -> None:
        super().__init__(connection, **options)
        self.broker = BrokerFile(connection.options["file"])
        self._bells: dict[str, Bell] = {}
        self.visible_again_s = float(connection.options["visibility_timeout_s"])

    def exchange_declare(
        self, exchange: Any = None, type: str = "direct", *unused: Any, **options: Any
    ) -> None:
        self.broker.declare_exchange(exchange, type)

    def queue_declare(
        self, queue: str | None = None, passive: bool = False, arguments: Any = None, **options: Any
    ) -> queue_declare_ok_t:
        name = queue or ""
        if passive and not self.broker.has_queue(name):
            raise NotFound(f"there is no queue {name!r}")
        if not passive and not self.broker.declare_queue(name, arguments or {}):
            raise PreconditionFailed(f"queue {name!r} exists with other arguments")
        return queue_declare_ok_t(name, self.broker.size(name), 0)

    def queue_bind(
        self, queue: str, exchange: Any = None, routing_key: str = "", *unused: Any, **options: Any
    ) -> None:
        self.broker.bind(queue, exchange, routing_key)

    def queue_unbind(
        self, queue: str, exchange: Any = None, routing_key: str = "", *unused: Any, **options: Any
    ) -> None:
        self.broker.unbind(queue, exchange, routing_key)

    def queue_delete(self, queue: str, *unused: Any, **options: Any) -> None:
        self.broker.delete_queue(queue)

    def basic_publish(
        self,
        message: dict[str, Any],
        exchange: str,
        routing_key: str,
        mandatory: bool = False,
        **options: Any,
    ) -> None:
        self._inplace_augment_message(message, exchange, routing_key)
        if not self.broker.publish(exchange, routing_key, message) and mandatory:
            raise ChannelError(f"no queue wants {routing_key!r} from {exchange!r}", reply_code=NO_ROUTE)

    def basic_consume(self, queue: str, *arguments: Any, **options: Any) -> None:
        if queue not in self._bells:
            self._bells[queue] = self.broker.bells.listen(queue)
        super().basic_consume(queue, *arguments, **options)

    @property
    def bells(self) -> list[Bell]:
        """Those of the queues it wants messages from now; rings for others are left to who wants them."""
        return [self._bells[queue] for queue in self._active_queues]

    def extend_unsettled(self) -> None:
        """Say that this consumer lives: its messages do not come back yet."""
        tags = self.qos.tags()
        if tags:
            self.broker.extend(tags, visible_again_s=self.visible_again_s)

    def close(self) -> None:
        if not self.closed:
            with suppress(sqlite3.DatabaseError):  # they come back by themselves, only later
                for tag in self.qos.tags():
                    self.broker.give_back(tag)
            self.broker.close()
        super().close()
        while self._bells:
            self._bells.popitem()[1].close()

    def _size(self, queue: str) -> int:
        return self.broker.size(queue)

    def _purge(self, queue: str) -> int:
        return self.broker.purge(queue)

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:
        taken = self.broker.take(queue, visible_again_s=self.visible_again_s)
        if taken is None:
            raise Empty
        if queue in self._bells:
            self._bells[queue].take_ring()
        message = taken.payload
        message["properties"]["delivery_tag"] = taken.tag
        message["properties"]["delivery_info"]["redelivered"] = taken.deliveries > 1
        if taken.deliveries > 1:
            message["headers"]["x-delivery-count"] = taken.deliveries - 1
        return message


class Transport(virtual.Transport):
    """kombu's way to the broker's file.

    A heartbeat keeps what was delivered from coming back, so the visibility timeout is to this broker what the
    heartbeat timeout is to RabbitMQ: how long it takes to notice that a consumer died.
    """

    Channel = Channel
    driver_type = "sqlite"
    driver_name = "archive_shared"
    connection_errors = (ConnectionError, sqlite3.DatabaseError, OSError)  # type: ignore[assignment]  # kombu infers too narrow a type
    channel_errors = (ChannelError,)
    implements = virtual.Transport.implements.extend(
        exchange_type=frozenset({"direct", "topic", "fanout"}), heartbeats=True
    )

    def __init__(self, client: Any, **options: Any) -> None:
        super().__init__(client, **options)
        self.options: dict[str, Any] = client.transport_options
        self._extended_at_s = time.monotonic()

    def driver_version(self) -> str:
        return sqlite3.sqlite_version

    def drain_events(self, connection: Any, timeout: float | None = None, **options: Any) -> None:
        """Deliver the next message, or raise `TimeoutError`."""
        assert self.cycle is not None
        ends_at_s = math.inf if timeout is None else time.monotonic() + timeout
        while True:
            with suppress(Empty):
                self.cycle.get(self._deliver)
                return
            left_s = ends_at_s - time.monotonic()
            if left_s <= 0:
                raise TimeoutError
            bells = chain.from_iterable(channel.bells for channel in self.channels)
            wait_for_any(bells, min(left_s, LOOK_AGAIN_S))

    def heartbeat_check(self, connection: Any, rate: int = 2) -> None:
        pause_s = self.options["visibility_timeout_s"] / _EXTENSIONS_PER_TIMEOUT
        if time.monotonic() - self._extended_at_s > pause_s:
            self._extended_at_s = time.monotonic()
            for channel in self.channels:
                channel.extend_unsettled()


TRANSPORT: Literal["archive_shared.messaging.embedded:Transport"] = (
    "archive_shared.messaging.embedded:Transport"
)
