"""The socket the gateway serves: opened by the supervisor, so that a busy port is known before anything starts.

It stays open while the gateway is restarted: clients wait a moment instead of being refused.
"""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

BACKLOG = 512
ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (names of "every interface", and how to reach one)
LOOPBACK = {"127.0.0.1", "::1"}


class PortTaken(Exception):
    """Somebody else listens there, or we may not; the message says what to do."""


@dataclass(frozen=True)
class Listener:
    """A listening socket, by its file descriptor."""

    descriptor: int
    host: str
    port: int

    def address(self, *, tls: bool) -> str:
        """Return scheme, host and port under which clients on this machine reach it.

        With TLS it says localhost, the name that clients check most readily; else exactly the address that is
        listened on, because on another one (::1 instead of 127.0.0.1) somebody else may answer.
        """
        host = ANY.get(self.host, self.host)
        if tls and host in LOOPBACK:
            return f"https://localhost:{self.port}"
        return f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{self.port}"


@contextmanager
def listening(host: str, port: int) -> Iterator[Listener]:
    """Keep a socket open for the length of a `with` block; port 0 takes any free one.

    Raises
    ------
    PortTaken
        The port or the host cannot be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        opened = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise PortTaken(_explanation(host, port, error)) from error
    with opened:
        yield Listener(opened.fileno(), host, opened.getsockname()[1])


def _explanation(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use; choose another with PORT={port + 1} (make run) or --port {port + 1}."
    if error.errno == errno.EACCES:
        return f"Port {port} is reserved for the system; choose one above 1023 with PORT=8080 or --port 8080."
    return f"Cannot listen on {host}, port {port}: {error.strerror or error}."
