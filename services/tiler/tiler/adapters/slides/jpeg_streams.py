"""Reads the heads of JPEG streams, and their restart intervals, from ranges of any source."""

import re
from collections.abc import Iterator

from tiler.adapters.bounded_reader import read_exactly
from tiler.domain.jpeg_intervals import IntervalStream, StreamHead, stream_head
from tiler.domain.jpeg_stream import ForeignSegment
from tiler.domain.limits import MAX_TILE_BYTES, MIB
from tiler.domain.problems import UnreadableImage
from tiler.domain.ranged_source import RangedSource

_HEAD_BYTES = 64 << 10
_END_OF_IMAGE = 0xD9
_MARKER = re.compile(rb"\xff[^\x00\xff]")
_AT_ONCE_BYTES = 4 * MIB


def read_head(source: RangedSource, start: int, end: int) -> StreamHead:
    """Read what stands before the data of a stream; see `stream_head` for errors."""
    return stream_head(read_exactly(source, start, min(end, start + _HEAD_BYTES)))


def intervals(stream: IntervalStream) -> Iterator[bytes]:
    """Yield the data of every restart interval, without markers; memory is that of a few megabytes.

    Raises
    ------
    UnreadableImage
        Their number is not that of the stream's size, or their markers are out of order.
    ForeignSegment
        There is something between them that decoders do not need.
    """
    expected, found, rest = stream.columns * stream.rows, 0, b""
    for body in _pieces(stream):
        data, begin = rest + body, 0
        for marker in _MARKER.finditer(data):  # one cut in half is found with the next piece
            is_last = _is_end(data[marker.end() - 1], found)
            yield data[begin : marker.start()]
            found, begin = found + 1, marker.end()
            if is_last and found == expected:
                return
            if is_last or found >= expected:
                raise UnreadableImage("A JPEG stream of the slide does not have the size its page says.")
        rest = data[begin:]
        if len(rest) > MAX_TILE_BYTES:
            raise UnreadableImage("A JPEG stream of the slide does not have the size its page says.")
    raise UnreadableImage("A JPEG stream of the slide ended early.")


def _is_end(marker: int, number: int) -> bool:
    """Whether the marker behind interval `number` ends the stream; if not, it must be the restart that is due."""
    if marker == 0xD0 + number % 8 or marker == _END_OF_IMAGE:
        return marker == _END_OF_IMAGE
    if 0xD0 <= marker <= 0xD7:
        raise UnreadableImage("Restart markers of a JPEG stream are out of order; it is damaged.")
    raise ForeignSegment("The slide's JPEG streams carry more than pixels.")


def _pieces(stream: IntervalStream) -> Iterator[bytes]:
    start = stream.start + stream.head.length
    for begin in range(start, stream.end, _AT_ONCE_BYTES):
        yield read_exactly(stream.source, begin, min(begin + _AT_ONCE_BYTES, stream.end))
