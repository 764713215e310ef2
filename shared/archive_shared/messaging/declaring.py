"""Declaring a topology on a broker, through kombu or pika; doing it again changes nothing.

A queue that exists with other arguments (an older version made it, or an operator) is left as it is, with a
warning: it still takes and gives messages, while refusing to start would stop everything.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import structlog
from amqp.exceptions import PreconditionFailed
from kombu.connection import Connection
from pika.adapters.blocking_connection import BlockingChannel, BlockingConnection
from pika.exceptions import ChannelClosedByBroker

from archive_shared.messaging.topology import Binding, Exchange, Queue, Topology

_PRECONDITION_FAILED = 406

log = structlog.get_logger()


class Broker(Protocol):
    """What declaring needs of a client library."""

    def declare_exchange(self, exchange: Exchange) -> None: ...
    def declare_queue(self, name: str, arguments: Mapping[str, Any]) -> bool:
        """Make a durable queue; return False when there is one with other arguments."""
        ...

    def bind(self, queue: str, binding: Binding) -> None: ...
    def unbind(self, queue: str, binding: Binding) -> None: ...


def declare(topology: Topology, broker: Broker) -> None:
    """Make the broker have all of it."""
    for exchange in topology.exchanges:
        broker.declare_exchange(exchange)
    for queue in topology.queues:
        declare_queue(queue, broker)


def declare_queue(queue: Queue, broker: Broker) -> None:
    """Make one queue with exactly the bindings it wants, as far as we know what others it may have."""
    if not broker.declare_queue(queue.name, queue.arguments):
        log.warning("queue exists with other arguments", queue=queue.name, wanted=dict(queue.arguments))
    for binding in queue.bindings:
        broker.bind(queue.name, binding)
    for binding in queue.unwanted:
        broker.unbind(queue.name, binding)


class KombuBroker:
    """A broker reached through kombu."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._channel: Any = connection.channel()

    def declare_exchange(self, exchange: Exchange) -> None:
        self._channel.exchange_declare(exchange.name, exchange.kind, durable=True, auto_delete=False)

    def declare_queue(self, name: str, arguments: Mapping[str, Any]) -> bool:
        try:
            self._channel.queue_declare(name, durable=True, auto_delete=False, arguments=dict(arguments))
        except PreconditionFailed:
            self._channel = self._connection.channel()  # the broker closed the other one
            return False
        return True

    def bind(self, queue: str, binding: Binding) -> None:
        self._channel.queue_bind(queue, binding.exchange, binding.key)

    def unbind(self, queue: str, binding: Binding) -> None:
        self._channel.queue_unbind(queue, binding.exchange, binding.key)

    def close(self) -> None:
        self._channel.close()


class PikaBroker:
    """A broker reached through pika."""

    def __init__(self, connection: BlockingConnection) -> None:
        self._connection = connection
        self._channel: BlockingChannel = connection.channel()

    def declare_exchange(self, exchange: Exchange) -> None:
        self._channel.exchange_declare(exchange.name, exchange.kind, durable=True)

    def declare_queue(self, name: str, arguments: Mapping[str, Any]) -> bool:
        try:
            self._channel.queue_declare(name, durable=True, arguments=dict(arguments))
        except ChannelClosedByBroker as error:
            if error.reply_code != _PRECONDITION_FAILED:
                raise
            self._channel = self._connection.channel()
            return False
        return True

    def bind(self, queue: str, binding: Binding) -> None:
        self._channel.queue_bind(queue, binding.exchange, binding.key)

    def unbind(self, queue: str, binding: Binding) -> None:
        self._channel.queue_unbind(queue, binding.exchange, binding.key)

    def close(self) -> None:
        self._channel.close()
