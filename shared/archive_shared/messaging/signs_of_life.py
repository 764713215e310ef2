"""Tells the broker that a consumer lives while its handler waits for something, such as a store that does not answer."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Self

import amqp
from kombu.connection import Connection

from archive_shared.errors import Unavailable
from archive_shared.messaging.connection import broker_errors
from archive_shared.messaging.deliveries import PUMP_EVERY_S


class SignsOfLife:
    """Speaks for the thread that owns a connection, from another one, while that thread is at work; runs for a `with` block.

    Without it a broker would take back all that was delivered and deliver it again, and what it delivers again too often it
    takes for poison.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._at_work = False
        self._turn = threading.Lock()  # a connection is for one thread at a time
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="signs of life", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    @contextmanager
    def meanwhile(self) -> Iterator[None]:
        """Have signs given while the block runs, which leaves the connection alone."""
        with self._turn:
            self._at_work = True
        try:
            yield
        finally:
            with self._turn:
                self._at_work = False

    def _run(self) -> None:
        while not self._over.wait(PUMP_EVERY_S):
            with self._turn:
                if self._at_work:
                    self._give()

    def _give(self) -> None:
        driver = self._connection._connection  # the public property would connect again
        with suppress(Unavailable), broker_errors(self._connection):  # whoever owns it will notice as well
            if isinstance(driver, amqp.Connection):
                driver.send_heartbeat()  # no more than that: what the broker sends meanwhile is not for this thread
            else:
                self._connection.heartbeat_check()
