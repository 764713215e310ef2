"""Threads that wait a moment for a client's next request."""

import socket
import threading
from collections.abc import Iterator
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.workers.gthread import ThreadWorker

from archive_shared.http.gunicorn_worker import StayingThreads
from tests.support.processes import wait_until


class Talk:
    """A connection as gunicorn holds it, and its client's end."""

    def __init__(self) -> None:
        self.client, self.sock = socket.socketpair()
        self.parser = SimpleNamespace(unreader=SimpleNamespace(buf=BytesIO()))

    def close(self) -> None:
        self.client.close()
        self.sock.close()


@pytest.fixture
def talk() -> Iterator[Talk]:
    talk = Talk()
    yield talk
    talk.close()


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Requests that were answered, of one byte each; "x" asks to close."""
    requests: list[bytes] = []

    def answer(worker: ThreadWorker, conn: Any) -> bool:
        requests.append(conn.sock.recv(1))
        return requests[-1] != b"x"

    monkeypatch.setattr(ThreadWorker, "handle", answer)
    return requests


def worker(*, threads: int) -> Any:
    made = StayingThreads.__new__(StayingThreads)
    made.cfg, made.alive, made._staying = SimpleNamespace(threads=threads), True, 0
    return made


def test_requests_of_one_client_are_answered_without_going_back(talk: Talk, answered: list[bytes]) -> None:
    talk.client.send(b"abc")

    assert worker(threads=2).handle(talk) is True
    assert answered == [b"a", b"b", b"c"]


def test_a_request_that_comes_a_moment_later_is_waited_for(
    talk: Talk, answered: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive_shared.http.gunicorn_worker.MOMENT_MS", 10_000)
    talk.client.send(b"a")
    serving = threading.Thread(target=worker(threads=2).handle, args=[talk])

    serving.start()
    wait_until(lambda: answered == [b"a"], timeout_s=10)
    talk.client.send(b"x")
    serving.join(10)

    assert answered == [b"a", b"x"]


def test_a_connection_that_ends_is_given_back_as_ended(talk: Talk, answered: list[bytes]) -> None:
    talk.client.send(b"ax")

    assert worker(threads=2).handle(talk) is False


def test_one_thread_is_left_for_other_clients(talk: Talk, answered: list[bytes]) -> None:
    talk.client.send(b"ab")

    assert worker(threads=1).handle(talk) is True
    assert answered == [b"a"]


def test_a_worker_that_stops_waits_for_nobody(talk: Talk, answered: list[bytes]) -> None:
    talk.client.send(b"ab")
    stopping = worker(threads=8)
    stopping.alive = False

    stopping.handle(talk)

    assert answered == [b"a"]
