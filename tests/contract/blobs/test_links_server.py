"""What is particular to our own web server for links: bodies, headers, problems; over real gunicorn."""

import http.client
import json
import socket
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import md5
from urllib.parse import urlsplit

import pytest
from urllib3 import BaseHTTPResponse, PoolManager

from archive_shared.blobs import BlobStore, connect_blobs
from archive_shared.blobs.rules import MAX_PART_BYTES
from tests.contract.blobs.conftest import folder_settings
from tests.support.blob_links import BUCKET, LinksServer

KEY = "some/key"


@pytest.fixture
def store(links_server: LinksServer) -> Iterator[BlobStore]:
    store = connect_blobs(folder_settings(links_server), BUCKET)
    yield store
    for info in list(store.list()):
        store.delete(info.key)


@pytest.fixture
def upload(store: BlobStore) -> str:
    return store.begin_upload(KEY)


@pytest.fixture
def part_link(store: BlobStore, upload: str) -> str:
    return store.sign_part(KEY, upload, 1, lifetime_s=60)


@pytest.mark.parametrize("asked", ["bytes=0-1,4-5", "bytes=5-2", "items=0-3", "nonsense"])
def test_what_is_no_single_part_is_answered_with_the_whole(
    store: BlobStore, http: PoolManager, asked: str
) -> None:
    store.put(KEY, b"0123456789")

    answer = http.request("GET", store.sign_download(KEY, lifetime_s=60), headers={"Range": asked})

    assert (answer.status, answer.data) == (200, b"0123456789")
    assert "Content-Range" not in answer.headers


def test_a_part_goes_only_to_who_names_this_very_version(store: BlobStore, http: PoolManager) -> None:
    store.put(KEY, b"0123456789")
    link = store.sign_download(KEY, lifetime_s=60)
    whole = http.request("GET", link).headers
    date = parsedate_to_datetime(whole["Last-Modified"])
    named = (
        whole["ETag"],
        whole["Last-Modified"],
        f"W/{whole['ETag']}",
        format_datetime(date + timedelta(days=1), usegmt=True),
    )

    answers = [
        http.request("GET", link, headers={"Range": "bytes=2-4", "If-Range": version}) for version in named
    ]

    assert [answer.status for answer in answers] == [206, 206, 200, 200]


def test_who_has_the_whole_is_told_so_also_when_asking_for_a_part(
    store: BlobStore, http: PoolManager
) -> None:
    store.put(KEY, b"0123456789")
    link = store.sign_download(KEY, lifetime_s=60)
    etag = http.request("GET", link).headers["ETag"]

    answer = http.request("GET", link, headers={"Range": "bytes=2-4", "If-None-Match": f'"other", {etag}'})

    assert answer.status == 304


def problem_of(answer: BaseHTTPResponse) -> dict[str, object]:
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem: dict[str, object] = json.loads(answer.data)
    assert problem["status"] == answer.status
    return problem


def connected(link: str) -> socket.socket:
    address = urlsplit(link)
    assert address.hostname
    return socket.create_connection((address.hostname, address.port or 80), timeout=10)


def head_of_put(link: str, *headers: str) -> bytes:
    address = urlsplit(link)
    lines = [f"PUT {address.path}?{address.query} HTTP/1.1", f"Host: {address.netloc}", *headers, "", ""]
    return "\r\n".join(lines).encode()


def status_of(connection: socket.socket) -> int:
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    answer.close()
    return answer.status


def test_a_part_may_come_in_chunks_of_unknown_length(
    store: BlobStore, upload: str, part_link: str, http: PoolManager
) -> None:
    pieces = [bytes([number]) * 100_000 for number in range(20)]

    answer = http.request("PUT", part_link, body=iter(pieces), chunked=True)

    assert answer.status == 200
    part = store.parts(KEY, upload)[0]
    assert (part.etag, part.size_bytes) == (answer.headers["ETag"], 2_000_000)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (["Content-Length: 1000"], b"only this"),
        (["Transfer-Encoding: chunked"], b"9\r\nonly this\r\n"),
        (["Transfer-Encoding: chunked"], b"9\r\nonly"),
        (["Transfer-Encoding: chunked"], b"not a length\r\n"),
    ],
)
def test_a_body_cut_short_is_not_a_part(
    store: BlobStore, upload: str, part_link: str, headers: list[str], body: bytes
) -> None:
    with connected(part_link) as connection:
        connection.sendall(head_of_put(part_link, *headers) + body)
        connection.shutdown(socket.SHUT_WR)
        status = status_of(connection)

    assert status == 400
    assert store.parts(KEY, upload) == []


def test_a_part_that_was_damaged_on_its_way_leaves_the_one_before(
    store: BlobStore, upload: str, part_link: str, http: PoolManager
) -> None:
    """As its sender names the digest of what was sent."""
    named = {"Content-MD5": b64encode(md5(b"sent", usedforsecurity=False).digest()).decode()}

    answers = [http.request("PUT", part_link, body=body, headers=named) for body in (b"sent", b"sEnt")]

    assert [answer.status for answer in answers] == [200, 400]
    [part] = store.parts(KEY, upload)
    assert part.etag == answers[0].headers["ETag"]


def test_a_body_without_any_length_is_refused(store: BlobStore, upload: str, part_link: str) -> None:
    with connected(part_link) as connection:
        connection.sendall(head_of_put(part_link))
        status = status_of(connection)

    assert status == 411
    assert store.parts(KEY, upload) == []


def test_a_part_larger_than_five_gibibytes_is_refused_at_once(
    store: BlobStore, upload: str, part_link: str
) -> None:
    with connected(part_link) as connection:
        connection.sendall(head_of_put(part_link, f"Content-Length: {MAX_PART_BYTES + 1}"))
        status = status_of(connection)

    assert status == 413
    assert store.parts(KEY, upload) == []


def test_a_refused_body_is_not_stored(
    store: BlobStore, upload: str, part_link: str, http: PoolManager
) -> None:
    answer = http.request("PUT", part_link + "0", body=bytes(100_000))

    assert answer.status == 403
    assert store.parts(KEY, upload) == []


def test_head_tells_what_get_would_send(store: BlobStore, http: PoolManager) -> None:
    store.put(KEY, b"0123456789")
    link = store.sign_download(KEY, lifetime_s=60, filename="a.mha")

    get, head = http.request("GET", link), http.request("HEAD", link)

    assert (head.status, head.data) == (200, b"")
    ignored = {"Date", "Connection", "X-Request-Id"}
    assert {k: v for k, v in head.headers.items() if k not in ignored} == {
        k: v for k, v in get.headers.items() if k not in ignored
    }


def test_what_was_uploaded_never_runs_as_a_page_of_ours(store: BlobStore, http: PoolManager) -> None:
    store.put(KEY, b"<script>alert(1)</script>")

    headers = http.request("GET", store.sign_download(KEY, lifetime_s=60, content_type="text/html")).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert headers["Cache-Control"] == "private, no-cache"


def test_refusals_are_problems_that_tell_nothing_else(store: BlobStore, http: PoolManager) -> None:
    store.put(KEY, b"0123456789")
    link = store.sign_download(KEY, lifetime_s=60)
    missing = store.sign_download("missing", lifetime_s=60)

    forbidden = problem_of(http.request("GET", link + "0"))
    assert (forbidden["status"], forbidden["detail"]) == (403, "the signature does not match")
    assert problem_of(http.request("GET", missing))["status"] == 404
    assert problem_of(http.request("GET", link, headers={"Range": "bytes=99-"}))["status"] == 416
    assert problem_of(http.request("DELETE", link))["status"] == 405
    assert set(http.request("DELETE", link).headers["Allow"].split(", ")) == {"GET", "HEAD", "PUT"}
    assert problem_of(http.request("GET", f"{link.partition('/blobs/')[0]}/elsewhere"))["status"] == 404


@pytest.mark.parametrize(
    "path",
    [
        "/blobs/contract/../../../etc/passwd",
        "/blobs/contract/%2e%2e/%2e%2e/x",
        "/blobs/..//key",
        "/blobs/contract//key",
    ],
)
def test_paths_that_climb_reach_nothing(links_server: LinksServer, path: str) -> None:
    address = urlsplit(links_server.public_url)

    with closing(http.client.HTTPConnection(address.netloc, timeout=30)) as connection:
        connection.request("GET", path)  # as it is, where urllib3 would tidy it up
        status = connection.getresponse().status

    assert status in {403, 404}


def test_a_range_near_the_end_of_a_large_object_is_read_from_there(
    store: BlobStore, http: PoolManager
) -> None:
    store.put(KEY, bytes(32 << 20) + b"the end")

    answer = http.request("GET", store.sign_download(KEY, lifetime_s=60), headers={"Range": "bytes=-7"})

    assert (answer.status, answer.data) == (206, b"the end")
