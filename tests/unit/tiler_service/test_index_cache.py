"""Tile indexes in memory: read once, also by a crowd of threads, and never more of them than memory was given."""

import threading
import time
import tracemalloc
import weakref
from array import array
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from archive_shared.blobs.folder import FolderBlobStore
from archive_shared.blobs.links import LinkSigner
from archive_shared.errors import NotFound
from tiler.adapters.index_cache import CachedIndexes, memory_bytes
from tiler.adapters.tiles_on_demand import PreparedTiles
from tiler.domain.encoding import Compression, Encoding, Photometric
from tiler.domain.level import Level
from tiler.domain.problems import UnreadableIndex
from tiler.domain.tile_index import TileIndex

THREADS = 16


class CountingStore(FolderBlobStore):
    """A bucket in a folder that counts reads, and takes its time for each."""

    pause_s = 0.0

    def __init__(self, root: Path) -> None:
        super().__init__(
            root, bucket="media", signer=LinkSigner(b"s" * 32), public_url="https://archive.test"
        )
        self.reads: list[str] = []
        self._most = threading.Lock()

    def read(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        with self._most:
            self.reads.append(key)
        time.sleep(self.pause_s)
        return super().read(key, start, end)


@pytest.fixture
def media(tmp_path: Path) -> CountingStore:
    return CountingStore(tmp_path)


def an_index(side: int = 4) -> TileIndex:
    """An index of side times side tiles."""
    count = side * side
    lengths = array("Q", [1000]) * count
    offsets = array("Q", range(8, 8 + 1000 * count, 1000))
    encoding = Encoding(Compression.JPEG, Photometric.YCBCR, samples_per_pixel=3)
    level = Level(side * 256, side * 256, 256, 256, True, encoding, offsets, lengths)
    return TileIndex(source_size_bytes=10**9, levels=(level,))


def stored(media: CountingStore, *keys: str, side: int = 4) -> TileIndex:
    """Store an index under each of these keys."""
    index = an_index(side)
    for key in keys:
        media.put(key, index.to_bytes())
    return index


def together(work: Callable[[int], object]) -> list[object]:
    """Do the work in many threads that start at the same moment."""
    start = threading.Barrier(THREADS)

    def one(number: int) -> object:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(one, range(THREADS)))


def test_an_index_is_the_stored_one(media: CountingStore) -> None:
    index = stored(media, "a")

    assert CachedIndexes(media).get("a") == index


def test_an_index_is_read_once(media: CountingStore) -> None:
    stored(media, "a")
    cache = CachedIndexes(media)

    first, second = cache.get("a"), cache.get("a")

    assert first is second
    assert media.reads == ["a"]


def test_a_crowd_that_wants_the_same_index_reads_it_once(media: CountingStore) -> None:
    stored(media, "a")
    media.pause_s = 0.05
    cache = CachedIndexes(media)

    found = together(lambda _: cache.get("a"))

    assert media.reads == ["a"]
    assert len({id(index) for index in found}) == 1


def test_the_index_used_least_recently_is_dropped(media: CountingStore) -> None:
    index = stored(media, "a", "b", "c")
    cache = CachedIndexes(media, most_bytes=int(2.5 * memory_bytes(index)))

    for key in ("a", "b", "a", "c", "a", "b"):
        cache.get(key)

    assert media.reads == ["a", "b", "c", "b"]


def test_an_index_larger_than_the_bound_is_kept_until_the_next(media: CountingStore) -> None:
    stored(media, "large", side=50)
    stored(media, "small")
    cache = CachedIndexes(media, most_bytes=1)

    for key in ("large", "large", "small", "large"):
        cache.get(key)

    assert media.reads == ["large", "small", "large"]


@pytest.mark.parametrize(("damaged", "error"), [(None, NotFound), (b"garbage", UnreadableIndex)])
def test_what_cannot_be_read_is_not_kept(
    media: CountingStore, damaged: bytes | None, error: type[Exception]
) -> None:
    cache = CachedIndexes(media)
    if damaged is not None:
        media.put("a", damaged)
    with pytest.raises(error):
        cache.get("a")

    index = stored(media, "a")

    assert cache.get("a") == index


def test_many_threads_and_many_indexes_stay_within_the_bound(media: CountingStore) -> None:
    keys = [f"index-{number}" for number in range(20)]
    index = stored(media, *keys, side=100)
    bound = 5 * memory_bytes(index)
    cache = CachedIndexes(media, most_bytes=bound)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        found = together(lambda number: [cache.get(key) for key in keys[number:] + keys[:number]] and number)
        kept_bytes = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()

    assert found == list(range(THREADS))
    assert kept_bytes < bound * 1.2
    assert all(cache.get(key) == index for key in keys)


def test_the_memory_of_an_index_is_counted_as_it_is(media: CountingStore) -> None:
    body = stored(media, "a", side=300).to_bytes()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        index = TileIndex.from_bytes(body)
        taken_bytes = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()

    assert memory_bytes(index) == pytest.approx(taken_bytes, rel=0.15)


def test_what_is_prepared_of_an_index_keeps_no_more_of_them_in_memory_than_fit() -> None:
    indexes = [an_index() for _ in range(4)]
    kept = [weakref.ref(index) for index in indexes]
    prepared = PreparedTiles(most_bytes=int(2.5 * memory_bytes(indexes[0])))

    for number, index in enumerate(indexes):
        prepared(f"index-{number}", index)
    latest, again = prepared("index-3", indexes[3]), prepared("index-3", indexes[3])
    del indexes, index

    assert latest is again
    assert [found() is not None for found in kept] == [False, False, True, True]


def test_profiles_and_tables_count_as_memory_of_an_index() -> None:
    index = an_index()
    (level,) = index.levels
    encoding = level.encoding._replace(jpeg_tables=bytes(700), palette=bytes(768))

    larger = replace(index, icc_profile=bytes(1 << 20), levels=(level._replace(encoding=encoding),))

    assert memory_bytes(larger) - memory_bytes(index) == (1 << 20) + 700 + 768
