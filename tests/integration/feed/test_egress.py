"""The way out: what was checked is what is connected to, and nobody keeps us longer than we want."""

import ssl
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from archive_gateway.tls import ensure_certificate
from feed.adapters.egress import MOST_ANSWER_BYTES, Egress, resolve
from feed.domain.destination import NetworkPolicy, Refused
from feed.domain.problems import Undelivered
from tests.support.receiver import Behave, Receiver, receiving

LOCAL = NetworkPolicy.of(["127.0.0.0/8"])
TIMEOUT_S = 1.0


def egress(
    addresses: Sequence[str] = ("127.0.0.1",), *, policy: NetworkPolicy = LOCAL, **others: ssl.SSLContext
) -> Egress:
    return Egress(policy, timeout_s=TIMEOUT_S, resolve=lambda host, port: addresses, **others)


def post(way: Egress, url: str, body: bytes = b"{}") -> int:
    return way.post(url, {"content-type": "application/json"}, body)


def test_a_name_is_called_at_the_address_it_resolved_to(receiver: Receiver) -> None:
    assert post(egress(), f"http://hook.example:{receiver.port}/a?b=c", b"body") == 204

    [call] = receiver.calls
    assert (call.path, call.body, call.headers["host"]) == (
        "/a?b=c",
        b"body",
        f"hook.example:{receiver.port}",
    )


def test_a_name_is_resolved_once_per_call_so_that_its_second_answer_does_not_matter(
    receiver: Receiver,
) -> None:
    """DNS rebinding: what is checked and what is connected to are the same list."""
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    way = Egress(LOCAL, timeout_s=TIMEOUT_S, resolve=lambda host, port: next(answers))

    assert post(way, f"http://rebinding.example:{receiver.port}/") == 204
    with pytest.raises(Undelivered, match="public address"):
        post(way, f"http://rebinding.example:{receiver.port}/")


def test_a_name_that_was_public_when_the_webhook_was_made_is_refused_when_it_is_not_any_more(
    receiver: Receiver,
) -> None:
    answers = iter([["93.184.216.34"], ["127.0.0.1"]])
    way = Egress(NetworkPolicy(), timeout_s=TIMEOUT_S, resolve=lambda host, port: next(answers))
    way.check("https://rebinding.example/")

    with pytest.raises(Undelivered, match="public address"):
        post(way, "https://rebinding.example/")
    assert receiver.calls == []


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "127.1",
        "2130706433",
        "0x7f000001",
        "017700000001",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
    ],
)
def test_no_spelling_of_this_machine_is_called_unless_the_operator_opened_it(
    receiver: Receiver, host: str
) -> None:
    way = Egress(NetworkPolicy(), timeout_s=TIMEOUT_S)

    with pytest.raises(Refused):
        way.check(f"https://{host}/")
    with pytest.raises(Undelivered):
        post(way, f"https://{host}:8443/")
    with pytest.raises(Undelivered):
        post(way, f"http://{host}:{receiver.port}/")
    assert receiver.calls == []


def test_proxies_of_the_environment_are_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert post(egress(), receiver.url()) == 204


def test_when_one_address_does_not_answer_the_next_is_called(receiver: Receiver) -> None:
    assert post(egress(["127.0.0.2", "127.0.0.1"]), f"http://hook.example:{receiver.port}/") == 204


def test_a_receiver_nobody_listens_at_is_an_outcome_not_an_error() -> None:
    with pytest.raises(Undelivered, match="No connection"):
        post(egress(), "http://hook.example:9/")


def test_a_host_that_does_not_exist_has_no_address() -> None:
    assert resolve("does-not-exist.invalid", 443) == []
    with pytest.raises(Undelivered, match="no address"):
        post(Egress(LOCAL, timeout_s=TIMEOUT_S), "https://does-not-exist.invalid/")


def silent(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(3 * TIMEOUT_S)


def dripping_headers(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    drip(handler, b"x-drip: 1\r\n")


def dripping_body(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    drip(handler, b"x")


def drip(handler: BaseHTTPRequestHandler, drop: bytes) -> None:
    ends_at_s = time.monotonic() + 5 * TIMEOUT_S
    while time.monotonic() < ends_at_s:
        handler.wfile.write(drop)
        time.sleep(TIMEOUT_S / 10)


@pytest.mark.parametrize("behave", [silent, dripping_headers, dripping_body])
def test_a_receiver_that_keeps_us_waiting_costs_the_timeout_and_no_more(
    receiver: Receiver, behave: Behave
) -> None:
    receiver.behave = behave
    begun_s = time.monotonic()

    with pytest.raises(Undelivered, match="within 1 seconds"):
        post(egress(), receiver.url())

    assert time.monotonic() - begun_s < 15 * TIMEOUT_S


def test_an_endless_answer_is_not_read_to_its_end(receiver: Receiver) -> None:
    sent = 0

    def pour(handler: BaseHTTPRequestHandler) -> None:
        nonlocal sent
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            sent += handler.wfile.write(bytes(MOST_ANSWER_BYTES))

    receiver.behave = pour

    assert post(egress(), receiver.url()) == 200


@pytest.mark.parametrize(
    "answer", [b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", b""]
)
def test_an_answer_that_is_not_http_is_no_answer(receiver: Receiver, answer: bytes) -> None:
    def behave(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(answer)
        handler.close_connection = True

    receiver.behave = behave

    with pytest.raises(Undelivered, match="broke"):
        post(egress(), receiver.url())


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    """A certificate for localhost that nobody knows."""
    files = ensure_certificate(tmp_path_factory.mktemp("tls") / "tls", now=datetime.now(UTC))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(files.certificate, files.key)
    return server, files.certificate


def test_a_certificate_nobody_vouches_for_is_refused(certificate: tuple[ssl.SSLContext, Path]) -> None:
    with receiving(tls=certificate[0]) as receiver:
        with pytest.raises(Undelivered, match="certificate"):
            post(egress(), f"https://localhost:{receiver.port}/")
        assert receiver.calls == []


def test_a_trusted_certificate_must_be_for_the_name_in_the_address(
    certificate: tuple[ssl.SSLContext, Path],
) -> None:
    """The address is pinned, the name is proven."""
    trust = ssl.create_default_context(cafile=certificate[1])
    with receiving(tls=certificate[0]) as receiver:
        assert post(egress(trust=trust), f"https://localhost:{receiver.port}/") == 204
        with pytest.raises(Undelivered, match="certificate"):
            post(egress(trust=trust), f"https://hook.example:{receiver.port}/")
        assert len(receiver.calls) == 1


def test_calls_beside_one_another_do_not_disturb(receiver: Receiver) -> None:
    # As many at once are more than wait at a busy receiver; who is turned away knocks again after a second or three.
    way, statuses = Egress(LOCAL, timeout_s=30, resolve=lambda host, port: ["127.0.0.1"]), list[int]()
    threads = [threading.Thread(target=lambda: statuses.append(post(way, receiver.url()))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert statuses == [204] * 8
