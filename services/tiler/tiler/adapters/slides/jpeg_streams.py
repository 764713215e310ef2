"""Reads the heads of JPEG streams, and their restart intervals, from ranges of any source."""

import re
from collections.abc import Iterator

from tiler.adapters.bounded_reader import read_exactly
from tiler.domain.jpeg_intervals import IntervalStream, StreamHead, stream_head
from tiler.domain.limits import MAX_TILE_BYTES, MIB
from tiler.domain.problems import UnreadableImage
from tiler.domain.ranged_source import RangedSource

_HEAD_BYTES = 64 << 10
_EOI = b"\xff\xd9"
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
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
    """
    expected, found, rest = stream.columns * stream.rows, 0, b""
    for body in _pieces(stream):
        data = rest + body
        at = _markers(data, found)
        begin = 0
        for marker in at:
            yield data[begin:marker]
            begin = marker + 2
        found += len(at)
        rest = data[begin:]
        if found >= expected or len(rest) > MAX_TILE_BYTES:
            raise UnreadableImage("A JPEG stream of the slide does not have the size its page says.")
    if found + 1 != expected or _EOI not in rest:
        raise UnreadableImage("A JPEG stream of the slide ended early.")
    yield rest[: rest.rindex(_EOI)]


def _pieces(stream: IntervalStream) -> Iterator[bytes]:
    start = stream.start + stream.head.length
    for begin in range(start, stream.end, _AT_ONCE_BYTES):
        yield read_exactly(stream.source, begin, min(begin + _AT_ONCE_BYTES, stream.end))


def _markers(data: bytes, number: int) -> list[int]:
    """Return where restart markers stand; a marker cut in half is found with the next piece."""
    at = [found.start() for found in _RESTART.finditer(data)]
    if any(data[marker + 1] != 0xD0 + (number + count) % 8 for count, marker in enumerate(at)):
        raise UnreadableImage("Restart markers of a JPEG stream are out of order; it is damaged.")
    return at
