"""A connection to RabbitMQ over which many messages are on their way at a time, each with its own confirm.

pika's blocking channel waits for one confirm after the other. This drives pika's asynchronous connection instead, for as long
as a batch takes, and matches confirms to messages by delivery tag. Only `pika_publisher` uses it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pika
from pika.adapters.select_connection import SelectConnection
from pika.channel import Channel
from pika.connection import Connection as PikaConnection
from pika.exceptions import AMQPConnectionError, AMQPError
from pika.frame import Method

from archive_shared.messaging.pika_resets import resets_as_such
from archive_shared.wire.cloud_events import CONTENT_TYPE

CLOSING_TAKES_AT_MOST_S = 30.0  # heartbeats end what does not answer well before


@dataclass(frozen=True)
class Message:
    """A persistent message, to be refused when no queue wants it; `id` tells it from others of its batch."""

    exchange: str
    key: str
    id: str
    body: bytes
    headers: Mapping[str, Any]


@dataclass
class Sent:
    """What became of a batch, by identifiers. Of messages that are nowhere in here nothing is known.

    Parameters
    ----------
    confirmed
        The broker has them.
    unroutable
        No queue wanted them.
    refused
        A queue did not take them.
    trouble
        Why nothing more is known of the rest; then the connection is of no use any more.
    """

    confirmed: set[str] = field(default_factory=set)
    unroutable: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    trouble: Exception | None = None


class Pipeline:
    """One connection with one channel in confirm mode, for one thread.

    Raises
    ------
    AMQPError, OSError
        It could not be opened.
    """

    def __init__(self, parameters: pika.URLParameters, *, timeout_s: float) -> None:
        self._trouble: Exception | None = None
        self._is_confirming = False
        self._is_closed = False
        self._next_tag = 1
        self._on_their_way: dict[int, str] = {}
        self._sent = Sent()
        self._connection = SelectConnection(
            parameters,
            on_open_callback=self._connected,
            on_open_error_callback=self._connection_ended,
            on_close_callback=self._connection_ended,
        )
        try:
            with resets_as_such():
                self._run_until(lambda: self._is_confirming or self._is_broken, timeout_s)
        except AMQPConnectionError:  # there is nobody to say good-bye to
            self._connection.ioloop.close()
            raise
        if (trouble := self._trouble) is not None:
            self.close()
            raise trouble

    def send(self, messages: Sequence[Message], *, timeout_s: float) -> Sent:
        """Send messages in order, all at once, and wait until the fate of each is known; never raises."""
        self._sent = sent = Sent()
        try:
            for message in messages:
                self._send(message)
            self._run_until(lambda: not self._on_their_way or self._is_broken, timeout_s)
        except (AMQPError, OSError) as error:
            self._trouble = self._trouble or error
        sent.trouble = self._trouble
        return sent

    def keep_alive(self) -> bool:
        """Answer what the broker asked meanwhile, such as for a sign of life; tell whether the connection lives."""
        loop = self._connection.ioloop
        loop.call_later(0, loop.stop)
        loop.start()
        return not self._is_broken

    def close(self) -> None:
        """Say good-bye, or wait until the heartbeats have noticed that nobody listens."""
        if self._connection.is_open:
            self._connection.close()
        self._run_until(lambda: self._is_closed, CLOSING_TAKES_AT_MOST_S)
        self._connection.ioloop.close()

    # --- what the broker says ------------------------------------------------------------------------------------------

    def _connected(self, connection: PikaConnection) -> None:
        connection.channel(on_open_callback=self._channel_opened)

    def _channel_opened(self, channel: Channel) -> None:
        self._channel = channel
        channel.add_on_close_callback(self._channel_ended)
        channel.add_on_return_callback(self._returned)
        channel.confirm_delivery(self._settled, callback=self._confirming)

    def _confirming(self, _: Method[Any]) -> None:
        self._is_confirming = True
        self._look()

    def _settled(self, frame: Method[Any]) -> None:
        tag = frame.method.delivery_tag
        tags = [each for each in self._on_their_way if each <= tag] if frame.method.multiple else [tag]
        settled = {self._on_their_way.pop(each) for each in tags}
        if isinstance(frame.method, pika.spec.Basic.Nack):
            self._sent.refused |= settled
        else:  # what was returned is confirmed too, afterwards
            self._sent.confirmed |= settled - self._sent.unroutable
        self._look()

    def _returned(
        self, _channel: Channel, _method: Any, properties: pika.BasicProperties, _body: bytes
    ) -> None:
        self._sent.unroutable.add(str(properties.message_id))

    def _channel_ended(self, _: Channel, reason: Exception) -> None:
        self._trouble = self._trouble or reason
        self._look()

    def _connection_ended(self, _: object, reason: str | BaseException) -> None:
        self._is_closed = True
        self._trouble = self._trouble or (
            # While it is being opened, pika gives errors that are no `AMQPError`.
            reason if isinstance(reason, AMQPError) else AMQPConnectionError(str(reason))
        )
        self._look()

    @property
    def _is_broken(self) -> bool:
        return self._trouble is not None

    # --- inside --------------------------------------------------------------------------------------------------------

    def _send(self, message: Message) -> None:
        properties = pika.BasicProperties(
            content_type=CONTENT_TYPE,
            delivery_mode=pika.DeliveryMode.Persistent.value,
            message_id=message.id,
            headers=dict(message.headers),
        )
        self._channel.basic_publish(message.exchange, message.key, message.body, properties, mandatory=True)
        self._on_their_way[self._next_tag] = message.id
        self._next_tag += 1

    def _run_until(self, is_done: Callable[[], bool], timeout_s: float) -> None:
        """Let the connection work until something is done, something went wrong, or it took too long."""
        is_over = False

        def give_up() -> None:
            nonlocal is_over
            is_over = True
            loop.stop()

        loop = self._connection.ioloop
        self._is_done = is_done
        timer = loop.call_later(timeout_s, give_up)
        while not (is_over or is_done()):
            loop.start()
        loop.remove_timeout(timer)
        if is_over and not is_done():
            self._trouble = self._trouble or AMQPConnectionError(f"no answer within {timeout_s:g} s")

    def _look(self) -> None:
        if self._is_done():
            self._connection.ioloop.stop()
