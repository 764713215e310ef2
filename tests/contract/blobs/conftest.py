"""The adapters under contract: a test that asks for `store` runs on the folder, and on a real S3 server."""

from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import pytest
from urllib3 import PoolManager, Retry

from archive_shared.blobs import BlobSettings, BlobStore, connect_blobs
from tests.support.blob_links import BUCKET, LinksServer, running_links_server
from tests.support.servers import MinioServer


@pytest.fixture(scope="session")
def links_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LinksServer]:
    with running_links_server(tmp_path_factory.mktemp("links")) as server:
        yield server


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.servers)])
def settings(request: pytest.FixtureRequest) -> BlobSettings:
    if request.param == "s3":
        return s3_settings(request.getfixturevalue("minio_server"))
    return folder_settings(request.getfixturevalue("links_server"))


@pytest.fixture
def bucket(settings: BlobSettings) -> str:
    """The one the links server serves; on S3 one of its own, since MinIO may list what a test left a moment late."""
    return f"contract-{uuid4().hex}" if settings.url.startswith("s3:") else BUCKET


@pytest.fixture
def store(settings: BlobSettings, bucket: str) -> Iterator[BlobStore]:
    store = connect_blobs(settings, bucket)
    store.ensure_bucket()
    yield store
    for info in list(store.list()):
        store.delete(info.key)


@pytest.fixture
def impostor(settings: BlobSettings, bucket: str) -> BlobStore:
    """The same store, opened by somebody who knows everything but the secrets."""
    wrong = replace(settings, secret_key="not-the-secret", link_secret=b"not the secret, " * 2)
    return connect_blobs(wrong, bucket)


@pytest.fixture
def http() -> Iterator[PoolManager]:
    """A client outside that has nothing but the links it is given."""
    # MinIO hangs up after some refusals, which the next request on the same connection may notice.
    retries = Retry(connect=0, read=2, other=0, redirect=False, status=False)
    with PoolManager(retries=retries, timeout=20) as manager:
        yield manager


def folder_settings(server: LinksServer) -> BlobSettings:
    return BlobSettings(url=f"file://{server.root}", public_url=server.public_url, link_secret=server.secret)


def s3_settings(server: MinioServer) -> BlobSettings:
    return BlobSettings(
        url=f"s3://{server.endpoint}?region=us-east-1&secure=0",
        access_key=server.access_key,
        secret_key=server.secret_key,
    )
