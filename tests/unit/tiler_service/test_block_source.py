"""Slides of a distant store: neighbouring tiles come together, a crowd asks once, and memory is bounded."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from archive_shared.blobs.folder import FolderBlobStore
from archive_shared.blobs.links import LinkSigner
from archive_shared.errors import NotFound, Unavailable
from tiler import bootstrap
from tiler.adapters.block_source import BLOCK_BYTES, Blocks

KEY = "slide.tif"
BODY = bytes(number % 251 for number in range(3 * BLOCK_BYTES + 1000))
THREADS = 8


class CountingStore(FolderBlobStore):
    """A bucket in a folder that counts reads, and answers when it is let."""

    def __init__(self, root: Path) -> None:
        super().__init__(
            root, bucket="images", signer=LinkSigner(b"s" * 32), public_url="https://archive.test"
        )
        self.reads: list[tuple[int, int | None]] = []
        self.answers = threading.Event()
        self.answers.set()
        self.is_away = False

    def read(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        self.reads.append((start, end))
        assert self.answers.wait(60)
        if self.is_away:
            raise Unavailable("the store is away")
        return super().read(key, start, end)


@pytest.fixture
def images(tmp_path: Path) -> CountingStore:
    store = CountingStore(tmp_path)
    store.put(KEY, BODY)
    return store


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (0, 1),
        (5, BLOCK_BYTES),
        (BLOCK_BYTES - 3, BLOCK_BYTES + 3),
        (2 * BLOCK_BYTES - 1, 3 * BLOCK_BYTES - 1),
        (len(BODY) - 7, len(BODY)),
        (3, 3),
        (9, 2 * BLOCK_BYTES + 9),
    ],
)
def test_ranges_are_those_of_the_object(images: CountingStore, start: int, end: int) -> None:
    source = Blocks(images, 10**9).open(KEY, len(BODY))

    assert source.read(start, end) == BODY[start:end]
    assert source.read(start, end) == BODY[start:end]


def test_neighbours_come_with_one_read(images: CountingStore) -> None:
    source = Blocks(images, 10**9).open(KEY, len(BODY))

    for start in range(0, BLOCK_BYTES - 1000, 9000):
        source.read(start, start + 1000)

    assert images.reads == [(0, BLOCK_BYTES)]


def test_larger_ranges_are_read_as_they_are_and_not_kept(images: CountingStore) -> None:
    source = Blocks(images, 10**9).open(KEY, len(BODY))

    for _ in range(2):
        source.read(7, BLOCK_BYTES + 8)

    assert images.reads == [(7, BLOCK_BYTES + 8)] * 2


def test_a_crowd_that_wants_the_same_block_reads_it_once(images: CountingStore) -> None:
    source = Blocks(images, 10**9).open(KEY, len(BODY))
    images.answers.clear()

    with ThreadPoolExecutor(THREADS) as threads:
        found = [threads.submit(source.read, 100 * number, 100 * number + 99) for number in range(THREADS)]
        images.answers.set()

    assert [body.result() for body in found] == [
        BODY[100 * number : 100 * number + 99] for number in range(THREADS)
    ]
    assert images.reads == [(0, BLOCK_BYTES)]


def test_blocks_beyond_the_bound_are_dropped(images: CountingStore) -> None:
    source = Blocks(images, 2 * BLOCK_BYTES).open(KEY, len(BODY))

    for block in (0, 1, 0, 2, 0, 1):
        source.read(block * BLOCK_BYTES, block * BLOCK_BYTES + 9)

    assert [start // BLOCK_BYTES for start, _ in images.reads] == [0, 1, 2, 1]


def test_blocks_of_one_object_are_not_those_of_another(images: CountingStore) -> None:
    blocks = Blocks(images, 10**9)
    images.put("another", BODY[::-1])

    assert blocks.open(KEY, len(BODY)).read(0, 9) == BODY[:9]
    assert blocks.open("another", len(BODY)).read(0, 9) == BODY[::-1][:9]


def test_a_store_that_was_away_is_asked_again(images: CountingStore) -> None:
    source = Blocks(images, 10**9).open(KEY, len(BODY))
    images.is_away = True
    with pytest.raises(Unavailable):
        source.read(0, 9)
    images.is_away = False

    assert source.read(0, 9) == BODY[:9]


def test_an_object_that_is_gone_is_not_found(images: CountingStore) -> None:
    with pytest.raises(NotFound):
        Blocks(images, 10**9).open("gone", 100).read(0, 9)


@pytest.mark.parametrize(("kept_bytes", "read"), [(10**9, [(0, BLOCK_BYTES)]), (0, [(0, 9), (0, 9)])])
def test_an_operator_says_how_much_is_kept(
    kept_bytes: int, read: list[tuple[int, int]], images: CountingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "keeps_files", lambda _: False)
    source = bootstrap._opening_slides(images, kept_bytes)(KEY, len(BODY))

    for _ in range(2):
        source.read(0, 9)

    assert images.reads == read
