"""Storing, reading, copying and deleting whole objects."""

import io
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive_shared.blobs import BlobStore
from archive_shared.errors import Invalid, NotFound

LONGEST_KEY = "/".join(["n" * 250] * 4) + "/" + "n" * 20
KEYS = [
    "plain",
    "deep/er/still.mha",
    "é ü/日本 \U0001f600.txt",
    "+%&?#;=@:,'\"<>()[]{}|^`~!$*\\",
    "a%2Fb",
    " padded ",
    "-",
    "...",
    "..hidden/.file",
    "x.dir/y.blob",
    "n" * 250,
    LONGEST_KEY,
    "a/" * 511 + "a",
]
NOT_KEYS = [
    "",
    "/",
    "/etc/passwd",
    "a/",
    "a//b",
    ".",
    "..",
    "../a",
    "a/../b",
    "a/./b",
    "a/..",
    "nul\0",
    "line\nbreak",
    "del\x7f",
    "\ud800",
    "n" * 251,
    LONGEST_KEY + "n",
    "é" * 126,
]


@pytest.mark.parametrize("key", KEYS)
def test_every_key_holds_its_own_bytes(store: BlobStore, key: str) -> None:
    store.put(key, key.encode())

    assert store.read(key) == key.encode()
    assert [info.key for info in store.list()] == [key]


@pytest.mark.parametrize("key", NOT_KEYS)
def test_what_is_not_a_key_is_refused_by_every_method(store: BlobStore, key: str) -> None:
    calls: list[Callable[[], object]] = [
        lambda: store.put(key, b""),
        lambda: store.open(key),
        lambda: store.read(key),
        lambda: store.stat(key),
        lambda: store.delete(key),
        lambda: store.copy(key, "target"),
        lambda: store.copy("source", key),
        lambda: store.download_to(key, Path("/nowhere")),
        lambda: store.upload_from(key, Path(__file__)),
        lambda: store.begin_upload(key),
        lambda: store.sign_part(key, "upload", 1, lifetime_s=60),
        lambda: store.put_part(key, "upload", 1, b""),
        lambda: store.parts(key, "upload"),
        lambda: store.finish_upload(key, "upload", [(1, "etag")]),
        lambda: store.abort_upload(key, "upload"),
        lambda: store.sign_download(key, lifetime_s=60),
    ]
    store.put("source", b"")

    for call in calls:
        with pytest.raises(Invalid) as refusal:
            call()
        assert refusal.value.errors.keys() == {"key"}


def test_an_object_and_one_below_its_name_exist_side_by_side(store: BlobStore) -> None:
    store.put("a", b"outer")
    store.put("a/b", b"inner")

    assert (store.read("a"), store.read("a/b")) == (b"outer", b"inner")

    store.delete("a")
    assert store.read("a/b") == b"inner"
    store.delete("a/b")


def test_putting_again_replaces(store: BlobStore) -> None:
    store.put("key", b"first, and longer")

    store.put("key", b"second")

    assert store.read("key") == b"second"


def test_an_empty_object_is_an_object(store: BlobStore) -> None:
    store.put("empty", b"")

    assert store.read("empty") == b""
    assert store.read("empty", 0, 10) == b""
    assert store.stat("empty").size_bytes == 0


def test_a_stream_of_unknown_length_is_stored_whole(store: BlobStore) -> None:
    data = bytes(range(256)) * (20 << 12)  # 20 MiB: more than S3 is sent at once

    info = store.put("stream", Dripping(data))

    assert info.size_bytes == len(data)
    assert store.read("stream") == data


def test_what_put_tells_is_what_the_store_knows(store: BlobStore) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)

    told = store.put("key", b"12345")

    known = store.stat("key")
    assert (told.key, told.size_bytes) == (known.key, known.size_bytes) == ("key", 5)
    assert abs(told.modified_at - known.modified_at) <= timedelta(seconds=1)
    assert before <= known.modified_at <= datetime.now(UTC) + timedelta(seconds=2)
    assert known.modified_at.tzinfo is UTC


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0, None, b"0123456789"),
        (0, 10, b"0123456789"),
        (3, 7, b"3456"),
        (3, None, b"3456789"),
        (9, 10, b"9"),
        (4, 4, b""),
        (8, 100, b"89"),
        (10, 20, b""),
        (10, None, b""),
        (500, 600, b""),
    ],
)
def test_a_range_is_clipped_to_the_object(
    store: BlobStore, start: int, end: int | None, expected: bytes
) -> None:
    store.put("digits", b"0123456789")

    assert store.read("digits", start, end) == expected
    with store.open("digits", start, end) as stream:
        assert stream.read() == expected


@pytest.mark.parametrize(("start", "end"), [(-1, None), (-5, 3), (4, 3)])
def test_a_range_that_is_none_is_an_error_of_the_program(
    store: BlobStore, start: int, end: int | None
) -> None:
    store.put("digits", b"0123456789")

    with pytest.raises(ValueError, match="range"):
        store.read("digits", start, end)


def test_a_stream_is_read_in_pieces(store: BlobStore) -> None:
    data = bytes(range(256)) * (3 << 12)
    store.put("key", data)

    with store.open("key", 5) as stream:
        pieces = [stream.read(1), stream.read(1000), stream.read(1 << 20), stream.read()]

    assert [len(piece) for piece in pieces[:3]] == [1, 1000, 1 << 20]
    assert b"".join(pieces) == data[5:]


def test_a_stream_may_be_closed_half_way(store: BlobStore) -> None:
    store.put("key", bytes(4 << 20))

    for _ in range(40):  # more than there are connections to lose
        with store.open("key") as stream:
            stream.read(10)

    assert store.stat("key").size_bytes == 4 << 20


def test_an_open_stream_does_not_mix_in_what_is_put_later(store: BlobStore) -> None:
    store.put("key", b"a" * 100_000)

    with store.open("key") as stream:
        store.put("key", b"b" * 100_000)
        read = stream.read()

    assert set(read) == {ord("a")}


@pytest.mark.parametrize("start_end", [(0, None), (0, 0), (5, 9)])
def test_a_missing_object_is_not_found(store: BlobStore, start_end: tuple[int, int | None]) -> None:
    store.put("other", b"")

    with pytest.raises(NotFound):
        store.read("missing", *start_end)
    with pytest.raises(NotFound):
        store.open("missing", *start_end)


def test_nothing_can_be_told_or_copied_of_a_missing_object(store: BlobStore, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        store.stat("missing")
    with pytest.raises(NotFound):
        store.copy("missing", "target")
    with pytest.raises(NotFound):
        store.copy("missing", "missing")
    with pytest.raises(NotFound):
        store.download_to("missing", tmp_path / "file")

    assert list(tmp_path.iterdir()) == []
    assert list(store.list()) == []


def test_a_folder_of_keys_is_not_an_object(store: BlobStore) -> None:
    store.put("folder/file", b"")

    with pytest.raises(NotFound):
        store.stat("folder")


def test_deleting_is_done_however_often(store: BlobStore) -> None:
    store.put("a/b/c", b"1")
    store.put("a/d", b"2")

    store.delete("a/b/c")
    store.delete("a/b/c")
    store.delete("never/was")

    assert [info.key for info in store.list()] == ["a/d"]


def test_a_copy_stands_on_its_own(store: BlobStore) -> None:
    store.put("source é", b"bytes")
    store.put("deep/target", b"replaced")

    store.copy("source é", "deep/target")
    store.delete("source é")

    assert store.read("deep/target") == b"bytes"


def test_copying_onto_itself_changes_nothing(store: BlobStore) -> None:
    store.put("key", b"bytes")

    store.copy("key", "key")

    assert store.read("key") == b"bytes"


@pytest.mark.parametrize("size_bytes", [0, 1, 20 << 20])
def test_files_go_in_and_come_out_unchanged(store: BlobStore, tmp_path: Path, size_bytes: int) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(bytes(range(256)) * (size_bytes // 256) + b"." * (size_bytes % 256))
    target.write_bytes(b"old")

    info = store.upload_from("file", source)
    store.download_to("file", target)

    assert info.size_bytes == store.stat("file").size_bytes == size_bytes
    assert target.read_bytes() == source.read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"source", "target"}


@pytest.mark.parametrize("size_bytes", [0, 1, 20 << 20])
def test_a_file_given_up_is_in_the_store_and_nowhere_else(
    store: BlobStore, tmp_path: Path, size_bytes: int
) -> None:
    source, content = tmp_path / "source", b"7" * size_bytes
    source.write_bytes(content)
    store.put("a/file", b"old")

    info = store.take("a/file", source)

    assert (info.size_bytes, store.read("a/file")) == (size_bytes, content)
    assert [each.key for each in store.list()] == ["a/file"]
    assert not source.exists()


def test_a_file_that_is_taken_is_as_old_as_the_object_it_became(store: BlobStore, tmp_path: Path) -> None:
    """Or else those who remove old objects that nobody knows take one away that was stored this moment."""
    before = datetime.now(UTC) - timedelta(seconds=2)
    source = tmp_path / "uploaded"
    source.write_bytes(b"bytes of last week")
    os.utime(source, (0, 0))

    told = store.take("key", source)

    assert before <= told.modified_at
    assert before <= store.stat("key").modified_at


def test_a_source_that_fails_leaves_the_old_object(store: BlobStore) -> None:
    store.put("key", b"old")

    with pytest.raises(RuntimeError, match="torn off"):
        store.put("key", Failing())

    assert store.read("key") == b"old"
    assert [info.key for info in store.list()] == ["key"]


class Dripping(io.BytesIO):
    """A stream that neither knows its length nor goes back, and gives less than it is asked for."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size or 1, 300_000) if size != -1 else 300_000)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        raise io.UnsupportedOperation

    def fileno(self) -> int:
        raise io.UnsupportedOperation


class Failing:
    """A stream that breaks after 17 MiB, when S3 has got its first part."""

    def __init__(self) -> None:
        self.left = 17

    def read(self, size: int = -1, /) -> bytes:
        if not self.left:
            raise RuntimeError("torn off")
        self.left -= 1
        return bytes(1 << 20)


def test_a_range_of_a_replaced_object_is_of_the_new_one(store: BlobStore) -> None:
    store.put("key", b"0123456789")
    assert store.read("key", 2, 4) == b"23"

    store.put("key", b"abcdefghij")

    assert store.read("key", 2, 4) == b"cd"


def test_a_range_of_a_deleted_object_is_not_found_however_often_it_was_read(store: BlobStore) -> None:
    store.put("key", b"0123456789")
    assert store.read("key", 2, 4) == store.read("key", 2, 4) == b"23"

    store.delete("key")

    with pytest.raises(NotFound):
        store.read("key", 2, 4)
