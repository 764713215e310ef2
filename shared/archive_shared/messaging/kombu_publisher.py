"""The publisher for the embedded broker."""

from collections.abc import Mapping, Sequence
from typing import Any

from kombu.connection import Connection

from archive_shared.errors import Unavailable
from archive_shared.messaging.confirmed import send
from archive_shared.messaging.connection import Connect, hang_up
from archive_shared.messaging.errors import Unroutable
from archive_shared.messaging.hints import encode_hint
from archive_shared.messaging.published import Envelope, Published, one_by_one
from archive_shared.messaging.topology import EVENTS, JOBS
from archive_shared.wire.cloud_events import CONTENT_TYPE, encode


class KombuPublisher:
    """Publishes over kombu, one connection until something goes wrong, then a new one."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._connection: Connection | None = None

    def publish(self, envelope: Envelope) -> None:
        event = encode(envelope)
        self._send(EVENTS, event.type, event.body, event.id, event.headers)

    def publish_all(self, envelopes: Sequence[Envelope]) -> Published:
        return one_by_one(self.publish, envelopes)

    def hint(self, queue: str, job_id: str) -> None:
        self._send(JOBS, queue, encode_hint(job_id), job_id, {})

    def keep_alive(self) -> None:
        """There is nothing to do: this broker does not mind silence."""

    def close(self) -> None:
        if self._connection is not None:
            hang_up(self._connection)
            self._connection = None

    def _send(
        self, exchange: str, key: str, body: bytes, message_id: str, headers: Mapping[str, Any]
    ) -> None:
        if self._connection is None:
            self._connection = self._connect()
        try:
            send(
                self._connection,
                exchange=exchange,
                key=key,
                body=body,
                content_type=CONTENT_TYPE,
                message_id=message_id,
                headers=headers,
            )
        except (Unroutable, Unavailable):
            self.close()
            raise
