"""The HTTP server behind `watching`: `/livez`, `/readyz` and `/metrics`, for the network of the containers."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import structlog

from archive_shared.metrics import CONTENT_TYPE

SLOWEST_CLIENT_S = 5.0
_LOOK_EVERY_S = 0.1

log = structlog.get_logger()


@dataclass(frozen=True)
class Answer:
    """What is sent back."""

    body: str
    status: HTTPStatus = HTTPStatus.OK
    content_type: str = "application/json"


@contextmanager
def serving(port: int, *, health: Callable[[], Sequence[str]], metrics: Callable[[], str]) -> Iterator[None]:
    """Serve in a thread for the length of a `with` block; only log it when the port is taken.

    Parameters
    ----------
    health
        Says what is wrong, nothing when all is well.
    metrics
        Gives the text of `/metrics`.
    """

    class Handler(_Handler):
        answers = {  # noqa: RUF012 (of this class alone)
            "/livez": lambda: _health([]),
            "/readyz": lambda: _health(health()),
            "/metrics": lambda: Answer(metrics(), content_type=CONTENT_TYPE),
        }

    try:
        server = ThreadingHTTPServer(("", port), Handler)
    except OSError as error:
        log.error("nobody can watch this process", port=port, reason=str(error))  # noqa: TRY400 (no news in the traceback)
        yield
        return
    threading.Thread(target=server.serve_forever, args=(_LOOK_EVERY_S,), name="watching", daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def _health(reasons: Sequence[str]) -> Answer:
    if not reasons:
        return Answer(json.dumps({"status": "ok"}))
    body = json.dumps({"status": "unavailable", "reasons": list(reasons)})
    return Answer(body, HTTPStatus.SERVICE_UNAVAILABLE)


class _Handler(BaseHTTPRequestHandler):
    answers: dict[str, Callable[[], Answer]]
    timeout = SLOWEST_CLIENT_S

    def do_GET(self) -> None:
        find = self.answers.get(self.path)
        self._send(find() if find else Answer("{}", HTTPStatus.NOT_FOUND))

    def _send(self, answer: Answer) -> None:
        body = answer.body.encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing: every few seconds somebody asks."""
