"""Ranges over kept connections: what an ordinary answer is, and that everything else is left to the long way."""

import socket
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest

from archive_shared.blobs.s3_ranges import S3Ranges
from archive_shared.errors import Unavailable

ORDINARY = b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 2-5/10\r\nContent-Length: 4\r\n\r\n2345"


@dataclass
class Script:
    """A server that sends prepared answers, whatever it is asked; each connection ends after its answers."""

    connections: Sequence[Sequence[bytes]]
    asked: list[bytes] = field(default_factory=list)
    _listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    address: str = field(init=False)

    def __post_init__(self) -> None:
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def serve(self) -> None:
        for answers in self.connections:
            connection, _ = self._listener.accept()
            with connection:
                for answer in answers:
                    self.asked.append(connection.recv(65536))
                    connection.sendall(answer)

    def __enter__(self) -> "Script":
        self._thread = threading.Thread(target=self.serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(timeout=10)
        self._listener.close()


@pytest.fixture
def signed() -> list[str]:
    return []


def ranges(script: Script, signed: list[str]) -> S3Ranges:
    def sign(key: str) -> str:
        signed.append(key)
        return f"{script.address}/bucket/{key}?X-Signature=abc"

    return S3Ranges(script.address, sign, connect_timeout_s=5, read_timeout_s=5)


def test_many_ranges_cost_one_connection_and_one_signature(signed: list[str]) -> None:
    with Script([[ORDINARY, ORDINARY, ORDINARY]]) as script:
        made = ranges(script, signed)

        assert [made.read("key", 2, 6) for _ in range(3)] == [b"2345"] * 3

    assert signed == ["key"]
    assert script.asked[2] == (
        b"GET /bucket/key?X-Signature=abc HTTP/1.1\r\n"
        b"Host: " + script.address.removeprefix("http://").encode() + b"\r\nRange: bytes=2-5\r\n\r\n"
    )


@pytest.mark.parametrize("cuts", [(10,), (30, 31), (len(ORDINARY) - 4,), (len(ORDINARY) - 1,)])
def test_an_answer_may_come_in_pieces(signed: list[str], cuts: tuple[int, ...]) -> None:
    class Slow(Script):
        def serve(self) -> None:
            connection, _ = self._listener.accept()
            with connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.recv(65536)
                for start, end in zip((0, *cuts), (*cuts, len(ORDINARY)), strict=True):
                    connection.sendall(ORDINARY[start:end])

    with Slow([]) as script:
        made = ranges(script, signed)

        assert made.read("key", 2, 6) == b"2345"


def test_a_range_may_be_long(signed: list[str]) -> None:
    body = bytes(3 << 20)
    head = f"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-{len(body) - 1}/9000000\r\n"
    with Script([[f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body]]) as script:
        made = ranges(script, signed)

        assert made.read("key", 0, len(body)) == body


def test_an_object_that_ends_earlier_gives_what_there_is(signed: list[str]) -> None:
    with Script([[ORDINARY]]) as script:
        made = ranges(script, signed)

        assert made.read("key", 2, 100) == b"2345"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 206 Partial Content\r\nContent-Len",
        ORDINARY[:-1],
        ORDINARY + b"6",
        ORDINARY.replace(b"206 Partial Content", b"200 OK"),
        ORDINARY.replace(b"HTTP/1.1", b"HTTP/1.0"),
        ORDINARY.replace(b"2-5", b"1-4"),
        ORDINARY.replace(b"Content-Range: bytes 2-5/10\r\n", b""),
        ORDINARY.replace(b"Content-Length: 4\r\n", b""),
        ORDINARY.replace(b"Content-Length: 4", b"Content-Length: four"),
        ORDINARY.replace(b"Content-Length: 4\r\n", b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"),
        ORDINARY.replace(b"Content-Length: 4\r\n", b"Content-Length: 4\r\nConnection: close\r\n"),
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone",
        b"HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\n\r\n",
        b"X" * 100_000,
    ],
)
def test_what_is_no_ordinary_answer_is_left_to_the_long_way_and_its_connection_given_up(
    signed: list[str], answer: bytes
) -> None:
    with Script([[answer], [ORDINARY]]) as script:
        made = ranges(script, signed)

        assert made.read("key", 2, 6) is None
        assert made.read("key", 2, 6) == b"2345"


def test_a_kept_connection_that_was_closed_meanwhile_is_left_to_the_long_way(signed: list[str]) -> None:
    with Script([[ORDINARY], [ORDINARY]]) as script:
        made = ranges(script, signed)
        made.read("key", 2, 6)

        assert made.read("key", 2, 6) is None
        assert made.read("key", 2, 6) == b"2345"


@dataclass
class Silent(Script):
    """Sends what is left to be sent over all connections, and says nothing more."""

    def serve(self) -> None:
        with ExitStack() as stack:
            for answers in self.connections:
                connection, _ = self._listener.accept()
                stack.enter_context(connection)
                for answer in answers:
                    self.asked.append(connection.recv(65536))
                    connection.sendall(answer)
            self.released.wait(timeout=30)

    released: threading.Event = field(default_factory=threading.Event)

    def __exit__(self, *_: object) -> None:
        self.released.set()
        super().__exit__()


def impatient(script: Script) -> S3Ranges:
    return S3Ranges(script.address, lambda key: script.address, connect_timeout_s=5, read_timeout_s=0.2)


@pytest.mark.parametrize("connections", [[[]], [[ORDINARY[:-1]]], [[ORDINARY], []]])
def test_a_server_that_falls_silent_is_not_asked_the_long_way(connections: list[list[bytes]]) -> None:
    with Silent(connections) as script:
        made = impatient(script)
        if connections[0] == [ORDINARY]:
            assert made.read("key", 2, 6) == b"2345"

        with pytest.raises(Unavailable, match="does not answer"):
            made.read("key", 2, 6)


def test_kept_connections_that_a_firewall_has_forgotten_cost_one_wait(signed: list[str]) -> None:
    with Silent([[ORDINARY], [ORDINARY, ORDINARY]]) as script:
        made = impatient(script)

        assert [made.read("key", 2, 6) for _ in range(3)] == [b"2345"] * 3


def test_nobody_there_is_left_to_the_long_way(signed: list[str]) -> None:
    with Script([]) as script:
        pass

    assert ranges(script, signed).read("key", 0, 1) is None


def test_an_address_is_signed_anew_before_it_ends(signed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive_shared.blobs.s3_ranges.ADDRESS_AGE_S", 0.0)
    with Script([[ORDINARY, ORDINARY]]) as script:
        made = ranges(script, signed)

        made.read("key", 2, 6)
        made.read("key", 2, 6)

    assert signed == ["key", "key"]


def test_no_more_addresses_are_kept_than_allowed(signed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive_shared.blobs.s3_ranges.MOST_ADDRESSES", 2)
    with Script([[ORDINARY] * 4]) as script:
        made = ranges(script, signed)

        for key in ("a", "b", "c", "a"):
            assert made.read(key, 2, 6) == b"2345"

    assert signed == ["a", "b", "c", "a"]
