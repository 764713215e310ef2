"""The only way out to addresses that users name: checked, pinned, bounded.

The host is resolved here, every address is checked, and the connection is made to an address that was checked, not
to the name again; a name that answers differently the second time (DNS rebinding) gains nothing. TLS still proves the
name. Proxies of the environment are not used, redirects are not followed, one call has one connection, and one
deadline covers connecting, TLS, sending and reading, however slowly the other side drips.
"""

import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import httpcore2

from feed.domain.destination import Destination, NetworkPolicy, Refused, parse
from feed.domain.problems import Undelivered

MOST_ANSWER_BYTES = 64 * 1024
MOST_ADDRESSES_TRIED = 3
_PIECE_BYTES = 16 * 1024

Resolve = Callable[[str, int], Sequence[str]]
"""Returns the addresses of a host, none if it has none."""


def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class Egress:
    """Checks and calls addresses that users named. Thread-safe.

    Parameters
    ----------
    timeout_s
        What one call may take in all; finding the host's address comes on top.
    trust
        Who is believed about certificates; the system's authorities unless given.
    """

    def __init__(
        self,
        policy: NetworkPolicy,
        *,
        timeout_s: float,
        resolve: Resolve = resolve,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._policy = policy
        self._timeout_s = timeout_s
        self._resolve = resolve
        self._trust = trust or ssl.create_default_context()

    def check(self, url: str) -> None:
        """Raise `Refused` when the address must not be called as its host resolves now."""
        self._checked(parse(url))

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """Send a request and return the status of the answer; what the answer says is not kept.

        Raises
        ------
        Undelivered
            The address must not be called, there is no answer, or it takes too long.
        """
        try:
            destination = parse(url)
            backend = _PinnedBackend(self._checked(destination), time.monotonic() + self._timeout_s)
            return self._post(destination, backend, headers, body)
        except Refused as refusal:
            raise Undelivered(str(refusal)) from refusal
        except (httpcore2.TimeoutException, TimeoutError) as error:
            raise Undelivered(f"No answer within {self._timeout_s:g} seconds.") from error
        except httpcore2.ConnectError as error:
            raise Undelivered(_why_not_connected(error)) from error
        except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError) as error:
            raise Undelivered("The connection broke, or the answer was not HTTP.") from error

    def _checked(self, destination: Destination) -> Sequence[str]:
        addresses = self._resolve(destination.host, destination.port)
        self._policy.check(destination, addresses)
        return addresses

    def _post(
        self, destination: Destination, backend: "_PinnedBackend", headers: Mapping[str, str], body: bytes
    ) -> int:
        url = httpcore2.URL(
            scheme=destination.scheme,
            host=destination.host,
            port=destination.port,
            target=destination.target,
        )
        sent = {"host": destination.authority, "content-length": str(len(body)), **headers}
        with (
            httpcore2.ConnectionPool(
                ssl_context=self._trust, network_backend=backend, max_connections=1
            ) as pool,
            pool.stream("POST", url, headers=list(sent.items()), content=body) as answer,
        ):
            _skim(answer)
            return answer.status


def _skim(answer: httpcore2.Response) -> None:
    """Read a short answer to its end, so that the other side sees it taken; leave the rest of a long one."""
    read_bytes = 0
    for piece in answer.iter_stream():
        read_bytes += len(piece)
        if read_bytes > MOST_ANSWER_BYTES:
            return


def _why_not_connected(error: Exception) -> str:
    causes = (error.__cause__, error.__context__, *error.args)
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return "The certificate of the receiver is not trusted."
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return "TLS could not be agreed on."
    return "No connection could be made."


class _PinnedBackend(httpcore2.NetworkBackend):
    """Connects to addresses that were checked, whatever host it is asked for."""

    def __init__(self, addresses: Sequence[str], deadline_s: float) -> None:
        self._addresses = addresses[:MOST_ADDRESSES_TRIED]
        self._deadline_s = deadline_s
        self._network = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        *others, last = self._addresses
        for address in others:
            try:
                return self._connect(address, port)
            except httpcore2.ConnectError:
                continue
        return self._connect(last, port)

    def _connect(self, address: str, port: int) -> httpcore2.NetworkStream:
        stream = self._network.connect_tcp(address, port, timeout=_left_s(self._deadline_s))
        return _BoundedStream(stream, self._deadline_s)


class _BoundedStream(httpcore2.NetworkStream):
    """A connection that is of no use after its deadline."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline_s: float) -> None:
        self._stream = stream
        self._deadline_s = deadline_s

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left_s(self._deadline_s))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _PIECE_BYTES):
            self._stream.write(buffer[start : start + _PIECE_BYTES], _left_s(self._deadline_s))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, _left_s(self._deadline_s))
        return _BoundedStream(secured, self._deadline_s)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left_s(deadline_s: float) -> float:
    left_s = deadline_s - time.monotonic()
    if left_s <= 0:
        raise httpcore2.ReadTimeout("the time for this call is over")
    return left_s
