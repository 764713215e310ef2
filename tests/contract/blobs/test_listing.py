"""Walking over the keys of a bucket."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC

import pytest

from archive_shared.blobs import BlobStore
from archive_shared.errors import Invalid

KEYS = [
    "B",
    "a",
    "b-c",
    "b.c",
    "b/1",
    "b/10",
    "b/2",
    "b/x/1",
    "b/x.y",
    "b0",
    "ba/1",
    "é/1",
    "\uffff",
    "\U0001f600",
]


@pytest.fixture
def filled(store: BlobStore) -> BlobStore:
    for key in reversed(KEYS):
        store.put(key, key.encode())
    return store


def keys_of(store: BlobStore, prefix: str = "", after: str | None = None) -> list[str]:
    return [info.key for info in store.list(prefix, after)]


def test_keys_come_in_the_order_of_their_bytes(filled: BlobStore) -> None:
    assert keys_of(filled) == sorted(KEYS, key=str.encode)


@pytest.mark.parametrize(
    "prefix", ["", "B", "b", "b/", "b/1", "b/x", "b/x/", "b/x/1", "b/x/1/", "é/", "nothing", "b/nothing/here"]
)
def test_a_prefix_is_text_not_a_folder(filled: BlobStore, prefix: str) -> None:
    assert keys_of(filled, prefix) == sorted((k for k in KEYS if k.startswith(prefix)), key=str.encode)


@pytest.mark.parametrize("prefix", ["", "b", "b/"])
@pytest.mark.parametrize("after", ["A", "a", "b", "b/1", "b/11", "b/x", "b/x/1", "b0", "c", "\U0001f600"])
def test_listing_goes_on_behind_any_key(filled: BlobStore, prefix: str, after: str) -> None:
    expected = [k for k in KEYS if k.startswith(prefix) and k.encode() > after.encode()]

    assert keys_of(filled, prefix, after) == sorted(expected, key=str.encode)


def test_objects_are_described(filled: BlobStore) -> None:
    for info in filled.list():
        assert info.size_bytes == len(info.key.encode())
        assert info.modified_at.tzinfo is UTC


@pytest.mark.parametrize(
    "prefix", ["/", "../", "a/../", "a//", "..", ".", "a/..", "nul\0", "\ud800", "n" * 1025]
)
def test_what_cannot_begin_a_key_is_refused(store: BlobStore, prefix: str) -> None:
    with pytest.raises(Invalid) as refusal:
        list(store.list(prefix))

    assert refusal.value.errors.keys() == {"prefix"}


@pytest.mark.parametrize("after", ["/", "../a", "a/", "\0", "\ud800"])
def test_only_keys_can_be_listed_behind(store: BlobStore, after: str) -> None:
    with pytest.raises(Invalid) as refusal:
        list(store.list(after=after))

    assert refusal.value.errors.keys() == {"after"}


def test_more_than_a_page_is_listed_to_the_end(store: BlobStore) -> None:
    keys = [f"many/{number:05}" for number in range(1100)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: store.put(key, b""), keys))

    assert keys_of(store, "many/") == keys
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(store.delete, keys))
    assert keys_of(store) == []
