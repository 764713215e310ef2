"""Reading the log of all events, on either bus, without taking anything from anybody; for operators' tools.

Other services replay with the subscriber kit, which also remembers how far they are.
"""

import base64
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from pathlib import Path
from typing import Any, Protocol

import pika
from pika.adapters.blocking_connection import BlockingChannel, BlockingConnection
from pika.exceptions import AMQPError, ChannelClosedByBroker

from archive_shared.clock import from_text
from archive_shared.errors import NotFound, Unavailable
from archive_shared.messaging.broker_file import BrokerFile, Logged
from archive_shared.messaging.embedded import broker_file, is_embedded
from archive_shared.messaging.pika_resets import resets_as_such
from archive_shared.messaging.topology import LOG

Start = int | datetime
"""An offset in the log, or an instant: what was said before it is left out."""

PREFETCH = 500
LOOK_EVERY_S = 0.2
CLOCKS_DIFFER = timedelta(minutes=1)
"""The broker finds a time in the log by its own clock, events tell that of who said them."""

_QUIET_S = 1.0
_PATIENCE_S = 60.0
_MANY = 65_535
_OFFSET = "x-stream-offset"


@dataclass(frozen=True, kw_only=True)
class LoggedEvent:
    """A message of the log, with everything that is needed to send it again."""

    offset: int
    headers: Mapping[str, Any]
    content_type: str | None
    message_id: str
    body: bytes

    @property
    def type(self) -> str:
        return str(self.headers.get("ce-type", ""))

    @property
    def at(self) -> datetime | None:
        """When it was said; None when the message does not say."""
        try:
            return from_text(str(self.headers.get("ce-time", "")))
        except ValueError:
            return None

    def is_since(self, start: Start) -> bool:
        if isinstance(start, int):
            return self.offset >= start
        return self.at is not None and self.at >= start


class EventLog(Protocol):
    """The log. All methods raise `Unavailable` when the bus does not answer, `NotFound` when it has no log."""

    def read(self, start: Start) -> Iterator[LoggedEvent]:
        """Give what was said from there on, up to what was last when asked."""
        ...

    def follow(self, start: Start | None = None) -> Iterator[LoggedEvent]:
        """Give what was said from there on, or what will be, for ever."""
        ...


def open_log(url: str) -> EventLog:
    """Return the log of the bus at this address; nothing connects before it is read."""
    return FileLog(broker_file(url)) if is_embedded(url) else StreamLog(url)


class FileLog:
    """The log of the embedded bus."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def read(self, start: Start) -> Iterator[LoggedEvent]:
        with self._opened() as broker:
            last = broker.last_in_log(LOG)
            yield from self._since(broker, start, until=last)

    def follow(self, start: Start | None = None) -> Iterator[LoggedEvent]:
        with self._opened() as broker:
            next = broker.last_in_log(LOG) + 1 if start is None else start
            while True:
                for event in self._since(broker, next, until=None):
                    yield event
                    next = event.offset + 1
                time.sleep(LOOK_EVERY_S)

    def _since(self, broker: BrokerFile, start: Start, *, until: int | None) -> Iterator[LoggedEvent]:
        after = start - 1 if isinstance(start, int) else 0
        while found := broker.read_log(LOG, after=after, limit=PREFETCH):
            for logged in found:
                event = _from_file(logged)
                if until is not None and event.offset > until:
                    return
                if event.is_since(start):
                    yield event
            after = found[-1].number

    @contextmanager
    def _opened(self) -> Iterator[BrokerFile]:
        if not self._file.exists():
            raise NotFound(f"there is no bus at {self._file}")
        broker = BrokerFile(self._file)
        try:
            yield broker
        finally:
            broker.close()


class StreamLog:
    """The log of RabbitMQ, a stream; read through pika because it must end where it is asked to."""

    def __init__(self, url: str) -> None:
        self._parameters = pika.URLParameters(url)

    def read(self, start: Start) -> Iterator[LoggedEvent]:
        last = self._last()
        if last is None or (isinstance(start, int) and start > last.offset):
            return
        for event in self._until_quiet(start, is_due=last.is_since(start)):
            if event.offset > last.offset:
                return
            if event.is_since(start):
                yield event
            if event.offset == last.offset:
                return

    def _until_quiet(self, start: Start, *, is_due: bool) -> Iterator[LoggedEvent]:
        """Give what comes; when nothing does, believe that nothing is there unless something is due."""
        quiet_s = 0.0
        for event in self._consume(start):
            if event is not None:
                quiet_s, is_due = 0.0, True  # what was last when asked comes too
                yield event
            elif not is_due and quiet_s:
                return
            elif (quiet_s := quiet_s + _QUIET_S) > _PATIENCE_S:
                raise Unavailable("the broker does not deliver what its log holds")

    def follow(self, start: Start | None = None) -> Iterator[LoggedEvent]:
        for event in self._consume("next" if start is None else start):
            if event is not None and (start is None or event.is_since(start)):
                yield event

    def _consume(self, position: Start | str) -> Iterator[LoggedEvent | None]:
        """Give messages as they come, None whenever the broker says that there are no more now."""
        with self._channel(PREFETCH) as channel:
            channel.queue_declare(LOG, passive=True)
            if isinstance(position, datetime):
                position -= CLOCKS_DIFFER
            found = channel.consume(LOG, arguments={_OFFSET: position}, inactivity_timeout=_QUIET_S)
            for method, properties, body in found:
                if method is None or properties is None or body is None:
                    channel.queue_declare(LOG, passive=True)  # answered behind what was on its way
                    yield None
                else:
                    channel.basic_ack(method.delivery_tag)
                    yield _from_stream(properties, body)

    def _last(self) -> LoggedEvent | None:
        """Return the newest message, None when there is none."""
        found: list[LoggedEvent] = []
        with self._channel(_MANY) as channel:
            channel.basic_consume(
                LOG,
                lambda channel, method, properties, body: found.append(_from_stream(properties, body)),
                arguments={_OFFSET: "last"},
            )
            channel.queue_declare(LOG, passive=True)  # answered after all that was there has been delivered
            channel.connection.process_data_events(0)
            if not found:  # or the broker is not that fast
                channel.connection.process_data_events(_QUIET_S)
        return max(found, key=attrgetter("offset"), default=None)

    @contextmanager
    def _channel(self, prefetch: int) -> Iterator[BlockingChannel]:
        connection = None
        try:
            with resets_as_such():
                connection = BlockingConnection(self._parameters)
            channel = connection.channel()
            channel.basic_qos(prefetch_count=prefetch)
            yield channel
        except ChannelClosedByBroker as error:
            raise NotFound(f"the broker has no log: {error.reply_text}") from error
        except (AMQPError, OSError) as error:
            raise Unavailable(f"the broker does not answer: {type(error).__name__}: {error}") from error
        finally:
            if connection is not None:
                with suppress(AMQPError, OSError):
                    connection.close()


def _from_file(logged: Logged) -> LoggedEvent:
    properties = logged.payload["properties"]
    body = logged.payload["body"]
    is_encoded = properties.get("body_encoding") == "base64"
    return LoggedEvent(
        offset=logged.number,
        headers=logged.payload["headers"],
        content_type=logged.payload.get("content-type"),
        message_id=str(properties.get("message_id") or ""),
        body=base64.b64decode(body) if is_encoded else str(body).encode(),
    )


def _from_stream(properties: pika.BasicProperties, body: bytes) -> LoggedEvent:
    headers = dict(properties.headers or {})
    return LoggedEvent(
        offset=int(headers.pop(_OFFSET)),
        headers=headers,
        content_type=properties.content_type,
        message_id=properties.message_id or "",
        body=body,
    )
