"""The publisher for RabbitMQ: pika, because it matches confirms to messages and is bounded when the broker blocks.

Measured hazards of publishing, each a test in `tests/contract/bus`: spec/infrastructure.md 1.3.
"""

from collections.abc import Sequence
from contextlib import closing

import pika
from pika.adapters.blocking_connection import BlockingConnection
from pika.adapters.utils.connection_workflow import AMQPConnectorException
from pika.exceptions import AMQPError, NackError

from archive_shared.errors import Unavailable
from archive_shared.messaging.declaring import PikaBroker, declare
from archive_shared.messaging.hints import encode_hint
from archive_shared.messaging.pika_resets import resets_as_such
from archive_shared.messaging.pipeline import Message, Pipeline
from archive_shared.messaging.published import Envelope, Published
from archive_shared.messaging.topology import EVENTS, JOBS, Topology
from archive_shared.wire.cloud_events import encode

HEARTBEAT_S = 10  # a broker that vanished is noticed within two of them, and the relay waits that long
BLOCKED_TIMEOUT_S = 5.0
CONNECT_TIMEOUT_S = 5.0
CONFIRM_TIMEOUT_S = 30.0  # longer than the heartbeats need, which say better what is wrong


class PikaPublisher:
    """Publishes persistent messages with confirms and `mandatory`; any error costs the connection."""

    def __init__(self, url: str, topology: Topology) -> None:
        self._parameters = _parameters(url)
        self._topology = topology
        self._pipeline: Pipeline | None = None

    def publish(self, envelope: Envelope) -> None:
        self.publish_all([envelope]).check()

    def publish_all(self, envelopes: Sequence[Envelope]) -> Published:
        return self._send([_as_message(envelope) for envelope in envelopes])

    def hint(self, queue: str, job_id: str) -> None:
        self._send([Message(JOBS, queue, job_id, encode_hint(job_id), headers={})]).check()

    def keep_alive(self) -> None:
        if self._pipeline is not None and not self._pipeline.keep_alive():
            self.close()

    def close(self) -> None:
        pipeline, self._pipeline = self._pipeline, None
        if pipeline is not None:
            pipeline.close()

    def _send(self, messages: Sequence[Message]) -> Published:
        try:
            self._pipeline = self._pipeline or self._open()
        except (AMQPError, AMQPConnectorException, OSError) as error:
            return Published(trouble=_unavailable(error))
        sent = self._pipeline.send(messages, timeout_s=CONFIRM_TIMEOUT_S)
        if len(sent.confirmed) < len(messages):
            self.close()  # the next connection declares all queues again, should one have been deleted
        trouble = sent.trouble or (NackError([]) if sent.refused else None)
        return Published(sent.confirmed, sent.unroutable, _unavailable(trouble) if trouble else None)

    def _open(self) -> Pipeline:
        with resets_as_such():
            opened = BlockingConnection(self._parameters)
        with closing(opened) as connection:
            broker = PikaBroker(connection)
            declare(self._topology, broker)
            broker.close()
        return Pipeline(self._parameters, timeout_s=3 * CONNECT_TIMEOUT_S)


def _as_message(envelope: Envelope) -> Message:
    event = encode(envelope)
    return Message(EVENTS, event.type, event.id, event.body, event.headers)


def _unavailable(error: Exception) -> Unavailable:
    return Unavailable(f"the broker did not confirm: {type(error).__name__}: {error}")


def _parameters(url: str) -> pika.URLParameters:
    parameters = pika.URLParameters(url)
    parameters.heartbeat = HEARTBEAT_S
    parameters.blocked_connection_timeout = BLOCKED_TIMEOUT_S
    parameters.socket_timeout = CONNECT_TIMEOUT_S
    parameters.stack_timeout = 2 * CONNECT_TIMEOUT_S
    return parameters
