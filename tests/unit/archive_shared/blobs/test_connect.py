"""Choosing an adapter by address."""

import subprocess
import sys
from pathlib import Path

import pytest

from archive_shared.blobs import BlobSettings, connect_blobs
from archive_shared.blobs.folder import FolderBlobStore
from archive_shared.blobs.s3 import S3BlobStore

SECRET = b"sixteen bytes or more"


def test_a_file_address_is_a_folder(tmp_path: Path) -> None:
    url = (tmp_path / "with space").as_uri()

    store = connect_blobs(BlobSettings(url, public_url="http://site.test", link_secret=SECRET), "images")
    store.put("key", b"bytes")

    assert isinstance(store, FolderBlobStore)
    assert (tmp_path / "with space" / "images" / "objects" / "key.blob").read_bytes() == b"bytes"


def test_an_s3_address_is_a_server_that_is_not_asked_yet() -> None:
    settings = BlobSettings("s3://s3.example.org", access_key="access", secret_key="secret")

    store = connect_blobs(settings, "images")

    assert isinstance(store, S3BlobStore)
    assert store.sign_download("key", lifetime_s=60).startswith("https://s3.example.org/images/key?")


def test_region_and_security_come_from_the_address() -> None:
    settings = BlobSettings("s3://minio:9000?region=eu-1&secure=0", access_key="access", secret_key="secret")

    link = connect_blobs(settings, "images").sign_download("key", lifetime_s=60)

    assert link.startswith("http://minio:9000/images/key?")
    assert "%2Feu-1%2Fs3%2F" in link


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (BlobSettings("ftp://host"), "file:// or s3://"),
        (BlobSettings(""), "file:// or s3://"),
        (BlobSettings("file://relative/folder", link_secret=SECRET), "absolute"),
        (BlobSettings("file:///folder"), "secret"),
        (BlobSettings("s3://host", access_key="access"), "secret key"),
        (BlobSettings("s3://host", secret_key="secret"), "access key"),
        (BlobSettings("s3://?region=x", access_key="access", secret_key="secret"), "host"),
        (BlobSettings("s3://host?regoin=x", access_key="access", secret_key="secret"), "region"),
        (BlobSettings("s3://host?secure=true", access_key="access", secret_key="secret"), "secure=1"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_once(settings: BlobSettings, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        connect_blobs(settings, "images")


def test_settings_do_not_show_their_secrets() -> None:
    settings = BlobSettings("s3://host", access_key="ACCESS", secret_key="SECRET", link_secret=b"LINKS")

    assert not any(secret in repr(settings) for secret in ("ACCESS", "SECRET", "LINKS"))


def test_a_single_machine_never_loads_the_s3_client(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from archive_shared.blobs import BlobSettings, connect_blobs\n"
        f"connect_blobs(BlobSettings({tmp_path.as_uri()!r}, link_secret={SECRET!r}), 'images')\n"
        "sys.exit('minio' in sys.modules)\n"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
