"""Threads of gunicorn that answer ordinary requests with less ado, and stay with a client for a moment.

Whoever looks at a slide asks for the next tile at once, and a tile costs a fraction of what gunicorn's parser does. Above
all, at every call of the system a thread lets go of the interpreter and has to win it back from the others. Two calls are
enough, one that waits for a request and reads it, one that answers; gunicorn makes eight, and hands a connection back to the
main thread after every answer, which hands it to a thread again. See docs/decisions/0008-reading-requests.md.
"""

import select
import ssl
import time
from io import BytesIO
from typing import Any, Final

from gunicorn.http import get_parser
from gunicorn.http.unreader import SocketUnreader
from gunicorn.http.wsgi import Response, base_environ
from gunicorn.sock import ssl_wrap_socket
from gunicorn.workers.gthread import _DEFER, DEFAULT_WORKER_DATA_TIMEOUT, ThreadWorker

from archive_shared.http.joined_sending import ClientGone, JoinedSending
from archive_shared.http.ordinary_requests import OrdinaryRequest, recognise
from archive_shared.waiting import receive_within, send_within

MOMENT_S: Final = 0.02
"""How long a thread waits for the next request; clients that ask for one after another need a few milliseconds."""

PATIENCE_S = 60.0
"""How long a client may fall silent in the middle of a request, or not take its answer, as with nginx; then it counts as gone.

Else a machine that lost its network keeps a thread for ever, and as many of them as there are threads the whole platform.
"""

SLOWEST_BYTES_PER_S: Final = 500
"""Of requests that take longer than `PATIENCE_S` to arrive, as with Apache (mod_reqtimeout); who sends less keeps a thread for nothing."""

_READ_AT_ONCE_BYTES: Final = 8192  # as gunicorn does

_ONLY_GUNICORNS: Final = ("accesslog", "http2_cleartext", "post_request", "pre_request", "proxy_protocol")
"""Settings nobody but gunicorn heeds; who changes one has all requests answered by it."""


class StayingThreads(ThreadWorker):
    """Like gthread, but a thread waits a moment for the next request, unless others wait for a thread."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]
        self._staying = 0  # about right is right enough, so it is not locked
        self._most_staying = self.cfg.threads - 1
        self._answers = (
            not self.cfg.secure_scheme_headers
            and "h2" not in self.cfg.http_protocols
            and all(
                self.cfg.settings[name].get() == self.cfg.settings[name].default for name in _ONLY_GUNICORNS
            )
        )
        self._most_bytes = min(self.cfg.limit_request_line, self.cfg.limit_request_field_size)
        self._most_fields = self.cfg.limit_request_fields
        self._environ = {
            **base_environ(self.cfg),  # type: ignore[no-untyped-call]
            "wsgi.multithread": True,
            "wsgi.url_scheme": "https" if self.cfg.is_ssl else "http",
        }
        del self._environ["wsgi.file_wrapper"]  # only gunicorn's own answers go with it

    def handle(self, conn: Any) -> Any:
        """Answer requests of a connection until none follows for a moment."""
        if self._answers and self.cfg.is_ssl and conn.parser is None:
            if not conn.wait_for_data(DEFAULT_WORKER_DATA_TIMEOUT):
                return _DEFER  # as gunicorn does: it waits without a thread
            if not _greet(conn, self.cfg):
                return False
        outcome = self._converse(conn) if self._is_for_us(conn) else None
        while outcome is None:
            _begin_to_count(conn)
            outcome = super().handle(conn)  # type: ignore[no-untyped-call]
            if outcome is True and self._is_for_us(conn) and self._may_stay():
                outcome = self._converse(conn)
        return outcome

    def _is_for_us(self, conn: Any) -> bool:
        """Tell whether requests are read here first; sockets of files are gunicorn's, and who has not greeted with TLS."""
        return (
            self._answers
            and isinstance(conn.client, tuple)
            and (conn.parser is not None or not self.cfg.is_ssl)
        )

    def _converse(self, conn: Any) -> bool | None:
        """Answer ordinary requests that follow one another.

        Returns
        -------
        bool or None
            Whether the connection is kept; None if gunicorn has to see to what was sent.
        """
        try:
            _ready(conn)
            received = self._awaited(conn)
            while request := recognise(received, most_bytes=self._most_bytes, most_fields=self._most_fields):
                if not self._answer(request, conn):
                    return False
                if not self._may_stay():
                    return True
                received = self._awaited(conn)
            receive_within(conn.sock, PATIENCE_S)
        except BlockingIOError:  # nothing was sent
            return True
        except OSError:  # the client is gone
            return False
        conn.parser.unreader.unread(received)
        return None if received else False

    def _may_stay(self) -> bool:
        pool: Any = self.tpool
        others_wait = pool._work_queue.qsize() > 0
        return self.alive and self._staying < self._most_staying and not others_wait

    def _awaited(self, conn: Any) -> bytes:
        """Return what `_received` does, and be counted meanwhile."""
        self._staying += 1
        try:
            return _received(conn)
        finally:
            self._staying -= 1

    def _answer(self, request: OrdinaryRequest, conn: Any) -> bool:
        """Answer, and tell whether the connection is kept."""
        sending = JoinedSending(conn.sock)
        response: Any = Response(request, sending, self.cfg)  # type: ignore[no-untyped-call]
        if self._is_last():
            response.force_close()
        try:
            self._respond(self._environ_of(request, conn), response)
            sending.flush()
        except ClientGone:
            return False
        except Exception as error:  # as in gunicorn, nothing that an application does ends a thread
            self._give_up(error, conn, has_begun=sending.has_begun)
            return False
        return not response.should_close()

    def _is_last(self) -> bool:
        """Count a request, and tell whether its connection is needed, or this worker has served its time."""
        self.nr += 1
        if self.nr >= self.max_requests:
            self.alive = False
        return not self.alive or not self.cfg.keepalive or len(self.keepalived_conns) >= self.max_keepalived

    def _environ_of(self, request: OrdinaryRequest, conn: Any) -> dict[str, Any]:
        return {
            **self._environ,
            **request.environ(),
            "wsgi.input": BytesIO(),
            "REMOTE_ADDR": conn.client[0],
            "REMOTE_PORT": str(conn.client[1]),
            "SERVER_NAME": conn.server[0],
            "SERVER_PORT": str(conn.server[1]),
        }

    def _respond(self, environ: dict[str, Any], response: Any) -> None:
        pieces = self.wsgi(environ, response.start_response)
        try:
            for piece in pieces:
                response.write(piece)
            response.close()
        finally:
            if hasattr(pieces, "close"):
                pieces.close()

    def _give_up(self, error: Exception, conn: Any, *, has_begun: bool) -> None:
        if has_begun:
            self.log.error("Error in the middle of an answer", exc_info=error)
        else:
            self.handle_error(None, conn.sock, conn.client, error)  # type: ignore[no-untyped-call]


def _greet(conn: Any, cfg: Any) -> bool:
    """Agree on TLS (RFC 8446, section 4), which gunicorn does without any limit of time; tell whether that worked."""
    try:
        conn.sock.settimeout(PATIENCE_S)
        conn.sock = ssl_wrap_socket(conn.sock, cfg)  # type: ignore[no-untyped-call]
        conn.sock.do_handshake()
    except OSError:  # the client is gone, takes too long, or wants what we do not offer
        return False
    conn.parser = get_parser(cfg, conn.sock, conn.client)  # type: ignore[no-untyped-call]
    return True


def _begin_to_count(conn: Any) -> None:
    """Give a client its time anew, for its next request."""
    if conn.parser is not None and isinstance(conn.parser.unreader, _PatientUnreader):
        conn.parser.unreader.begin()


class _PatientUnreader(SocketUnreader):
    """What gunicorn reads requests from: a client that says nothing, or little, for too long has ended its connection."""

    def begin(self) -> None:
        """Count anew."""
        self._waited_s, self._received_bytes = 0.0, 0

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Return what came, nothing at the end."""
        if self._waited_s > PATIENCE_S + self._received_bytes / SLOWEST_BYTES_PER_S:
            return b""
        began_s = time.monotonic()
        received = self._chunk(size_hint)
        self._waited_s += time.monotonic() - began_s
        self._received_bytes += len(received)
        return received

    def _chunk(self, size_hint: int | None) -> bytes:
        sock = self.sock
        if isinstance(sock, ssl.SSLSocket) and not _is_readable(sock, PATIENCE_S):
            return b""
        try:
            received: bytes = super().chunk(size_hint)  # type: ignore[no-untyped-call]
        except BlockingIOError:
            return b""
        return received


def _ready(conn: Any) -> None:
    """Have a connection wait for a moment whenever it is read; the main thread had it not wait at all."""
    conn.sock.setblocking(True)
    conn.init()
    if not isinstance(conn.parser.unreader, _PatientUnreader):
        received = conn.parser.unreader.take_buffered()
        conn.parser.unreader = _PatientUnreader(conn.sock)  # type: ignore[no-untyped-call]
        conn.parser.unreader.begin()
        conn.parser.unreader.unread(received)
        send_within(conn.sock, PATIENCE_S)
    receive_within(conn.sock, MOMENT_S)


def _received(conn: Any) -> bytes:
    """Return what a client sends, nothing if it is gone; raise `BlockingIOError` if nothing comes for a moment."""
    buffered: bytes = conn.parser.unreader.take_buffered()
    if buffered:
        return buffered
    if isinstance(conn.sock, ssl.SSLSocket) and not _is_readable(conn.sock, MOMENT_S):
        raise BlockingIOError
    received: bytes = conn.sock.recv(_READ_AT_ONCE_BYTES)
    return received


def _is_readable(sock: ssl.SSLSocket, wait_s: float) -> bool:
    """Wait so long; with TLS something may be there that the kernel does not know of."""
    waiting = select.poll()
    waiting.register(sock, select.POLLIN)
    return bool(sock.pending() or waiting.poll(1000 * wait_s))
