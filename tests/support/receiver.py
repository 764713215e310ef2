"""A receiver of webhooks on this machine, which answers as a test wants and remembers what it was sent."""

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Call:
    """What arrived; names of headers in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes
    at_s: float


Behave = Callable[[BaseHTTPRequestHandler], None]


def answering(status: int, **headers: str) -> Behave:
    def behave(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return behave


TAKEN = answering(204)


@dataclass
class Receiver:
    """A receiver; `behave` may be exchanged at any time."""

    port: int
    scheme: str
    behave: Behave
    calls: list[Call] = field(default_factory=list)
    most_at_once: int = 0

    def url(self, path: str = "/hook", *, host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    @property
    def ids(self) -> list[str]:
        return [call.headers["webhook-id"] for call in self.calls]


@contextmanager
def receiving(behave: Behave = TAKEN, *, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Listen on a free port of this machine for the length of a `with` block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    receiver = Receiver(server.server_address[1], "https" if tls else "http", behave)
    server.receiver = receiver  # type: ignore[attr-defined]  # for the handler
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    _at_once = 0
    _lock = threading.Lock()

    def do_POST(self) -> None:
        receiver: Receiver = self.server.receiver  # type: ignore[attr-defined]  # see above
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        with self._lock:
            _Handler._at_once += 1
            receiver.most_at_once = max(receiver.most_at_once, _Handler._at_once)
            receiver.calls.append(Call(self.path, headers, body, time.monotonic()))
        try:
            receiver.behave(self)
        except OSError:  # the caller lost patience
            self.close_connection = True
        finally:
            with self._lock:
                _Handler._at_once -= 1

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:  # likewise, or TLS was not agreed on
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass
