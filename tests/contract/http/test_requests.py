"""Whatever bytes arrive, our worker class of gunicorn answers as gunicorn's own does, and closes when it does.

The strictness of RFC 9112 is gunicorn's; these tests hold that nothing gets around it.
"""

import re
import socket
import ssl
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive_gateway.tls import ensure_certificate
from tests.support.telling_app import telling

OURS = "archive_shared.http.gunicorn_worker.StayingThreads"
GET = b"GET /a?b=c HTTP/1.1\r\nHost: here\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with telling(OURS, tmp_path_factory.mktemp("ours")) as port:
        yield port


@pytest.fixture(scope="module")
def gunicorns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with telling("gthread", tmp_path_factory.mktemp("gunicorns")) as port:
        yield port


def answers(port: int, sent: Sequence[bytes]) -> bytes:
    """Send pieces, then nothing more, and return all that is answered until the connection is closed."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in sent:
            connection.sendall(piece)
        connection.shutdown(socket.SHUT_WR)
        return comparable(b"".join(iter(lambda: connection.recv(1 << 16), b"")))


def comparable(answered: bytes) -> bytes:
    """Leave out what differs between two servers and two moments."""
    return re.sub(rb"(Date: )[^\r]*|(_PORT\": )\"\d+\"", rb"\1\2", answered)


def with_field(field: bytes, request: bytes = GET) -> bytes:
    return request.replace(b"Host: here\r\n", b"Host: here\r\n" + field + b"\r\n")


ACCEPTED = {
    "ordinary": GET,
    "head": GET.replace(b"GET", b"HEAD"),
    "not modified": GET.replace(b"/a", b"/nothing"),
    "fields": with_field(b"X-One:1\r\nX-Two: \t2 \t\r\nX-None:\r\nX-Name: M\xfcller\r\nCookie: a=1; b=2"),
    "escapes": GET.replace(b"/a", b"/%41%2f%ff%2?%3f"),
    "kept, once": with_field(b"Connection: Keep-Alive") + LAST,
    "last": LAST + GET,
    "one after another": GET + GET.replace(b"/a", b"/b") + LAST,
    "after an empty line": b"\r\n" + GET,
    "a body": with_field(b"Content-Length: 5\r\nContent-Type: text/plain", GET.replace(b"GET", b"POST")) + b"hello" + LAST,
    "a body that comes with the next request": GET + with_field(b"Content-Length: 34", GET.replace(b"GET", b"PUT")) + GET[:34] + LAST,
    "a body in chunks": with_field(b"Transfer-Encoding: chunked", GET.replace(b"GET", b"POST")) + b"3\r\nabc\r\n0\r\n\r\n" + LAST,
    "a body of a request to get": with_field(b"Content-Length: 5") + b"hello" + LAST,
    "an expectation": with_field(b"Expect: 100-continue\r\nContent-Length: 2") + b"{}",
    "an upgrade nobody wants": with_field(b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: a") + LAST,
    "a repeated field": with_field(b"X-One: 1\r\nx-one: 2"),
    "an underscore": with_field(b"X_One: 1"),
    "who asked, as they say": with_field(b"X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\nForwarded: for=1.2.3.4"),
    "no host": b"GET / HTTP/1.1\r\nX-One: 1\r\n\r\n",
    "no fields": b"GET / HTTP/1.1\r\n\r\n",
    "absolute": GET.replace(b"/a", b"http://there/a"),
    "two slashes": GET.replace(b"/a", b"//a//b"),
    "a fragment": GET.replace(b"?b=c", b"?b=c#d"),
    "options": GET.replace(b"GET /a?b=c", b"OPTIONS *"),
    "another method": GET.replace(b"GET", b"PROPFIND"),
    "1.0": GET.replace(b"1.1", b"1.0") + GET,
    "1.0, kept": with_field(b"Connection: keep-alive", GET.replace(b"1.1", b"1.0")) + GET,
    "long": with_field(b"X-Long: " + b"x" * 8000) + with_field(b"X-Long: " + b"x" * 8180),
    "a hundred fields": with_field(b"\r\n".join(b"X-%d: 1" % number for number in range(99))),
    "a long line": GET.replace(b"b=c", b"b=" + b"c" * 8170) + GET,
}  # fmt: skip

REFUSED = {
    "no request": b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
    "lower case": GET.replace(b"GET", b"get"),
    "no version": GET.replace(b" HTTP/1.1", b""),
    "2.0": GET.replace(b"1.1", b"2.0"),
    "version in words": GET.replace(b"HTTP/1.1", b"HTTP/1.1a"),
    "a space too many": GET.replace(b"GET ", b"GET  "),
    "a space in the target": GET.replace(b"b=c", b"b= c"),
    "a control in the target": GET.replace(b"b=c", b"b=\x01"),
    "not ASCII in the target": GET.replace(b"b=c", b"b=\xe4"),
    "somewhere": GET.replace(b"/a", b"a"),
    "an asterisk": GET.replace(b"/a?b=c", b"*"),
    "two hosts": with_field(b"Host: there"),
    "two lengths": with_field(b"Content-Length: 0\r\nContent-Length: 5") + b"hello",
    "two lengths, alike": with_field(b"Content-Length: 5\r\nContent-Length: 5") + b"hello",
    "lengths in one": with_field(b"Content-Length: 0, 5") + b"hello",
    "a length below zero": with_field(b"Content-Length: -5"),
    "a length with a sign": with_field(b"Content-Length: +5") + b"hello",
    "a length and chunks": with_field(b"Content-Length: 5\r\nTransfer-Encoding: chunked") + b"0\r\n\r\n",
    "chunks twice": with_field(b"Transfer-Encoding: chunked, chunked") + b"0\r\n\r\n",
    "chunks not last": with_field(b"Transfer-Encoding: chunked, gzip") + b"0\r\n\r\n",
    "an unknown coding": with_field(b"Transfer-Encoding: xchunked") + b"0\r\n\r\n",
    "a coding behind a control": with_field(b"Transfer-Encoding: \x0bchunked") + b"0\r\n\r\n",
    "chunks in 1.0": with_field(b"Transfer-Encoding: chunked", GET.replace(b"1.1", b"1.0")) + b"0\r\n\r\n",
    "a wrong chunk": with_field(b"Transfer-Encoding: chunked", GET.replace(b"GET", b"POST")) + b"x\r\nabc\r\n0\r\n\r\n",
    "a space before the colon": with_field(b"Content-Length : 5"),
    "a space in a name": with_field(b"X One: 1"),
    "a name that is none": with_field(b"X(One): 1"),
    "no name": with_field(b": 1"),
    "no colon": with_field(b"X-One"),
    "not ASCII in a name": with_field(b"X-\xe4: 1"),
    "a folded field": with_field(b"X-One: 1\r\n 2"),
    "a folded first field": GET.replace(b"Host", b" Host"),
    "line feeds alone": GET.replace(b"\r\n", b"\n"),
    "one line feed alone": with_field(b"X-One: 1\nX-Two: 2"),
    "one return alone": with_field(b"X-One: 1\rX-Two: 2"),
    "a zero": with_field(b"X-One: 1\x002"),
    "a delete": with_field(b"X-One: 1\x7f2"),
    "another expectation": with_field(b"Expect: miracles"),
    "a hundred fields and one": with_field(b"\r\n".join(b"X-%d: 1" % number for number in range(100))),
    "too long a field": with_field(b"X-Long: " + b"x" * 8190),
    "too long a line": GET.replace(b"b=c", b"b=" + b"c" * 8190),
}  # fmt: skip


@pytest.mark.parametrize("sent", ACCEPTED.values(), ids=ACCEPTED)
def test_what_is_accepted_is_told_to_the_application_alike(ours: int, gunicorns: int, sent: bytes) -> None:
    told = answers(gunicorns, [sent])

    assert told.startswith(
        (b"HTTP/1.1 200 OK\r\n", b"HTTP/1.0 200 OK\r\n", b"HTTP/1.1 304 ", b"HTTP/1.1 100 ")
    )
    assert answers(ours, [sent]) == told


@pytest.mark.parametrize("before", [b"", GET], ids=["at once", "after another"])
@pytest.mark.parametrize("sent", REFUSED.values(), ids=REFUSED)
def test_what_is_refused_is_refused_alike_and_nothing_after_it_is_read(
    ours: int, gunicorns: int, sent: bytes, before: bytes
) -> None:
    told = answers(gunicorns, [before, sent + LAST])

    assert re.search(rb"HTTP/1\.1 (400|414|417|431|501) ", told)
    assert b"/last" not in told
    assert answers(ours, [before, sent + LAST]) == told


@pytest.mark.parametrize("at", [1, 3, 12, len(GET) - 4, len(GET) - 2, len(GET) - 1, len(GET) + 5])
def test_requests_may_come_in_pieces(ours: int, gunicorns: int, at: int) -> None:
    both = GET + LAST

    assert answers(ours, [both[:at], both[at:]]) == answers(gunicorns, [both])


@pytest.mark.parametrize("sent", [GET[:-2], GET[:9], LAST[:-1], b"\r\n", b""])
def test_half_a_request_is_not_answered(ours: int, gunicorns: int, sent: bytes) -> None:
    assert answers(ours, [GET, sent]) == answers(gunicorns, [GET, sent])


def test_over_tls_requests_are_answered_too(tmp_path: Path) -> None:
    files = ensure_certificate(tmp_path, now=datetime.now(UTC))
    trusting = ssl.create_default_context(cafile=str(files.certificate))
    options = [f"--certfile={files.certificate}", f"--keyfile={files.key}"]

    with (
        telling(OURS, tmp_path, *options) as port,
        socket.create_connection(("127.0.0.1", port), timeout=30) as plain,
        trusting.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        told = b""
        for request in (GET, GET + GET, LAST):
            connection.sendall(request)
        while piece := connection.recv(1 << 16):
            told += piece

    assert told.count(b"HTTP/1.1 200 OK\r\n") == told.count(b'"scheme": "https"') == 4
