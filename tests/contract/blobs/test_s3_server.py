"""What is particular to S3: credentials, the bucket, public addresses, pages of parts, servers that are gone."""

import secrets
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from urllib3 import PoolManager

from archive_shared.blobs import BlobSettings, BlobStore, connect_blobs, s3, s3_http, s3_multipart
from archive_shared.errors import Unavailable
from tests.contract.blobs.conftest import s3_settings
from tests.support.blob_links import BUCKET
from tests.support.processes import free_port
from tests.support.servers import MinioServer


@pytest.fixture
def settings(minio_server: MinioServer) -> BlobSettings:
    return s3_settings(minio_server)


@pytest.fixture
def store(settings: BlobSettings) -> BlobStore:
    store = connect_blobs(settings, BUCKET)
    store.ensure_bucket()
    return store


def every_call(store: BlobStore) -> list[Callable[[], object]]:
    return [
        store.ensure_bucket,
        store.ping,
        lambda: store.put("key", b""),
        lambda: store.open("key"),
        lambda: store.read("key", 1, 2),
        lambda: store.stat("key"),
        lambda: list(store.list()),
        lambda: store.delete("key"),
        lambda: store.copy("key", "other"),
        lambda: store.download_to("key", Path("/nowhere")),
        lambda: store.upload_from("key", Path(__file__)),
        lambda: store.begin_upload("key"),
        lambda: store.put_part("key", "upload", 1, b""),
        lambda: store.parts("key", "upload"),
        lambda: store.finish_upload("key", "upload", [(1, "etag")]),
        lambda: store.abort_upload("key", "upload"),
    ]


def test_wrong_credentials_make_it_unavailable(settings: BlobSettings, store: BlobStore) -> None:
    stranger = connect_blobs(replace(settings, secret_key="not-the-secret"), BUCKET)

    for call in every_call(stranger):
        with pytest.raises(Unavailable):
            call()


def test_a_server_that_is_gone_makes_it_unavailable(settings: BlobSettings) -> None:
    nobody = connect_blobs(replace(settings, url=f"s3://127.0.0.1:{free_port()}?secure=0"), BUCKET)

    for call in every_call(nobody)[1:]:
        with pytest.raises(Unavailable):
            call()


def test_errors_and_settings_do_not_show_secrets(settings: BlobSettings) -> None:
    assert settings.secret_key not in repr(settings)
    nobody = connect_blobs(replace(settings, url=f"s3://127.0.0.1:{free_port()}?secure=0"), BUCKET)

    with pytest.raises(Unavailable) as refusal:
        nobody.begin_upload("key")

    assert "X-Amz-Signature" not in f"{refusal.value!r} {refusal.value.__cause__!r}"


def test_a_missing_bucket_is_unavailable_until_it_is_made(settings: BlobSettings) -> None:
    store = connect_blobs(settings, f"fresh-{secrets.token_hex(4)}")

    with pytest.raises(Unavailable):
        store.ping()
    with pytest.raises(Unavailable):
        store.put("key", b"")

    store.ensure_bucket()
    store.ensure_bucket()
    store.ping()
    store.put("key", b"")


def test_links_carry_the_public_address_and_are_signed_for_it(
    settings: BlobSettings, store: BlobStore, http: PoolManager
) -> None:
    store.put("key", b"bytes")
    public = replace(settings, public_url=f"http://localhost:{urlsplit(settings.url).port}")

    link = connect_blobs(public, BUCKET).sign_download("key", lifetime_s=60)

    assert urlsplit(link).hostname == "localhost"
    assert http.request("GET", link).data == b"bytes"
    assert http.request("GET", link, headers={"Host": "elsewhere.test"}).status == 403


def test_public_addresses_have_their_own_scheme(settings: BlobSettings) -> None:
    public = connect_blobs(replace(settings, public_url="https://files.example.org"), BUCKET)

    link = public.sign_part("key", "upload", 1, lifetime_s=60)

    assert link.startswith(f"https://files.example.org/{BUCKET}/key?")


def test_parts_are_listed_over_several_pages(store: BlobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_multipart, "PARTS_PER_PAGE", 2)
    upload = store.begin_upload("key")
    for number in range(1, 6):
        store.put_part("key", upload, number, b".")

    assert [part.number for part in store.parts("key", upload)] == [1, 2, 3, 4, 5]
    store.abort_upload("key", upload)


# --- Servers that fail half way ------------------------------------------------------------------------------------


@contextmanager
def server_answering(answer: bytes | None) -> Iterator[BlobSettings]:
    """Run a server that says the same to everybody and hangs up; or, for None, never says a word."""
    closing = threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            if answer is None:
                closing.wait(20)
            else:
                self.request.sendall(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        port = server.server_address[1]
        yield BlobSettings(f"s3://127.0.0.1:{port}?secure=0", access_key="access", secret_key="secret")
        closing.set()
        server.shutdown()
        thread.join()


def test_a_body_that_breaks_off_is_unavailable_never_short(tmp_path: Path) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"
    with server_answering(answer) as settings:
        store = connect_blobs(settings, BUCKET)

        with pytest.raises(Unavailable):
            store.read("key")
        with pytest.raises(Unavailable):
            store.download_to("key", tmp_path / "file")

    assert list(tmp_path.iterdir()) == []


def test_a_server_that_never_answers_is_unavailable_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_http, "READ_TIMEOUT_S", 0.2)
    monkeypatch.setattr(s3, "RANGE_TIMEOUT_S", 0.2)
    with server_answering(None) as settings:
        store = connect_blobs(settings, BUCKET)

        with pytest.raises(Unavailable):
            store.stat("key")
        with pytest.raises(Unavailable, match="a range"):
            store.read("key", 2, 6)


def test_a_server_that_asks_for_a_minute_is_unavailable_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """MinIO does so while it starts (XMinioServerNotInitialized), and when it is busy."""
    pauses_s: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses_s.append)
    answer = b"HTTP/1.1 503 Slow Down\r\nRetry-After: 60\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with server_answering(answer) as settings:
        store = connect_blobs(settings, BUCKET)

        with pytest.raises(Unavailable):
            store.ping()

    assert 0 < sum(pauses_s) < 5


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>",
        b"not even HTTP\r\n\r\n",
    ],
)
def test_a_server_that_does_not_speak_s3_is_unavailable(answer: bytes) -> None:
    with server_answering(answer) as settings:
        store = connect_blobs(settings, BUCKET)

        with pytest.raises(Unavailable):
            list(store.list())
        with pytest.raises(Unavailable):
            store.begin_upload("key")
