"""Sending one message over a kombu connection so that it is safe when the call returns."""

from collections.abc import Mapping
from typing import Any

from amqp.exceptions import ChannelError
from kombu.connection import Connection
from kombu.messaging import Producer

from archive_shared.messaging.connection import broker_errors
from archive_shared.messaging.errors import Unroutable

CONFIRM_TIMEOUT_S = 10
UNKNOWN_CONTENT_TYPE = "application/octet-stream"
_PERSISTENT = 2
_NO_ROUTE = 312


def send(
    connection: Connection,
    *,
    exchange: str,
    key: str,
    body: bytes,
    content_type: str | None,
    message_id: str,
    headers: Mapping[str, Any],
) -> None:
    """Publish a persistent message and wait until the broker has it.

    Raises
    ------
    Unroutable
        No queue wants it.
    Unavailable
        It was not confirmed. After either error the connection must be thrown away: kombu does not match
        confirms to messages, so a late confirm of this one would be taken for the next one's.
    """
    with broker_errors(connection):
        try:
            Producer(connection, auto_declare=False).publish(
                body,
                exchange=exchange,
                routing_key=key,
                content_type=content_type or UNKNOWN_CONTENT_TYPE,
                message_id=message_id,
                headers=dict(headers),
                delivery_mode=_PERSISTENT,
                mandatory=True,
                confirm_timeout=CONFIRM_TIMEOUT_S,
            )
        except ChannelError as error:
            if error.reply_code != _NO_ROUTE:
                raise
            raise Unroutable(f"no queue wants {key} from {exchange or 'the default exchange'}") from error
