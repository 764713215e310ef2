"""Eight threads on one bucket."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from archive_shared.blobs import BlobStore
from archive_shared.errors import NotFound, Unavailable
from tests.support.processes import wait_until

Item = TypeVar("Item")
THREADS = 8
SIZE_BYTES = 200_000


def at_once(work: Callable[[int], Item]) -> list[Item]:
    """Do the work on eight threads that start together."""
    start = threading.Barrier(THREADS)

    def begin(thread: int) -> Item:
        start.wait()
        return work(thread)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(begin, range(THREADS)))


def holds(store: BlobStore, prefix: str, sizes: list[int]) -> bool:
    return [info.size_bytes for info in store.list(prefix)] == sizes


def is_whole(data: bytes) -> bool:
    return len(data) == SIZE_BYTES and len(set(data)) == 1


def test_readers_see_one_version_or_another_never_a_mixture(store: BlobStore) -> None:
    store.put("key", bytes(SIZE_BYTES))

    def write_or_read(thread: int) -> Iterable[bytes]:
        if thread % 2:
            for _ in range(20):
                store.put("key", bytes([thread]) * SIZE_BYTES)
            return []
        return [store.read("key") for _ in range(20)]

    seen = [data for reads in at_once(write_or_read) for data in reads]

    assert len(seen) == 80
    assert all(is_whole(data) for data in seen)
    assert is_whole(store.read("key"))


def put_in_the_end(store: BlobStore, key: str, body: bytes) -> None:
    """Put as those do who are told to come again: MinIO denies whoever comes while it removes an emptied folder."""

    def is_put() -> bool:
        try:
            store.put(key, body)
        except Unavailable as error:
            if "AccessDenied" not in str(error):
                raise
            return False
        return True

    wait_until(is_put, timeout_s=30, what="a folder that is not being removed")


def test_putting_and_deleting_neighbours_loses_nothing(store: BlobStore) -> None:
    def come_and_go(thread: int) -> None:
        for turn in range(25):
            key = f"shared/folder/{thread}"
            put_in_the_end(store, key, str(turn).encode())
            assert store.read(key) == str(turn).encode()
            store.delete(key)
        put_in_the_end(store, f"shared/folder/{thread}", b"stays")

    at_once(come_and_go)

    assert [info.key for info in store.list()] == [f"shared/folder/{thread}" for thread in range(THREADS)]


def test_parts_of_one_upload_come_in_side_by_side(store: BlobStore) -> None:
    upload = store.begin_upload("key")
    bodies = [bytes([thread]) * (5 << 20) for thread in range(THREADS)]

    etags = at_once(lambda thread: store.put_part("key", upload, thread + 1, bodies[thread]))

    assert [part.etag for part in store.parts("key", upload)] == etags
    store.finish_upload("key", upload, list(enumerate(etags, start=1)))
    assert store.read("key") == b"".join(bodies)


def test_finishing_at_once_gives_one_object_and_no_error(store: BlobStore) -> None:
    upload = store.begin_upload("key")
    etags = [store.put_part("key", upload, number, bytes(5 << 20)) for number in (1, 2)]

    at_once(lambda _: store.finish_upload("key", upload, list(enumerate(etags, start=1))))

    assert store.read("key") == bytes(10 << 20)


def test_finishing_while_aborting_gives_all_or_nothing(store: BlobStore) -> None:
    for turn in range(10):
        upload = store.begin_upload(f"key/{turn}")
        etag = store.put_part(f"key/{turn}", upload, 1, bytes(SIZE_BYTES))

        def finish_or_abort(
            thread: int, turn: int = turn, upload: str = upload, etag: str = etag
        ) -> str | None:
            if thread % 2:
                store.abort_upload(f"key/{turn}", upload)
                return None
            try:
                store.finish_upload(f"key/{turn}", upload, [(1, etag)])
            except NotFound:
                return "too late"
            return "finished"

        outcomes = at_once(finish_or_abort)

        # MinIO on a busy machine may list a moment late what several calls finished at once.
        expected = [SIZE_BYTES] if "finished" in outcomes else []
        wait_until(partial(holds, store, f"key/{turn}", expected), timeout_s=10)


def test_listing_goes_on_while_objects_come_and_go(store: BlobStore) -> None:
    for number in range(50):
        store.put(f"stays/{number:02}", b"")

    def list_or_disturb(thread: int) -> bool:
        if thread % 2:
            for turn in range(20):
                store.put(f"stays/{turn}/{thread}", b"")
                store.delete(f"stays/{turn}/{thread}")
            return True
        keys = [info.key for info in store.list("stays/")]
        return {f"stays/{number:02}" for number in range(50)} <= set(keys) and keys == sorted(keys)

    assert all(at_once(list_or_disturb))
