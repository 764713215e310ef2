"""A TCP proxy on loopback that breaks what passes through it: refuses, falls silent, or loses a reply."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Literal

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER with no time: closing sends RST, as a crash would
_CHUNK_BYTES = 65_536


class ToxicProxy:
    """Passes everything between its own `port` and a server's, until told otherwise."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._mood: Literal["pass", "refuse", "silent"] = "pass"
        self._passing = threading.Event()
        self._passing.set()
        self._losing: tuple[bytes, Callable[[], object]] | None = None
        self._pairs: list[_Pair] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    def refuse(self) -> None:
        """Reset all connections, and every new one at once: the server has died."""
        self._mood = "refuse"
        self._reset_all()

    def fall_silent(self) -> None:
        """Keep connections but deliver nothing until `heal`: the server hangs, or the network is cut."""
        self._mood = "silent"
        self._passing.clear()

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Be silent for a while."""
        self.fall_silent()
        try:
            yield
        finally:
            self.heal()

    def heal(self) -> None:
        self._mood = "pass"
        self._passing.set()

    def lose_reply_to(self, request: bytes, *, meanwhile: Callable[[], object] = lambda: None) -> None:
        """Pass the next request that contains these bytes to the server, but reset the connection instead of its reply.

        `meanwhile` is called in between: the server has answered, the client does not know anything yet.
        """
        self._losing = (request, meanwhile)

    @property
    def has_lost(self) -> bool:
        """Whether the reply that should be lost has been."""
        return self._losing is None

    def close(self) -> None:
        self._mood = "refuse"
        self._passing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._reset_all()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._server_port))
            except OSError:  # the server is not there
                client.close()
                continue
            pair = _Pair(client, server)
            self._pairs.append(pair)
            if self._mood == "refuse":
                pair.reset()
                continue
            threading.Thread(target=self._pass_requests, args=(pair,), daemon=True).start()
            threading.Thread(target=self._pass_replies, args=(pair,), daemon=True).start()

    def _pass_requests(self, pair: "_Pair") -> None:
        for data in pair.read(pair.client):
            self._passing.wait()
            if self._losing and self._losing[0] in data:
                pair.meanwhile = self._losing[1]
            pair.write(pair.server, data)

    def _pass_replies(self, pair: "_Pair") -> None:
        for data in pair.read(pair.server):
            self._passing.wait()
            if pair.meanwhile:
                pair.meanwhile()
                self._losing = None
                pair.reset()
                return
            pair.write(pair.client, data)

    def _reset_all(self) -> None:
        while self._pairs:
            self._pairs.pop().reset()


class _Pair:
    """The two connections that one passes between."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client = client
        self.server = server
        self.meanwhile: Callable[[], object] | None = None

    def read(self, source: socket.socket) -> Iterator[bytes]:
        """Give what arrives until either side ends; then the other side has ended too."""
        with suppress(OSError):
            while data := source.recv(_CHUNK_BYTES):
                yield data
        self.reset()

    def write(self, target: socket.socket, data: bytes) -> None:
        with suppress(OSError):
            target.sendall(data)

    def reset(self) -> None:
        for side in (self.client, self.server):
            with suppress(OSError):
                side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                side.shutdown(socket.SHUT_RDWR)  # wakes the thread that reads from it
            side.close()


@contextmanager
def toxic_proxy(server_port: int) -> Iterator[ToxicProxy]:
    proxy = ToxicProxy(server_port)
    try:
        yield proxy
    finally:
        proxy.close()
