"""Corners of the web application for links that a real client does not reach."""

import io
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from archive_shared.blobs import links_wsgi
from archive_shared.blobs.folder import FolderBlobStore
from archive_shared.blobs.links import LinkSigner
from archive_shared.blobs.links_wsgi import links_app

SIGNER = LinkSigner(b"sixteen bytes or more")


@pytest.fixture
def store(tmp_path: Path) -> FolderBlobStore:
    return FolderBlobStore(tmp_path, bucket="bucket", signer=SIGNER, public_url="https://site.test/")


@pytest.fixture
def client(store: FolderBlobStore) -> FlaskClient:
    return links_app({"bucket": store}, SIGNER).test_client()


def path_of(link: str) -> str:
    return link.removeprefix("https://site.test")


def test_links_begin_with_the_public_address(store: FolderBlobStore) -> None:
    link = store.sign_download("a/b c", lifetime_s=60)

    assert link.startswith("https://site.test/blobs/bucket/a/b%20c?")


def test_a_good_signature_for_a_bucket_we_do_not_serve_is_not_found(client: FlaskClient) -> None:
    query = SIGNER.sign("GET", "elsewhere", "key", {"type": "text/plain"}, lifetime_s=60)

    answer = client.get(f"/blobs/elsewhere/key?{query}")

    assert answer.status_code == 404
    assert json.loads(answer.data)["title"] == "Not Found"


@pytest.fixture
def limit_100_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links_wsgi, "MAX_PART_BYTES", 100)


@pytest.mark.usefixtures("limit_100_bytes")
@pytest.mark.parametrize(("size_bytes", "status"), [(99, 200), (100, 200), (101, 413), (5000, 413)])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_part_may_be_as_large_as_the_limit_and_no_larger(
    client: FlaskClient, store: FolderBlobStore, size_bytes: int, status: int, chunked: bool
) -> None:
    upload = store.begin_upload("key")
    link = path_of(store.sign_part("key", upload, 1, lifetime_s=60))
    length = {"headers": {"Transfer-Encoding": "chunked"}} if chunked else {"content_length": size_bytes}

    answer = client.put(
        link,
        input_stream=io.BytesIO(bytes(size_bytes)),
        environ_overrides={"wsgi.input_terminated": True},
        **length,
    )

    assert answer.status_code == status
    assert len(store.parts("key", upload)) == (1 if status == 200 else 0)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Range": "bytes=1-2"}, 206),
        ({"Range": "bytes=50-"}, 416),
        ({"Range": "bytes=-0"}, 416),
        ({"If-Match": "*"}, 200),
        ({"If-Match": "*", "Range": "bytes=1-2"}, 206),
        ({"If-Modified-Since": "Tue, 01 Jan 2999 00:00:00 GMT"}, 304),
        ({"If-Match": '"other"'}, 412),
        ({"If-Match": '"other"', "Range": "bytes=1-2"}, 412),
    ],
)
def test_the_file_is_closed_whatever_is_answered(
    client: FlaskClient, store: FolderBlobStore, headers: dict[str, str], status: int
) -> None:
    store.put("key", b"0123456789")
    link = path_of(store.sign_download("key", lifetime_s=60))

    # A file left open is a ResourceWarning, and those are errors here.
    assert client.get(link, headers=headers, buffered=True).status_code == status
    assert client.head(link, buffered=True).status_code == 200


def test_it_is_ready_while_its_folders_are_there(
    client: FlaskClient, store: FolderBlobStore, tmp_path: Path
) -> None:
    assert client.get("/readyz").status_code == 200

    (tmp_path / "bucket" / "incoming").rmdir()

    assert client.get("/readyz").status_code == 503


def test_preflights_are_not_answered(client: FlaskClient, store: FolderBlobStore) -> None:
    link = store.sign_download("key", lifetime_s=60)

    assert client.options(f"{urlsplit(link).path}?{urlsplit(link).query}").status_code == 405
