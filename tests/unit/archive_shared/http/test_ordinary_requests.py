"""What is recognised without gunicorn's parser, and that it is read as gunicorn would."""

import re
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.http.errors import ParseException
from gunicorn.http.message import Request
from gunicorn.http.unreader import IterUnreader
from gunicorn.http.wsgi import create
from hypothesis import given
from hypothesis import strategies as st

from archive_shared.http.ordinary_requests import OrdinaryRequest, recognise

CLIENT, SERVER = ("127.0.0.1", 5000), ("127.0.0.1", 8000)
TILE = (
    b"GET /api/v1/tiles/%41/12/3/4.jpeg?a=1&b=%20?c HTTP/1.1\r\nHost: here:8000\r\nX-Tile-Pass:eyJh.b-c_d=\r\n"
    b'Cookie: a=1; b=2\r\nAccept:\t*/* \r\nIf-None-Match: "x"\r\nX-Name: M\xfcller\r\nEmpty:\r\n\r\n'
)
ORDINARY = [
    TILE,
    TILE.replace(b"GET", b"HEAD"),
    b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n",
    b"GET /?a?b/c:d//e HTTP/1.1\r\nhOST:here\r\nConnection:  Keep-Alive\t\r\n\r\n",
    b"GET /a//b/../c;d=e HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
]


def gunicorns(received: bytes) -> dict[str, Any]:
    """Return the environment of a request that gunicorn read; raise `ParseException` if it refuses it."""
    config = Config()  # type: ignore[no-untyped-call]
    config.set("forwarded_allow_ips", "")  # type: ignore[no-untyped-call]
    config.set("limit_request_line", 8190)  # type: ignore[no-untyped-call]
    unreader = IterUnreader([received])  # type: ignore[no-untyped-call]
    request = Request(config, unreader, CLIENT)  # type: ignore[no-untyped-call]
    assert unreader.buf.getvalue() == b"", "it is not a request alone"
    _, environ = create(request, None, CLIENT, SERVER, config)  # type: ignore[no-untyped-call]
    return {**environ, "closes": request.should_close()}  # type: ignore[no-untyped-call]


def ours(request: OrdinaryRequest) -> dict[str, Any]:
    return {**request.environ(), "closes": request.should_close()}


def recognised(received: bytes) -> OrdinaryRequest | None:
    return recognise(received, most_bytes=8190, most_fields=100)


def is_about_the_request(name: str) -> bool:
    return not re.match(r"wsgi\.|gunicorn\.|SERVER_(?!PROTOCOL)|REMOTE_", name)


def said(environ: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in environ.items() if is_about_the_request(name)}


@pytest.mark.parametrize("received", ORDINARY)
def test_an_ordinary_request_is_read_as_gunicorn_reads_it(received: bytes) -> None:
    request = recognised(received)

    assert request is not None
    assert ours(request) == said(gunicorns(received))


SIGNS = rb"\r \n \r\n \r\n\r\n \t : \0 \x7f \xff _ / # ? %2 HTTP/1.0".split(b" ")
FIELDS = [b"Host: b", b"Content-Length: 0", b"Transfer-Encoding: chunked", b"Connection: x", b"X-Name: b"]
pieces = st.one_of(
    st.sampled_from([sign.decode("unicode_escape").encode("latin-1") for sign in SIGNS]),
    st.sampled_from(FIELDS).map(lambda field: b"\r\n" + field),
    st.binary(max_size=3),
)
changes = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 2), pieces), min_size=1, max_size=3)


@given(st.sampled_from(ORDINARY), changes)
def test_whatever_is_recognised_gunicorn_accepts_and_reads_alike(
    received: bytes, changes: list[tuple[int, int, bytes]]
) -> None:
    for place, taken, put in changes:
        at = place % len(received)
        received = received[:at] + put + received[at + taken :]

    request = recognised(received)

    assert request is None or ours(request) == said(gunicorns(received))


@pytest.mark.parametrize(
    "received",
    [
        b"",
        TILE[:-2],
        TILE + b"G",
        TILE + TILE,
        b"\r\n" + TILE,
        TILE.replace(b"GET", b"POST"),
        TILE.replace(b"GET", b"get"),
        TILE.replace(b"GET ", b"GET  "),
        TILE.replace(b"HTTP/1.1", b"HTTP/1.0"),
        TILE.replace(b"HTTP/1.1", b"HTTP/2.0"),
        TILE.replace(b" HTTP/1.1", b""),
        TILE.replace(b"/api", b"//api"),
        TILE.replace(b"/api", b"http://here/api"),
        TILE.replace(b"/api", b"/\xfcpi"),
        TILE.replace(b"?a=1", b"?a= 1"),
        TILE.replace(b"?a=1", b"#a=1"),
        TILE.replace(b"\r\n", b"\n"),
        TILE.replace(b"Cookie:", b"Cookie :"),
        TILE.replace(b"Cookie:", b" Cookie:"),
        TILE.replace(b"Cookie", b"Coo kie"),
        TILE.replace(b"Cookie", b"Coo_kie"),
        TILE.replace(b"Cookie", b"Coo\xfckie"),
        TILE.replace(b"Cookie: ", b""),
        TILE.replace(b"a=1;", b"a=1;\r\n "),
        TILE.replace(b"a=1;", b"a=1;\r"),
        TILE.replace(b"a=1;", b"a=1;\0"),
        TILE.replace(b"Cookie", b"Host"),
        TILE.replace(b"Cookie", b"accept"),
        *(
            TILE.replace(b"Empty:", field)
            for field in (
                b"Content-Length: 0",
                b"Content-Length: 5",
                b"Transfer-Encoding: chunked",
                b"Content-Type: text/plain",
                b"Expect: 100-continue",
                b"Upgrade: h2c",
                b"Connection: upgrade",
                b"Connection: close, te",
            )
        ),
        TILE.replace(b"Empty:", b"Empty:" + b"x" * 8190),
        TILE.replace(b"Empty:", b"\r\n".join(b"X-%d: 1" % number for number in range(100))),
    ],
)
def test_anything_else_is_left_to_gunicorn(received: bytes) -> None:
    assert recognised(received) is None


def test_gunicorn_refuses_what_it_should_in_these_tests() -> None:
    with pytest.raises(ParseException):
        gunicorns(TILE.replace(b"Cookie:", b"Cookie :"))
