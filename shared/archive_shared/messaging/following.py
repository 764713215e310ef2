"""Following events from now on, in every process that wants to know: for what is only remembered, never for work.

Every follower gets every event; nothing is kept for those who are away. So a follower is told whenever it may have
missed something. On RabbitMQ each has a queue of its own that ends with its connection; the embedded broker's log
is read from its end.
"""

import threading
import time
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from kombu.connection import Connection
from kombu.message import Message
from kombu.messaging import Consumer, Exchange, Queue

from archive_shared.events import Event
from archive_shared.identifiers import new_id
from archive_shared.messaging.broker_file import BrokerFile, Payload
from archive_shared.messaging.connection import broker_errors, connecting, stay_connected
from archive_shared.messaging.embedded import is_embedded
from archive_shared.messaging.topology import EVENTS, LOG
from archive_shared.wire.cloud_events import Undecodable, decode

POLL_S = 0.1
_WAIT_S = 0.5
SILENT_S = 3.0
"""A follower whose loop made no round for so long does not count as hearing (its broker hangs, or we do)."""
_HEARTBEAT_S = 4  # the broker notices a dead follower, and a follower a dead broker, within two of these
_BATCH = 500


class Follower:
    """Hands events of some kinds to a function, in a thread of its own that begins with the first look at `hears`.

    Parameters
    ----------
    hear
        Called with each event; must be quick and must not raise.
    missed
        Called whenever events may have been missed, before `hears` is true again.
    """

    def __init__(
        self,
        url: str,
        kinds: Sequence[type[Event]],
        *,
        hear: Callable[[Event], None],
        missed: Callable[[], None],
    ) -> None:
        self._url = url
        self._keys = frozenset(kind.TYPE for kind in kinds)
        self._hear = hear
        self._missed = missed
        self._stop = threading.Event()
        self._round_at_s: float | None = None
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def hears(self) -> bool:
        """Tell whether an event would be heard now, as far as is known."""
        if self._thread is None:
            self._start()
        at_s = self._round_at_s
        return at_s is not None and time.monotonic() - at_s < SILENT_S

    def stop(self) -> None:
        """Stop following; return when the thread has ended."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _start(self) -> None:
        # Not before somebody asks: a process that never does needs no connection, and threads do not survive a fork.
        with self._starting:
            if self._thread is None and not self._stop.is_set():
                self._thread = threading.Thread(target=self._run, name="follower", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        stay_connected(connecting(self._url, heartbeat_s=_HEARTBEAT_S), self._follow, self._stop)

    def _follow(self, connection: Connection) -> None:
        follow = self._follow_log if is_embedded(self._url) else self._follow_queue
        try:
            follow(connection)
        finally:
            self._round_at_s = None

    def _follow_log(self, connection: Connection) -> None:
        with broker_errors(connection), closing(BrokerFile(Path(urlsplit(self._url).path[1:]))) as broker:
            last = broker.last_in_log(LOG)
            self._begin()
            while not self._stop.is_set():
                for logged in broker.read_log(LOG, after=last, limit=_BATCH):
                    last = logged.number
                    self._take_logged(logged.payload)
                self._round_at_s = time.monotonic()
                self._stop.wait(POLL_S)

    def _follow_queue(self, connection: Connection) -> None:
        with broker_errors(connection), self._own_queue(connection):
            self._begin()
            while not self._stop.is_set():
                with suppress(TimeoutError):
                    connection.drain_events(timeout=_WAIT_S)
                connection.heartbeat_check()
                self._round_at_s = time.monotonic()

    @contextmanager
    def _own_queue(self, connection: Connection) -> Iterator[None]:
        channel = connection.channel()
        exchange = Exchange(EVENTS, "topic", durable=True, no_declare=True)
        name = f"follower.{new_id()}"
        queues = [
            Queue(name, exchange, key, exclusive=True, durable=False, auto_delete=True)
            for key in sorted(self._keys)
        ]
        with Consumer(channel, queues[:1], on_message=self._take_message, no_ack=True):
            for queue in queues[1:]:
                queue.bind(channel).queue_bind()
            yield

    def _begin(self) -> None:
        self._missed()
        self._round_at_s = time.monotonic()

    def _take_message(self, message: Message) -> None:
        body = message.body
        self._take(
            message.headers, message.content_type, body.encode() if isinstance(body, str) else bytes(body)
        )

    def _take_logged(self, payload: Payload) -> None:
        if payload["headers"].get("ce-type") in self._keys:
            self._take(payload["headers"], payload["content-type"], b64decode(payload["body"]))

    def _take(self, headers: Mapping[str, Any], content_type: str | None, body: bytes) -> None:
        try:
            self._hear(decode(headers, content_type, body).event)
        except Undecodable:  # an event of a newer version; what it changed is not known
            self._missed()
