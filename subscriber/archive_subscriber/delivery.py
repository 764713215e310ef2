"""A message as the broker delivered it, from the service's queue or from the log."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pika
from pika.adapters.blocking_connection import BlockingChannel
from pika.spec import Basic

OFFSET = "x-stream-offset"
COUNT = "x-delivery-count"

_BROKERS = ("x-death", "x-first-death", "x-last-death", COUNT, OFFSET)


@dataclass(frozen=True, eq=False)
class Delivery:
    """A message to settle.

    Parameters
    ----------
    tag
        By which `channel` knows it.
    redelivered
        Whether the broker may have delivered it before, to whomever.
    """

    channel: BlockingChannel
    tag: int
    redelivered: bool
    routing_key: str
    headers: Mapping[str, Any]
    content_type: str | None
    message_id: str
    body: bytes

    @classmethod
    def of(
        cls, channel: BlockingChannel, method: Basic.Deliver, properties: pika.BasicProperties, body: bytes
    ) -> "Delivery":
        """Take over what pika hands to a consumer."""
        return cls(
            channel=channel,
            tag=method.delivery_tag,
            redelivered=bool(method.redelivered),
            routing_key=method.routing_key,
            headers=properties.headers or {},
            content_type=properties.content_type,
            message_id=properties.message_id or "",
            body=body,
        )

    @property
    def offset(self) -> int | None:
        """Where it is in the log; None when it came from the queue."""
        offset = self.headers.get(OFFSET)
        return None if offset is None else int(offset)

    @property
    def type(self) -> str:
        """What it says it is, else what it was sent as."""
        type = self.headers.get("ce-type")
        return type if isinstance(type, str) else self.routing_key

    def was_said_before(self, instant: datetime | None) -> bool:
        """Say whether it tells a time before this one; without a time that can be read, it does not."""
        try:
            return instant is not None and datetime.fromisoformat(str(self.headers.get("ce-time"))) < instant
        except (ValueError, TypeError):  # no instant, or none with a time zone
            return False

    @property
    def count(self) -> int:
        """How often it was delivered before and not acknowledged, as far as the broker says."""
        return int(self.headers.get(COUNT, 0))

    @property
    def is_stale(self) -> bool:
        """Whether the broker delivers it again, because the connection it came over is gone.

        What came from the log is never stale: acknowledging it means nothing but that more may come.
        """
        return self.offset is None and not self.channel.is_open

    @property
    def original_headers(self) -> dict[str, Any]:
        """The headers without those that brokers add on the way."""
        return {name: value for name, value in self.headers.items() if not name.startswith(_BROKERS)}
