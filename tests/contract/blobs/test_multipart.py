"""Uploads in parts: begun, sent in any order, finished once (or twice), or thrown away."""

import hashlib
import os

import pytest

from archive_shared.blobs import BlobStore, Part
from archive_shared.errors import Invalid, NotFound

MIB = 1 << 20
BIG = os.urandom(5 * MIB)
BIGGER = os.urandom(6 * MIB)


def etag_of(data: bytes) -> str:
    return f'"{hashlib.md5(data).hexdigest()}"'


def test_parts_are_joined_by_number_whatever_the_order_of_sending(store: BlobStore) -> None:
    upload = store.begin_upload("up/load")
    third = store.put_part("up/load", upload, 3, b"tail")
    first = store.put_part("up/load", upload, 1, BIG)
    second = store.put_part("up/load", upload, 2, BIGGER)

    store.finish_upload("up/load", upload, [(1, first), (2, second), (3, third)])

    assert store.read("up/load") == BIG + BIGGER + b"tail"
    assert store.stat("up/load").size_bytes == 11 * MIB + 4


def test_numbers_may_have_gaps_and_reach_the_last_one(store: BlobStore) -> None:
    upload = store.begin_upload("key")
    parts = [
        (7, store.put_part("key", upload, 7, BIG)),
        (10_000, store.put_part("key", upload, 10_000, b".")),
    ]

    store.finish_upload("key", upload, parts)

    assert store.read("key") == BIG + b"."


def test_an_etag_is_the_quoted_md5_of_its_part(store: BlobStore) -> None:
    upload = store.begin_upload("key")

    etag = store.put_part("key", upload, 1, b"hello")

    assert etag == etag_of(b"hello")
    assert store.parts("key", upload) == [Part(1, etag, 5)]


def test_parts_are_listed_by_number(store: BlobStore) -> None:
    upload = store.begin_upload("key")
    assert store.parts("key", upload) == []

    for number in (12, 2, 1):
        store.put_part("key", upload, number, b"x" * number)

    assert store.parts("key", upload) == [Part(n, etag_of(b"x" * n), n) for n in (1, 2, 12)]


def test_a_part_sent_again_takes_the_place_of_the_first(store: BlobStore) -> None:
    upload = store.begin_upload("key")
    old = store.put_part("key", upload, 1, b"old and longer")
    new = store.put_part("key", upload, 1, b"new")

    assert store.parts("key", upload) == [Part(1, new, 3)]
    with pytest.raises(Invalid):
        store.finish_upload("key", upload, [(1, old)])
    store.finish_upload("key", upload, [(1, new)])
    assert store.read("key") == b"new"


def test_nothing_is_visible_before_the_end(store: BlobStore) -> None:
    store.put("replaced", b"old")
    for key in ("replaced", "fresh"):
        store.put_part(key, store.begin_upload(key), 1, b"new")

    assert store.read("replaced") == b"old"
    assert [info.key for info in store.list()] == ["replaced"]


def test_finishing_replaces_what_has_the_key(store: BlobStore) -> None:
    store.put("key", b"old")
    upload = store.begin_upload("key")
    etag = store.put_part("key", upload, 1, b"new")

    store.finish_upload("key", upload, [(1, etag)])

    assert store.read("key") == b"new"


def test_etags_count_with_and_without_quotes(store: BlobStore) -> None:
    upload = store.begin_upload("key")
    first = store.put_part("key", upload, 1, BIG)
    second = store.put_part("key", upload, 2, b"")

    store.finish_upload("key", upload, [(1, first), (2, second.strip('"'))])

    assert store.read("key") == BIG


def test_parts_left_out_are_thrown_away(store: BlobStore) -> None:
    upload = store.begin_upload("key")
    etag = store.put_part("key", upload, 1, b"kept")
    store.put_part("key", upload, 2, b"left out")

    store.finish_upload("key", upload, [(1, etag)])

    assert store.read("key") == b"kept"


def test_finishing_again_after_success_is_quiet(store: BlobStore) -> None:
    upload = store.begin_upload("key")
    etag = store.put_part("key", upload, 1, b"bytes")
    store.finish_upload("key", upload, [(1, etag)])

    store.finish_upload("key", upload, [(1, etag)])

    assert store.read("key") == b"bytes"
    with pytest.raises(NotFound):
        store.parts("key", upload)


@pytest.mark.parametrize(
    ("numbers", "why"),
    [
        ([], "an empty list"),
        ([2, 1], "not rising"),
        ([1, 1], "twice the same"),
        ([0], "a number too small"),
        ([10_001], "a number too large"),
        ([1, 3], "one that was never sent"),
    ],
)
def test_a_wrong_list_of_parts_is_refused(store: BlobStore, numbers: list[int], why: str) -> None:
    upload = store.begin_upload("key")
    etags = {number: store.put_part("key", upload, number, BIG) for number in (1, 2)}

    with pytest.raises(Invalid) as refusal:
        store.finish_upload("key", upload, [(number, etags.get(number, etags[1])) for number in numbers])

    assert refusal.value.errors.keys() == {"parts"}, why
    assert [part.number for part in store.parts("key", upload)] == [1, 2]
    with pytest.raises(NotFound):
        store.stat("key")


@pytest.mark.parametrize("etag", [etag_of(b"something else"), "", '"', "../../etc/passwd", "<é&>"])
def test_a_wrong_etag_is_refused_and_the_upload_goes_on(store: BlobStore, etag: str) -> None:
    upload = store.begin_upload("key")
    right = store.put_part("key", upload, 1, b"bytes")

    with pytest.raises(Invalid) as refusal:
        store.finish_upload("key", upload, [(1, etag)])

    assert refusal.value.errors.keys() == {"parts"}
    store.finish_upload("key", upload, [(1, right)])
    assert store.read("key") == b"bytes"


def test_only_the_last_part_may_be_smaller_than_five_mebibytes(store: BlobStore) -> None:
    upload = store.begin_upload("key")
    small = store.put_part("key", upload, 1, BIG[:-1])
    last = store.put_part("key", upload, 2, b"tail")

    with pytest.raises(Invalid) as refusal:
        store.finish_upload("key", upload, [(1, small), (2, last)])

    assert refusal.value.errors.keys() == {"parts"}
    assert len(store.parts("key", upload)) == 2


@pytest.mark.parametrize("number", [0, -1, 10_001])
def test_part_numbers_go_from_one_to_ten_thousand(store: BlobStore, number: int) -> None:
    upload = store.begin_upload("key")

    with pytest.raises(Invalid) as refusal:
        store.put_part("key", upload, number, b"")
    assert refusal.value.errors.keys() == {"part_number"}
    with pytest.raises(Invalid) as refusal:
        store.sign_part("key", upload, number, lifetime_s=60)
    assert refusal.value.errors.keys() == {"part_number"}


@pytest.mark.parametrize("upload", ["unknown", "0" * 32, "../../objects", "", "é", "a\nb"])
def test_an_upload_that_was_never_begun_is_not_found(store: BlobStore, upload: str) -> None:
    with pytest.raises(NotFound):
        store.put_part("key", upload, 1, b"")
    with pytest.raises(NotFound):
        store.parts("key", upload)
    with pytest.raises(NotFound):
        store.finish_upload("key", upload, [(1, etag_of(b""))])

    store.abort_upload("key", upload)
    assert list(store.list()) == []


@pytest.mark.parametrize("upload", ["", "é", "a\nb", "a b"])
def test_no_link_is_signed_for_what_cannot_be_an_upload(store: BlobStore, upload: str) -> None:
    with pytest.raises(NotFound):
        store.sign_part("key", upload, 1, lifetime_s=60)


def test_an_upload_belongs_to_its_key(store: BlobStore) -> None:
    upload = store.begin_upload("key")
    store.put_part("key", upload, 1, b"bytes")

    with pytest.raises(NotFound):
        store.put_part("other", upload, 1, b"")
    with pytest.raises(NotFound):
        store.parts("other", upload)
    store.abort_upload("other", upload)

    assert len(store.parts("key", upload)) == 1


def test_two_uploads_of_one_key_do_not_meet(store: BlobStore) -> None:
    one, two = store.begin_upload("key"), store.begin_upload("key")
    first = store.put_part("key", one, 1, b"one")
    second = store.put_part("key", two, 1, b"two")

    store.finish_upload("key", one, [(1, first)])
    assert store.read("key") == b"one"
    store.finish_upload("key", two, [(1, second)])
    assert store.read("key") == b"two"


def test_aborting_throws_the_parts_away_however_often(store: BlobStore) -> None:
    upload = store.begin_upload("key")
    etag = store.put_part("key", upload, 1, b"bytes")

    store.abort_upload("key", upload)
    store.abort_upload("key", upload)

    with pytest.raises(NotFound):
        store.parts("key", upload)
    with pytest.raises(NotFound):
        store.put_part("key", upload, 2, b"late")
    with pytest.raises(NotFound):
        store.finish_upload("key", upload, [(1, etag)])
    assert list(store.list()) == []


def test_deleting_the_object_does_not_touch_an_upload_under_way(store: BlobStore) -> None:
    store.put("key", b"old")
    upload = store.begin_upload("key")
    etag = store.put_part("key", upload, 1, b"new")

    store.delete("key")

    store.finish_upload("key", upload, [(1, etag)])
    assert store.read("key") == b"new"
