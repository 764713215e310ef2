"""Logs of the servers tell that a request failed, and nothing of what stands in it."""

import io
import logging
import socket
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from gunicorn.config import Config
from gunicorn.workers.gthread import TConn, ThreadWorker

from archive_shared.http import gunicorn_settings
from archive_shared.http.gunicorn_log import DiscreetLogger


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Return what is logged."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    logging.getLogger("gunicorn.error").addHandler(handler)
    yield text
    logging.getLogger("gunicorn.error").removeHandler(handler)


@pytest.fixture
def worker(written: io.StringIO) -> Iterator[ThreadWorker]:
    config = Config()  # type: ignore[no-untyped-call]
    for name in ("logger_class", "loglevel", "secure_scheme_headers", "forwarded_allow_ips"):
        config.set(name, getattr(gunicorn_settings, name))  # type: ignore[no-untyped-call]
    worker = ThreadWorker(1, 1, [], None, 30, config, config.logger_class(config))  # type: ignore[no-untyped-call]
    yield worker
    worker.tmp.close()  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    "request_text",
    [
        b"GET /?patient_name=DOE DOE HTTP/1.1\r\nHost: here\r\n\r\n",
        b"GET http://[DOE HTTP/1.1\r\nHost: here\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: here\r\nAuthorization Bearer DOE\r\n\r\n",
    ],
)
def test_a_request_that_cannot_be_read_is_not_quoted(
    worker: ThreadWorker, written: io.StringIO, request_text: bytes
) -> None:
    client, sock = socket.socketpair()
    with client, sock:
        conn = TConn(worker.cfg, sock, ("127.0.0.1", 5), ("127.0.0.1", 80))  # type: ignore[no-untyped-call]
        client.send(request_text)

        worker.handle(conn)  # type: ignore[no-untyped-call]

        assert client.recv(1 << 16).startswith(b"HTTP/1.1 400 ")
    assert written.getvalue() == "Invalid request from ip=127.0.0.1\n"


def test_a_request_that_fails_is_logged_with_the_reason_and_without_its_address(
    worker: ThreadWorker, written: io.StringIO
) -> None:
    request = SimpleNamespace(method="GET", uri="/api/v1/cases/images/?patient_name=DOE")

    try:
        int("a full disk")
    except ValueError:
        worker.log.exception("Error handling request %s %s", request.method, request.uri)  # as gunicorn does

    assert "Error handling request" in written.getvalue()
    assert "a full disk" in written.getvalue()
    assert "DOE" not in written.getvalue()


def test_other_warnings_stay_as_they_are(worker: ThreadWorker, written: io.StringIO) -> None:
    worker.log.warning("Worker %s: %s", 7, "gone")

    assert isinstance(worker.log, DiscreetLogger)
    assert written.getvalue() == "Worker 7: gone\n"
