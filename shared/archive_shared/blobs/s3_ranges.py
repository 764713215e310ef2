"""Ranges of S3 objects at the price of the network: kept connections, an address signed once a minute, no HTTP library.

A tile is a few kilobytes, and asking for it through urllib3 costs seven times the processor time of this. The ordinary
answer to a range is all that is understood here. Whatever else happens (refusals, redirects, other framing, a connection
that was closed meanwhile) is left to the caller, who asks again the long way and gets a proper answer or error.
"""

import re
import socket
import ssl
import time
import weakref
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

from archive_shared.errors import Unavailable
from archive_shared.waiting import receive_within, send_within

ADDRESS_AGE_S = 60.0
MOST_ADDRESSES = 1024
MOST_IDLE = 32
_MOST_HEADER_BYTES = 64 << 10
_ORDINARY_HEADER_BYTES = 2 << 10
_PIECE_BYTES = 1 << 20
_PARTIAL = re.compile(rb"HTTP/1\.1 206[ \r]")
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,15})[ \t]*\r\n", re.IGNORECASE)
_ODD = re.compile(rb"\r\n(transfer-encoding|content-encoding|connection:[ \t]*close)", re.IGNORECASE)


class S3Ranges:
    """Reads ranges of the objects of one server; thread-safe, make one per process, after forking.

    Parameters
    ----------
    address
        Of the server, its scheme and host.
    sign
        Returns the presigned address for reading a key; it has to be good for longer than `ADDRESS_AGE_S`. Which range is
        wanted is not part of what is signed.
    """

    def __init__(
        self,
        address: str,
        sign: Callable[[str], str],
        *,
        connect_timeout_s: float,
        read_timeout_s: float,
    ) -> None:
        server = urlsplit(address)
        self._host = server.hostname or ""
        self._tls = ssl.create_default_context() if server.scheme == "https" else None
        self._port = server.port or (443 if self._tls else 80)
        self._connect_timeout_s, self._read_timeout_s = connect_timeout_s, read_timeout_s
        self._sign = sign
        self._requests: dict[str, tuple[float, bytes]] = {}
        self._idle: deque[socket.socket] = deque()
        weakref.finalize(self, _close_all, self._idle)

    def read(self, key: str, start: int, end: int) -> bytes | None:
        """Return the bytes of a range that is not empty; None if only the long way can tell what is the matter.

        Raises
        ------
        Unavailable
            The server takes the question and says nothing, which the long way would wait for several times more.
        """
        request = self._request(key) + b"%d-%d\r\n\r\n" % (start, end - 1)
        try:
            return self._answered(self._idle.pop(), request, start, end)
        except IndexError:
            pass  # none is kept
        except Unavailable:
            _close_all(self._idle)  # a firewall may have forgotten this one, and with it all others
        try:
            connection = self._connected()
        except OSError:
            return None
        return self._answered(connection, request, start, end)

    def _answered(self, connection: socket.socket, request: bytes, start: int, end: int) -> bytes | None:
        """Return the answer over a connection that is kept if it was an ordinary one."""
        body = None
        try:
            body = _answer(connection, request, start, end)
        finally:
            if body is None or len(self._idle) >= MOST_IDLE:
                connection.close()
            else:
                self._idle.append(connection)
        return body

    def _request(self, key: str) -> bytes:
        """Return all of a request but the numbers of the range."""
        signed_at_s, request = self._requests.get(key, (0.0, b""))
        now_s = time.monotonic()
        if not request or now_s - signed_at_s >= ADDRESS_AGE_S:
            signed = urlsplit(self._sign(key))
            request = f"GET {signed.path}?{signed.query} HTTP/1.1\r\nHost: {signed.netloc}\r\nRange: bytes=".encode()
            if len(self._requests) >= MOST_ADDRESSES:
                self._requests.clear()
            self._requests[key] = now_s, request
        return request

    def _connected(self) -> socket.socket:
        made = socket.create_connection((self._host, self._port), timeout=self._connect_timeout_s)
        try:
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                made.settimeout(self._read_timeout_s)
                return self._tls.wrap_socket(made, server_hostname=self._host)
            made.settimeout(None)
            receive_within(made, self._read_timeout_s)
            send_within(made, self._read_timeout_s)
        except OSError:
            made.close()
            raise
        return made


def _close_all(connections: deque[socket.socket]) -> None:
    with suppress(IndexError):  # others may be at it
        while True:
            connections.pop().close()


def _answer(connection: socket.socket, request: bytes, start: int, end: int) -> bytes | None:
    """Ask, and return the body of an ordinary answer; None after any other, the connection is of no use then.

    Raises
    ------
    Unavailable
        There is none in time.
    """
    try:
        connection.sendall(request)
        header, body = _header(connection, end - start)
        length = _length(header, start, end)
        if length is None or len(body) > length:
            return None
        return body + _rest(connection, length - len(body))
    except (BlockingIOError, TimeoutError) as error:
        raise Unavailable("the object store does not answer: a range") from error
    except OSError:
        return None


def _header(connection: socket.socket, body_bytes: int) -> tuple[bytes, bytes]:
    """Return the lines of the header, and what came of the body with them."""
    received = b""
    most_bytes = min(_ORDINARY_HEADER_BYTES + body_bytes, _PIECE_BYTES)
    while (end := received.find(b"\r\n\r\n")) < 0:
        piece = connection.recv(most_bytes)
        if not piece or len(received) > _MOST_HEADER_BYTES:
            raise ConnectionResetError
        received += piece
    return received[: end + 2], received[end + 4 :]


def _length(header: bytes, start: int, end: int) -> int | None:
    """Return how long the body is that an ordinary answer announces."""
    found = _LENGTH.search(header)
    if not found or not _PARTIAL.match(header) or _ODD.search(header):
        return None
    length = int(found[1])
    sent = b"content-range: bytes %d-%d/" % (start, start + length - 1)
    return length if length <= end - start and sent in header.lower() else None


def _rest(connection: socket.socket, missing_bytes: int) -> bytes:
    pieces = []
    while missing_bytes:
        piece = connection.recv(min(missing_bytes, _PIECE_BYTES))
        if not piece:
            raise ConnectionResetError
        pieces.append(piece)
        missing_bytes -= len(piece)
    return b"".join(pieces)
