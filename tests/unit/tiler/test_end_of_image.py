"""Where the image of a JPEG stream ends, found as a pattern over its bytes would find it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiler.domain.jpeg_stream import ForeignSegment, end_of_image

MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
TELLING = b"\xff\x00\xd9\xda\xd0\xd7\xd8\xc4\xdb\xdd\xdc\xfe\xe1\x01\x02\x7f"
BETWEEN_SCANS = (0xC4, 0xDB, 0xDD, 0xDA, 0xDC)


def by_pattern(stream: bytes, at: int, end: int) -> int | None:
    """None where something else than pixels was found."""
    while found := MARKER.search(stream, at, end):
        at, marker = found.end(), stream[found.end() - 1]
        if marker == 0xD9:
            return at
        if marker not in BETWEEN_SCANS:
            return None
        at += max(2, int.from_bytes(stream[at : at + 2]))
    return end


@given(st.lists(st.sampled_from(TELLING), max_size=40).map(bytes), st.data())
def test_it_is_where_the_first_marker_says_that_belongs_to_no_data(
    stream: bytes, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(stream)))
    end = data.draw(st.integers(at, len(stream)))
    expected = by_pattern(stream, at, end)

    if expected is None:
        with pytest.raises(ForeignSegment):
            end_of_image(stream, at, end)
    else:
        assert end_of_image(stream, at, end) == expected


@pytest.mark.parametrize(
    ("stream", "end"),
    [
        (b"\x12\xff\x00\x34\xff\xd9", 6),
        (b"\x12\xff\xd3\x34\xff\xd9secret", 6),
        (b"\x12\xff\xff\xd9secret", 4),
        (b"\x12\x34\xff", 3),
        (b"\x12\x34", 2),
        (b"", 0),
    ],
)
def test_stuffed_bytes_restarts_and_fill_bytes_end_nothing(stream: bytes, end: int) -> None:
    assert end_of_image(stream, 0, len(stream)) == end


def test_another_scan_with_its_tables_is_part_of_the_image() -> None:
    stream = b"\x12\xff\xc4\x00\x04\xff\xd9\xff\xda\x00\x02\x34\xff\xd9secret"

    assert end_of_image(stream, 0, len(stream)) == len(stream) - len(b"secret")


def test_a_comment_between_scans_is_foreign() -> None:
    stream = b"\x12\xff\xfe\x00\x06Jane\xff\xd9"

    with pytest.raises(ForeignSegment):
        end_of_image(stream, 0, len(stream))
