"""What gunicorn's `Response` takes for a socket: sends the head of an answer together with the body's first piece."""

import socket
from typing import Final

_SMALL_BYTES: Final = 256 << 10
"""What is larger is not worth copying to save a call of the system."""


class ClientGone(Exception):
    """Whoever asked does not take the answer any more."""


class JoinedSending:
    """Holds back what it is given first, the head, until there is more or it is flushed."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._head: bytes | None = None
        self.has_begun = False

    def sendall(self, data: bytes) -> None:
        """Send all of it, after the head; raise `ClientGone` if that does not work."""
        if self._head is None:
            self._head = data
        elif self.has_begun:
            self._send(data)
        elif len(data) <= _SMALL_BYTES:
            self._send(self._head + data)
        else:
            self._send(self._head)
            self._send(data)

    def flush(self) -> None:
        """Send a head that nothing followed."""
        if self._head is not None and not self.has_begun:
            self._send(self._head)

    def _send(self, data: bytes) -> None:
        self.has_begun = True
        try:
            self._connection.sendall(data)
        except OSError as error:
            raise ClientGone from error
