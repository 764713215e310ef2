"""The publisher for RabbitMQ: pika, because it matches confirms to messages and is bounded when the broker blocks.

Measured hazards of publishing, each a test in `tests/contract/bus`: spec/infrastructure.md 1.3.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import pika
from pika.adapters.blocking_connection import BlockingChannel, BlockingConnection
from pika.exceptions import AMQPError, UnroutableError

from archive_shared.errors import Unavailable
from archive_shared.messaging.declaring import PikaBroker, declare
from archive_shared.messaging.errors import Unroutable
from archive_shared.messaging.hints import encode_hint
from archive_shared.messaging.topology import EVENTS, JOBS, Topology
from archive_shared.wire.cloud_events import CONTENT_TYPE, encode

HEARTBEAT_S = 10  # a broker that vanished is noticed within two of them, and the relay waits that long
BLOCKED_TIMEOUT_S = 5.0
CONNECT_TIMEOUT_S = 5.0


class PikaPublisher:
    """Publishes persistent messages with confirms and `mandatory`; any error costs the connection."""

    def __init__(self, url: str, topology: Topology) -> None:
        self._parameters = _parameters(url)
        self._topology = topology
        self._channel: BlockingChannel | None = None

    def publish(self, envelope: Mapping[str, Any]) -> None:
        event = encode(envelope)
        self._send(EVENTS, event.type, event.body, event.id, event.headers)

    def hint(self, queue: str, job_id: str) -> None:
        self._send(JOBS, queue, encode_hint(job_id), job_id, {})

    def keep_alive(self) -> None:
        if self._channel is None:
            return
        try:
            self._channel.connection.process_data_events(0)
        except (AMQPError, OSError):
            self.close()

    def close(self) -> None:
        if self._channel is None:
            return
        connection, self._channel = self._channel.connection, None
        with suppress(AMQPError, OSError):
            connection.close()

    def _send(
        self, exchange: str, key: str, body: bytes, message_id: str, headers: Mapping[str, Any]
    ) -> None:
        properties = pika.BasicProperties(
            content_type=CONTENT_TYPE,
            delivery_mode=pika.DeliveryMode.Persistent.value,
            message_id=message_id,
            headers=dict(headers),
        )
        with self._confirming() as channel:
            channel.basic_publish(exchange, key, body, properties, mandatory=True)

    @contextmanager
    def _confirming(self) -> Iterator[BlockingChannel]:
        try:
            if self._channel is None:
                self._channel = self._open()
            yield self._channel
        except UnroutableError as error:
            self.close()  # the next connection declares all queues again, should one have been deleted
            raise Unroutable("no queue wants it") from error
        except (AMQPError, OSError) as error:
            self.close()
            raise Unavailable(f"the broker did not confirm: {type(error).__name__}: {error}") from error

    def _open(self) -> BlockingChannel:
        connection = BlockingConnection(self._parameters)
        broker = PikaBroker(connection)
        declare(self._topology, broker)
        broker.close()
        channel = connection.channel()
        channel.confirm_delivery()
        return channel


def _parameters(url: str) -> pika.URLParameters:
    parameters = pika.URLParameters(url)
    parameters.heartbeat = HEARTBEAT_S
    parameters.blocked_connection_timeout = BLOCKED_TIMEOUT_S
    parameters.socket_timeout = CONNECT_TIMEOUT_S
    parameters.stack_timeout = 2 * CONNECT_TIMEOUT_S
    return parameters
