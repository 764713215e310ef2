"""Stored tiles read one by one or together, and the outside of JPEG streams."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.slides import MemorySource
from tiler.adapters.tile_bytes import read_stored, read_together
from tiler.domain.encoding import Compression, Encoding, Photometric
from tiler.domain.jpeg_stream import frame_of, shared_tables
from tiler.domain.level import TileLocation
from tiler.domain.problems import UnreadableImage

BODY = bytes(range(256)) * 1024
SOI, EOI = b"\xff\xd8", b"\xff\xd9"
QUANTISATION = b"\xff\xdb\x00\x43\x00" + bytes(range(64))
FRAME = b"\xff\xc0\x00\x11\x08\x01\x00\x02\x00\x03\x00\x22\x00\x01\x11\x01\x02\x11\x01"


@given(st.lists(st.tuples(st.integers(0, 200_000), st.integers(0, 60_000)), max_size=12))
def test_tiles_read_together_are_the_tiles_read_one_by_one(places: list[tuple[int, int]]) -> None:
    locations = [TileLocation(offset, length) for offset, length in places]

    together = list(read_together(MemorySource(BODY), locations))

    assert together == [read_stored(MemorySource(BODY), location) for location in locations]


def test_neighbours_are_read_with_one_range() -> None:
    source = MemorySource(BODY)
    row = [TileLocation(100, 50), TileLocation(150, 30), TileLocation(0, 0), TileLocation(190, 10)]

    bodies = list(read_together(source, row))

    assert source.ranges == [(100, 200)]
    assert [len(body) for body in bodies] == [50, 30, 0, 10]


def test_tiles_far_apart_or_in_reverse_are_read_apart() -> None:
    source = MemorySource(BODY)

    list(read_together(source, [TileLocation(100_000, 50), TileLocation(10, 5), TileLocation(200_000, 5)]))

    assert source.ranges == [(100_000, 100_050), (10, 15), (200_000, 200_005)]


def test_a_tile_of_gigabytes_is_refused_before_it_is_read() -> None:
    source = MemorySource(BODY)

    with pytest.raises(UnreadableImage, match="too large"):
        read_stored(source, TileLocation(0, 2 << 30))
    assert source.ranges == []


@pytest.mark.parametrize("padding", [b"", b"\0", b"\0\0\0"])
def test_shared_tables_end_at_their_end_marker(padding: bytes) -> None:
    assert shared_tables(SOI + QUANTISATION + EOI + padding) == QUANTISATION


def test_shared_tables_come_without_comments_and_application_data() -> None:
    comment, exif = b"\xff\xfe\0\7Janet", b"\xff\xe1\0\6Exif"

    assert shared_tables(SOI + comment + QUANTISATION + exif + EOI) == QUANTISATION


def test_shared_tables_may_lack_their_end_marker_or_be_missing() -> None:
    assert shared_tables(SOI + QUANTISATION) == QUANTISATION
    assert shared_tables(b"") == b""


@pytest.mark.parametrize(
    "tables",
    [
        SOI + FRAME + EOI,
        SOI + QUANTISATION + FRAME + EOI,
        SOI + QUANTISATION + b"\xff\xda\x00\x02" + EOI,
        SOI + QUANTISATION[:-1],
        SOI + QUANTISATION + b"junk",
        SOI + SOI + QUANTISATION + EOI,
        b"junk" + QUANTISATION,
    ],
)
def test_tables_that_smuggle_a_frame_are_refused(tables: bytes) -> None:
    encoding = Encoding(
        compression=Compression.JPEG, photometric=Photometric.YCBCR, samples_per_pixel=3, jpeg_tables=tables
    )

    with pytest.raises(UnreadableImage, match="tables"):
        encoding.require_readable()


def test_the_frame_is_found_behind_tables_and_fill_bytes() -> None:
    frame = frame_of(SOI + QUANTISATION + b"\xff\xff" + FRAME)

    assert (frame.width, frame.height, frame.components, frame.bits) == (512, 256, 3, 8)


@pytest.mark.parametrize(
    "stream",
    [
        b"",
        SOI,
        SOI + QUANTISATION,
        SOI + FRAME[:7],
        SOI + b"\xff" * 5_000_000,
        SOI + b"\xff\x01" * 2_000_000,
        FRAME,
    ],
    ids=["nothing", "only the start", "no frame", "half a frame", "fill bytes", "empty markers", "no start"],
)
def test_streams_without_a_frame_are_refused_at_once(stream: bytes) -> None:
    with pytest.raises(UnreadableImage):
        frame_of(stream)
