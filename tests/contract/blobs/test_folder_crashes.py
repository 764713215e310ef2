"""The folder store when its process is killed or its disk is full."""

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from archive_shared.blobs.folder import FolderBlobStore
from archive_shared.blobs.links import LinkSigner
from archive_shared.errors import NotFound, Unavailable
from tests.support.blob_links import REPOSITORY
from tests.support.blob_writer import KEYS, PART_BYTES, open_store
from tests.support.processes import running_process, wait_until

KILLS = 12
DISK_BYTES = 4 << 20


def test_kill_while_overwriting_never_tears_an_object(tmp_path: Path) -> None:
    root, dice = tmp_path / "blobs", random.Random(20261123)
    for kill in range(KILLS):
        log = tmp_path / f"{kill}.log"
        with running_process(
            [sys.executable, "-m", "tests.support.blob_writer", root], log_path=log, folder=REPOSITORY
        ) as writer:
            wait_until(partial(has_content, log), timeout_s=30, what="the first object")
            with pytest.raises(subprocess.TimeoutExpired):
                writer.wait(timeout_s=dice.uniform(0, 0.2))
            writer.kill()

        store = open_store(root)
        found = {info.key: store.read(info.key) for info in store.list()}
        assert set(found) <= set(KEYS)
        assert found
        for data in found.values():
            assert len(data) in {PART_BYTES, 2 * PART_BYTES}
            assert len(set(data)) == 1


def has_content(path: Path) -> bool:
    return path.stat().st_size > 0


def test_what_a_killed_writer_left_is_swept_when_it_is_old(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    incoming = tmp_path / "torn" / "incoming"
    (incoming / "old").write_bytes(b"half an obj")
    (incoming / "old folder").mkdir()
    (incoming / "old folder" / "00001").write_bytes(b"half a part")
    for path in incoming.iterdir():
        os.utime(path, (0, 0))
    (incoming / "young").write_bytes(b"being written")
    store.put("key", b"stays")

    swept = store.sweep(older_than_s=3600)

    assert swept == 2
    assert [path.name for path in incoming.iterdir()] == ["young"]
    assert store.read("key") == b"stays"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk to fill up (CI is root)")
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.fixture
def small_store(small_disk: Path) -> FolderBlobStore:
    store = open_store(small_disk)
    store.put("key", b"old")
    return store


def test_a_full_disk_is_unavailable_and_the_old_object_stays(small_store: FolderBlobStore) -> None:
    with pytest.raises(Unavailable, match="No space left on device"):
        small_store.put("key", bytes(DISK_BYTES))
    with pytest.raises(Unavailable, match="No space left on device"):
        small_store.put("other", bytes(DISK_BYTES))

    assert small_store.read("key") == b"old"
    assert [info.key for info in small_store.list()] == ["key"]
    assert small_store.sweep(older_than_s=-1) == 0
    small_store.put("key", b"new, now that there is room again")


def test_a_full_disk_leaves_an_upload_as_it_was(small_store: FolderBlobStore) -> None:
    upload = small_store.begin_upload("big")
    small_store.put_part("big", upload, 1, bytes(DISK_BYTES * 2 // 3))
    before = small_store.parts("big", upload)

    with pytest.raises(Unavailable, match="No space left"):
        small_store.put_part("big", upload, 2, bytes(DISK_BYTES))
    with pytest.raises(Unavailable, match="No space left"):
        small_store.finish_upload("big", upload, [(part.number, part.etag) for part in before])

    assert small_store.parts("big", upload) == before
    with pytest.raises(NotFound):
        small_store.stat("big")
    assert small_store.sweep(older_than_s=-1) == 0


def test_a_full_disk_refuses_downloads_without_half_a_file(small_disk: Path, tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.put("key", bytes(DISK_BYTES + 1))
    target = small_disk / "file"

    with pytest.raises(Unavailable, match="No space left"):
        store.download_to("key", target)

    assert list(small_disk.iterdir()) == []


@pytest.mark.parametrize("bucket", ["", ".", "..", "a/b", "../up", "Upper", "a"])
def test_a_bucket_cannot_escape_its_root(tmp_path: Path, bucket: str) -> None:
    signer = LinkSigner(b"a secret nobody needs here")

    with pytest.raises(ValueError, match="bucket"):
        FolderBlobStore(tmp_path / "root", bucket=bucket, signer=signer, public_url="http://unused.test")

    assert list(tmp_path.iterdir()) == []
