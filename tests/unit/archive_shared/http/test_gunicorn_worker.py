"""Threads that answer ordinary requests themselves, and wait a moment for a client's next one."""

import json
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any
from unittest.mock import create_autospec

import pytest
from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import TConn

from archive_gateway.tls import ensure_certificate
from archive_shared.http import gunicorn_settings, gunicorn_worker
from archive_shared.http.gunicorn_worker import StayingThreads

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
WorkerFactory = Callable[..., Any]
GET = b"GET /%s HTTP/1.1\r\nHost: here\r\n\r\n"
POST = b"POST /posted HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def application(asked: list[str]) -> Application:
    """Say the path, and keep it in `asked`."""

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        asked.append(environ["PATH_INFO"])
        body = environ["PATH_INFO"].encode()
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    return application


@pytest.fixture
def made() -> Iterator[list[Any]]:
    """Workers, which hold a file open."""
    workers: list[Any] = []
    yield workers
    for each in workers:
        each.tmp.close()


@pytest.fixture
def worker(made: list[Any]) -> WorkerFactory:
    def worker(application: Application, **settings: Any) -> Any:
        config = Config()  # type: ignore[no-untyped-call]
        for name in ("secure_scheme_headers", "forwarded_allow_ips", "limit_request_line", "threads"):
            config.set(name, getattr(gunicorn_settings, name))  # type: ignore[no-untyped-call]
        for name, value in settings.items():
            config.set(name, value)  # type: ignore[no-untyped-call]
        log = create_autospec(Logger, instance=True)
        made.append(StayingThreads(1, 1, [], None, 30, config, log))
        made[-1].wsgi, made[-1].tpool = application, SimpleNamespace(_work_queue=SimpleQueue())
        return made[-1]

    return worker


class Talk:
    """A connection as gunicorn holds it, and its client's end."""

    def __init__(self, config: Config) -> None:
        self.client, sock = socket.socketpair()
        self.client.settimeout(10)
        self.conn = TConn(config, sock, ("127.0.0.1", 5), ("127.0.0.1", 80))  # type: ignore[no-untyped-call]

    def answer(self) -> bytes:
        """Return what was sent, in one piece."""
        return self.client.recv(1 << 20)

    def read_until(self, end: bytes) -> bytes:
        received = b""
        while not received.endswith(end):
            received += self.answer() or pytest.fail(f"{received!r} does not end with {end!r}")
        return received


@pytest.fixture
def talk() -> Iterator[Talk]:
    config = Config()  # type: ignore[no-untyped-call]
    talk = Talk(config)
    yield talk
    talk.client.close()
    talk.conn.sock.close()


def test_requests_of_one_client_are_answered_without_going_back(
    worker: WorkerFactory,
    talk: Talk,
    application: Application,
    asked: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gunicorn_worker, "MOMENT_S", 10)
    serving = threading.Thread(target=worker(application, threads=2).handle, args=[talk.conn])

    serving.start()
    for request, path in ((GET % b"a", b"/a"), (GET % b"b", b"/b"), (POST, b"/posted"), (GET % b"c", b"/c")):
        talk.client.send(request)
        talk.read_until(b"\r\n\r\n" + path)
    talk.client.shutdown(socket.SHUT_WR)
    serving.join(10)

    assert asked == ["/a", "/b", "/posted", "/c"]


def test_a_connection_nothing_comes_from_is_given_back_and_kept(
    worker: WorkerFactory, talk: Talk, application: Application
) -> None:
    assert worker(application).handle(talk.conn) is True


def test_a_connection_whose_client_left_is_given_back_as_ended(
    worker: WorkerFactory, talk: Talk, application: Application
) -> None:
    talk.client.shutdown(socket.SHUT_WR)

    assert worker(application).handle(talk.conn) is False


@pytest.mark.parametrize("sent", [GET[:20], POST[:-1]], ids=["half a head", "half a body"])
def test_a_client_that_falls_silent_in_the_middle_of_a_request_is_given_up(
    worker: WorkerFactory, talk: Talk, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    def reading(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("400 Bad Request", [("Connection", "close"), ("Content-Length", "0")])
        return [environ["wsgi.input"].read()[:0]]

    monkeypatch.setattr(gunicorn_worker, "PATIENCE_S", 0.05)
    talk.client.send(sent)
    patient = worker(reading)
    serving = threading.Thread(target=patient.handle, args=[talk.conn], daemon=True)
    serving.start()
    serving.join(5)

    assert not serving.is_alive()
    assert not patient.log.error.called
    assert not patient.log.exception.called


@pytest.mark.parametrize("begun", [b"GET /", POST[:-2]], ids=["in the head", "in the body"])
def test_a_client_that_sends_a_byte_now_and_then_is_given_up(
    worker: WorkerFactory, talk: Talk, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    def reading(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("400 Bad Request", [("Connection", "close"), ("Content-Length", "0")])
        return [environ["wsgi.input"].read()[:0]]

    monkeypatch.setattr(gunicorn_worker, "PATIENCE_S", 0.3)
    talk.client.send(begun.replace(b"Length: 2", b"Length: 2000"))
    serving = threading.Thread(target=worker(reading).handle, args=[talk.conn], daemon=True)
    serving.start()
    for _ in range(100):
        if serving.is_alive():
            talk.client.send(b"a")
            serving.join(0.05)

    assert not serving.is_alive()


def test_a_client_that_sends_slowly_but_enough_is_waited_for(
    worker: WorkerFactory, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reading(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = environ["wsgi.input"].read()
        start_response("200 OK", [("Connection", "close"), ("Content-Length", str(len(body)))])
        return [body]

    monkeypatch.setattr(gunicorn_worker, "PATIENCE_S", 0.2)
    talk.client.send(POST[:-2].replace(b"Length: 2", b"Length: 2000"))
    serving = threading.Thread(target=worker(reading).handle, args=[talk.conn], daemon=True)
    serving.start()
    for _ in range(10):
        serving.join(0.06)
        talk.client.send(b"a" * 200)

    assert talk.read_until(b"a" * 2000).startswith(b"HTTP/1.1 200 OK")


def test_a_client_that_does_not_finish_its_greeting_is_given_up(
    worker: WorkerFactory,
    talk: Talk,
    application: Application,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    files = ensure_certificate(tmp_path, now=datetime.now(UTC))
    over_tls = worker(application, certfile=str(files.certificate), keyfile=str(files.key))
    talk.conn.cfg = over_tls.cfg
    monkeypatch.setattr(gunicorn_worker, "PATIENCE_S", 0.05)
    talk.client.send(b"\x16\x03\x01")  # the beginning of a ClientHello
    serving = threading.Thread(target=over_tls.handle, args=[talk.conn], daemon=True)
    serving.start()
    serving.join(5)

    assert not serving.is_alive()


def test_a_client_that_takes_nothing_of_a_long_answer_is_given_up(
    worker: WorkerFactory, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answering(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Length", str(1 << 26))])
        return [bytes(1 << 26)]

    monkeypatch.setattr(gunicorn_worker, "PATIENCE_S", 0.05)
    talk.client.send(GET % b"a")
    serving = threading.Thread(target=worker(answering).handle, args=[talk.conn], daemon=True)
    serving.start()
    serving.join(5)

    assert not serving.is_alive()


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Connections in the order they were read from, or waited for."""
    read: list[object] = []
    received = gunicorn_worker._received

    def noted(conn: Any) -> bytes:
        read.append(conn)
        return received(conn)

    monkeypatch.setattr(gunicorn_worker, "_received", noted)
    return read


@pytest.mark.parametrize("request_", [GET % b"a", POST])
def test_one_thread_is_left_for_other_clients(
    worker: WorkerFactory, talk: Talk, application: Application, reads: list[object], request_: bytes
) -> None:
    talk.client.send(request_)

    assert worker(application, threads=1).handle(talk.conn) is True
    assert reads == [talk.conn]


def test_nobody_stays_while_others_wait_for_a_thread(
    worker: WorkerFactory, talk: Talk, application: Application, reads: list[object]
) -> None:
    talk.client.send(GET % b"a")
    busy = worker(application, threads=8)
    busy.tpool._work_queue.put("a client")

    assert busy.handle(talk.conn) is True
    assert reads == [talk.conn]


def test_a_worker_that_stops_says_so_and_closes(
    worker: WorkerFactory, talk: Talk, application: Application
) -> None:
    talk.client.send(GET % b"a")
    stopping = worker(application)
    stopping.alive = False

    assert stopping.handle(talk.conn) is False
    assert b"\r\nConnection: close\r\n" in talk.answer()


def test_a_worker_ends_after_as_many_requests_as_it_may_answer(
    worker: WorkerFactory, talk: Talk, application: Application
) -> None:
    talk.client.send(GET % b"a")
    old = worker(application, max_requests=1)

    assert old.handle(talk.conn) is False
    assert not old.alive
    assert b"\r\nConnection: close\r\n" in talk.answer()


def test_a_connection_is_not_kept_beyond_as_many_as_there_may_be(
    worker: WorkerFactory, talk: Talk, application: Application
) -> None:
    talk.client.send(GET % b"a")
    full = worker(application, worker_connections=10, threads=8)
    full.keepalived_conns.extend(["a client", "another"])

    assert full.handle(talk.conn) is False
    assert b"\r\nConnection: close\r\n" in talk.answer()


def test_an_application_that_fails_is_answered_for(worker: WorkerFactory, talk: Talk) -> None:
    def failing(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        raise ConnectionResetError("to a server of its own")

    talk.client.send(GET % b"a")
    failed = worker(failing)

    assert failed.handle(talk.conn) is False
    assert talk.answer().startswith(b"HTTP/1.1 500 ")
    failed.log.exception.assert_called_once()


def test_an_answer_that_breaks_off_is_never_followed_by_another(worker: WorkerFactory, talk: Talk) -> None:
    def failing(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Length", "10")])
        yield b"half "
        raise ValueError("no more")

    talk.client.send(GET % b"a")
    failed = worker(failing)

    assert failed.handle(talk.conn) is False
    assert talk.answer().endswith(b"\r\n\r\nhalf ")
    failed.log.error.assert_called_once()


def test_a_client_that_does_not_take_its_answer_is_no_mistake_of_ours(
    worker: WorkerFactory, talk: Talk, application: Application, asked: list[str]
) -> None:
    talk.client.send(GET % b"a")
    talk.client.close()
    left = worker(application)

    assert left.handle(talk.conn) is False
    assert asked == ["/a"]
    assert not [call for call in left.log.method_calls if call[0] != "debug"]


def test_a_body_in_pieces_is_sent_as_it_comes_and_closed_at_the_end(
    worker: WorkerFactory, talk: Talk
) -> None:
    goes_on, closed = threading.Event(), Future[None]()

    class Pieces:
        def __iter__(self) -> Iterator[bytes]:
            yield b"first"
            assert goes_on.wait(10)
            yield b"second"

        def close(self) -> None:
            closed.set_result(None)

    def streaming(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [])
        return Pieces()

    talk.client.send(GET % b"a")
    serving = threading.Thread(target=worker(streaming, threads=1).handle, args=[talk.conn])
    serving.start()

    assert talk.answer().endswith(b"\r\n\r\n5\r\nfirst\r\n")
    goes_on.set()
    serving.join(10)
    assert talk.answer() == b"6\r\nsecond\r\n0\r\n\r\n"
    closed.result(10)


@pytest.mark.parametrize("size", [0, 1, 300_000])
def test_head_and_body_arrive_whole_whatever_their_size(worker: WorkerFactory, talk: Talk, size: int) -> None:
    def answering(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Length", str(size))])
        return [bytes(size)]

    talk.client.send(GET % b"a")
    serving = threading.Thread(target=worker(answering, threads=1).handle, args=[talk.conn])
    serving.start()
    received = talk.read_until(b"\r\n\r\n" + bytes(size))
    serving.join(10)

    assert received.count(b"HTTP/1.1 200 OK\r\n") == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("accesslog", "-"),
        ("secure_scheme_headers", {"X-FORWARDED-PROTO": "https"}),
        ("pre_request", lambda _worker, _request: None),
    ],
)
def test_what_only_gunicorn_does_is_left_to_it(
    worker: WorkerFactory,
    talk: Talk,
    application: Application,
    name: str,
    value: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gunicorn_worker, "recognise", None)
    talk.client.send(GET % b"a")

    assert worker(application, **{name: value}).handle(talk.conn) is True
    talk.read_until(b"\r\n\r\n/a")


def test_the_settings_of_our_services_leave_ordinary_requests_to_the_worker(
    worker: WorkerFactory, application: Application
) -> None:
    settings = {name: value for name, value in vars(gunicorn_settings).items() if name in Config().settings}  # type: ignore[no-untyped-call]

    assert worker(application, **settings)._answers
    assert json.dumps(settings["secure_scheme_headers"]) == "{}"
