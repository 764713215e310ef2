"""One connection to the broker: what a subscriber does over it. Used by the courier's thread and nobody else."""

import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

import pika
from pika.adapters.blocking_connection import BlockingChannel, BlockingConnection
from pika.exceptions import AMQPError, ChannelClosedByBroker

from archive_subscriber.delivery import Delivery
from archive_subscriber.pika_logs import not_logged_by_pika
from archive_subscriber.problems import LinkBroken
from archive_subscriber.topology import EVENTS, EXCHANGES, LOG, SHARED_QUEUES, Queue

_NOT_FOUND = 404
_LOCKED = 405
_PRECONDITION_FAILED = 406

log = logging.getLogger("archive_subscriber")


def connect(parameters: pika.URLParameters) -> BlockingConnection:
    """Connect; raises `LinkBroken`, or what pika and the network raise."""
    try:
        return BlockingConnection(parameters)
    except ValueError as error:  # what pika makes of a connection that is reset the moment it is made
        raise LinkBroken(f"no connection: {error}") from error


class Link:
    """A connection with its channels; after any error it must be thrown away."""

    def __init__(self, connection: BlockingConnection, prefetch: int) -> None:
        self._connection = connection
        self._prefetch = prefetch
        self._consumers: dict[str, BlockingChannel] = {}
        self._confirming = connection.channel()
        self._confirming.confirm_delivery()

    # --- Declaring. A name that exists is only looked at: a subscriber may lack the permission to declare it. --------

    def declare_shared(self) -> None:
        """See to it that what all share exists."""
        for name, kind in EXCHANGES.items():
            self._ensure_exchange(name, kind)
        for queue in SHARED_QUEUES:
            self._ensure_queue(queue)

    def declare_own(self, queue: Queue, wanted: Iterable[str], unwanted: Iterable[str]) -> None:
        """Make the service's queue, bound for the wanted types."""
        self.declare(queue)
        with self._connection.channel() as channel:
            for type in wanted:
                channel.queue_bind(queue.name, EVENTS, type)
            for type in unwanted:
                channel.queue_unbind(queue.name, EVENTS, type)

    def declare(self, queue: Queue) -> None:
        """Make a queue; one that exists with other arguments still takes and gives messages, so it stays."""
        if self._tried(lambda channel: _declare(channel, queue), _PRECONDITION_FAILED):
            return
        log.warning("the queue %s exists with other arguments than %s", queue.name, dict(queue.arguments))

    def has(self, queue: str) -> bool:
        return self._tried(lambda channel: channel.queue_declare(queue, passive=True), _NOT_FOUND)

    def lock(self, name: str) -> bool:
        """Take a lock that lasts as long as this connection; return False when another connection has it."""
        return self._tried(lambda channel: channel.queue_declare(name, exclusive=True), _LOCKED)

    def unlock(self, name: str) -> None:
        self._confirming.queue_delete(name)

    def _ensure_exchange(self, name: str, kind: str) -> None:
        if not self._tried(lambda channel: channel.exchange_declare(name, passive=True), _NOT_FOUND):
            with self._connection.channel() as channel:
                channel.exchange_declare(name, kind, durable=True)

    def _ensure_queue(self, queue: Queue) -> None:
        if not self.has(queue.name):
            with self._connection.channel() as channel:
                _declare(channel, queue)
                channel.queue_bind(queue.name, queue.exchange, queue.key)

    def _tried(self, step: Callable[[BlockingChannel], object], refusal: int) -> bool:
        """Take a step on a channel of its own; return False when the broker closes it with this code."""
        channel = self._connection.channel()
        try:
            with not_logged_by_pika():
                step(channel)
        except ChannelClosedByBroker as error:
            if error.reply_code != refusal:
                raise
            return False
        channel.close()
        return True

    # --- Receiving ---------------------------------------------------------------------------------------------------

    def consume(
        self, queue: str, receive: Callable[[Delivery], None], arguments: Mapping[str, Any] | None = None
    ) -> None:
        """Have what a queue holds delivered from now on, each message once the ones before are settled."""
        channel = self._connection.channel()
        channel.basic_qos(prefetch_count=self._prefetch)
        channel.basic_consume(
            queue,
            lambda channel, method, properties, body: receive(Delivery.of(channel, method, properties, body)),
            arguments=dict(arguments or {}),
        )
        self._consumers[queue] = channel

    def catch_up(self, queue: str) -> None:
        """Receive all that the broker can deliver now; on a channel it answers in order."""
        self._consumers[queue].queue_declare(queue, passive=True)
        self._connection.process_data_events(0)

    def stop_reading(self) -> None:
        """End the consumer of the log, if there is one; its receiver must not acknowledge what may still come.

        The broker is made to close the channel, by asking for what does not exist: when pika closes one, it returns
        what arrives meanwhile, and a stream answers that by closing the whole connection.
        """
        if LOG not in self._consumers:
            return
        self.catch_up(LOG)  # when nothing is acknowledged, not much more comes
        with suppress(ChannelClosedByBroker), not_logged_by_pika():
            self._consumers.pop(LOG).queue_declare("archive.no-such-queue", passive=True)

    def process(self, time_limit_s: float) -> None:
        """Receive, and carry out what is due or was asked for by other threads, until something was or time is up."""
        self._connection.process_data_events(time_limit_s)
        for queue, channel in self._consumers.items():
            if not channel.is_open or not channel.consumer_tags:
                raise LinkBroken(f"the broker ended the consumer of {queue}")

    def rest(self, seconds: float) -> None:
        """Let time pass, keeping the connection alive."""
        self._connection.sleep(seconds)

    def call_later(self, seconds: float, step: Callable[[], None]) -> None:
        self._connection.call_later(seconds, step)

    # --- Settling ----------------------------------------------------------------------------------------------------

    def acknowledge(self, delivery: Delivery) -> None:
        if delivery.channel.is_open:
            delivery.channel.basic_ack(delivery.tag)

    def give_back(self, delivery: Delivery) -> None:
        """Have it delivered again, to any instance of the service."""
        if delivery.channel.is_open:
            delivery.channel.basic_nack(delivery.tag)

    def publish(
        self,
        body: bytes,
        *,
        exchange: str = "",
        key: str,
        headers: Mapping[str, Any] | None = None,
        content_type: str | None = None,
        message_id: str | None = None,
    ) -> None:
        """Publish a persistent message; return when the broker has it."""
        properties = pika.BasicProperties(
            content_type=content_type,
            delivery_mode=pika.DeliveryMode.Persistent.value,
            message_id=message_id,
            headers=dict(headers or {}),
        )
        self._confirming.basic_publish(exchange, key, body, properties, mandatory=True)

    def take(self, queue: str) -> bytes | None:
        """Look at the only message of a queue; it stays there."""
        method, _, body = self._confirming.basic_get(queue)
        if method is None:
            return None
        self._confirming.basic_nack(method.delivery_tag)
        return body

    def close(self) -> None:
        """Hang up; what was delivered and not settled is delivered again."""
        with suppress(AMQPError, OSError):
            self.stop_reading()
            self._connection.close()


def _declare(channel: BlockingChannel, queue: Queue) -> None:
    channel.queue_declare(queue.name, durable=True, arguments=dict(queue.arguments))
