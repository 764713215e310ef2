"""Where the frames of encapsulated DICOM pixels lie: by their offset table, or else by their headers, one after the other.

PS3.5 A.4 and Table A.4-1; the extended offset table is PS3.3 C.7.6.3.1.8. Every frame has to be one item. Headers of
frames found by a table are not read here: `StoredLevel.lead` has them checked when the frames themselves are read.
"""

import sys
from array import array
from collections.abc import Iterator
from itertools import pairwise

from tiler.adapters.bounded_reader import read_exactly
from tiler.domain.limits import MAX_TILE_BYTES, MIB
from tiler.domain.problems import UnreadableImage
from tiler.domain.ranged_source import RangedSource

_PIXEL_DATA = b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff"
_ITEM, _END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"
_HEADER_BYTES = 8
_WINDOW_BYTES = MIB


def lead(length: int) -> bytes:
    """Return what stands right before a frame of so many bytes."""
    return _ITEM + length.to_bytes(4, "little")


def frames(
    source: RangedSource, at: int, count: int, extended_table: bytes, *, by_table: bool
) -> Iterator[tuple[int, int]]:
    """Return start and length of every frame of the pixel data at `at`.

    A file with an offset table costs two or three reads, whatever its size; one without is read once, by the megabyte.

    Parameters
    ----------
    extended_table
        The value of the element ExtendedOffsetTable; empty if there is none.
    by_table
        Whether tables are believed, as frames will be checked when they are read; if not, all headers are read here.

    Raises
    ------
    UnreadableImage
        The pixels are not encapsulated, or are cut off, or fragments are not as many as `count`.
    """
    items = _Items(source)
    if items.bytes_at(at, len(_PIXEL_DATA)) != _PIXEL_DATA:
        raise UnreadableImage("The slide's frames are not encapsulated.")
    start, length = items.item(at + len(_PIXEL_DATA))
    basic_table = items.bytes_at(start, length) if length == 4 * count else b""
    for code, table in (("Q", extended_table), ("I", basic_table)):
        offsets = _offsets(code, table)
        if by_table and len(offsets) == count and _are_in_order(offsets):
            return _by_table(items, start + length, offsets)
    return _by_headers(items, start + length, count)


def _offsets(code: str, table: bytes) -> "array[int]":
    offsets = array(code)
    if len(table) % offsets.itemsize == 0:
        offsets.frombytes(table)
    if sys.byteorder == "big":
        offsets.byteswap()
    return offsets


def _are_in_order(offsets: "array[int]") -> bool:
    """Whether frames follow one another; offsets of 32 bits begin anew in files of more than four gigabytes."""
    rising = all(later - earlier > _HEADER_BYTES for earlier, later in pairwise(offsets))
    return rising and offsets[:1] == array(offsets.typecode, (0,))


class _Items:
    """Reads headers of items; keeps one window of the file, so that neighbours cost one read."""

    def __init__(self, source: RangedSource) -> None:
        self._source = source
        self._at, self._window = 0, b""

    def bytes_at(self, at: int, length: int) -> bytes:
        """Return so many bytes, fewer at the end of the file."""
        if not self._at <= at <= at + length <= self._at + len(self._window):
            end = min(at + max(length, _WINDOW_BYTES), self._source.size_bytes)
            self._at, self._window = at, read_exactly(self._source, min(at, end), end)
        return self._window[at - self._at : at - self._at + length]

    def item(self, at: int) -> tuple[int, int]:
        """Return start and length of what an item holds."""
        header = self.bytes_at(at, _HEADER_BYTES)
        start, length = at + _HEADER_BYTES, int.from_bytes(header[4:], "little")
        if header[:4] != _ITEM or start + length > self._source.size_bytes or length > MAX_TILE_BYTES * 16:
            raise UnreadableImage("The slide ended early, or has fewer frames than it says.")
        return start, length

    def require_end(self, at: int) -> None:
        if self.bytes_at(at, len(_END)) != _END:
            raise UnreadableImage("Frames of the slide are cut into fragments, or more than it says.")


def _by_table(items: _Items, first: int, offsets: "array[int]") -> Iterator[tuple[int, int]]:
    start, length = items.item(first + offsets[-1])
    items.require_end(start + length)
    for earlier, later in pairwise(offsets):
        yield first + earlier + _HEADER_BYTES, later - earlier - _HEADER_BYTES
    yield start, length


def _by_headers(items: _Items, first: int, count: int) -> Iterator[tuple[int, int]]:
    at = first
    for _ in range(count):
        start, length = items.item(at)
        yield start, length
        at = start + length
    items.require_end(at)
