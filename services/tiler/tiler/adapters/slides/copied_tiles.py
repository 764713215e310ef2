"""Which tiles of a level are copied, from where, and the look that each of them gets."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from io import BytesIO
from itertools import accumulate, chain, compress, pairwise, repeat
from operator import add, le, ne
from typing import NamedTuple

from tiler.adapters.bounded_reader import read_exactly
from tiler.adapters.slides.marker_counts import markers_within
from tiler.domain.encoding import Photometric
from tiler.domain.jpeg_stream import (
    EOI,
    SOI,
    JpegFrame,
    end_of_image,
    frame_of,
    has_quantisation,
    require_harmless,
    shared_tables,
)
from tiler.domain.level import Level
from tiler.domain.limits import MAX_TILE_BYTES
from tiler.domain.problems import UnreadableImage
from tiler.domain.slide import StoredLevel

_BLANK_QUALITY = 90
_MODES = {1: "L", 3: "RGB"}
_HEADS_KNOWN = 8
_PADDED_EOI = EOI + b"\0"  # to an even length, as DICOM has it


class TileRanges(NamedTuple):
    """Which byte ranges of a source hold the tiles of a level, without those that several tiles share.

    Parameters
    ----------
    starts, sizes
        Ranges in the order of the source.
    places
        For every tile the number of its range; the last number stands for tiles that were never written.
    """

    starts: "array[int]"
    sizes: "array[int]"
    places: Sequence[int]
    blank: bytes
    frame: JpegFrame

    @classmethod
    def of(cls, stored: StoredLevel, private: Sequence[tuple[int, int]]) -> "TileRanges":
        level = stored.level
        if not any(level.lengths):
            raise UnreadableImage("A page of the slide has no tile at all.")
        starts, sizes, places = _ranges(level)
        _require_private(starts, sizes, private)
        frame = frame_of(read_exactly(stored.source, starts[0], starts[0] + sizes[0]))
        blank = b"" if all(level.lengths) else _blank_tile(level, frame)
        return cls(starts, sizes, places, blank, frame)

    @property
    def copied_bytes(self) -> int:
        return sum(self.sizes) + len(self.blank)

    def positions(self, at: int) -> tuple["array[int]", "array[int]"]:
        """Return where the tiles stand once the ranges are packed behind one another from `at`."""
        sizes = array("Q", chain(self.sizes, (len(self.blank),)))
        begins = array("Q", accumulate(sizes, initial=at))
        return _picked(begins, self.places), _picked(sizes, self.places)

    def groups(self, *, gap: int, most_bytes: int) -> Iterator[tuple[int, int]]:
        """Yield first and end of ranges that lie `gap` bytes apart in the source and together are not too many, or are one."""
        ends = list(map(add, self.starts, self.sizes))
        apart = compress(range(1, len(ends)), map(ne, map(add, ends, repeat(gap)), self.starts[1:]))
        for first, stop in pairwise((0, *apart, len(ends))):
            at = first
            while at < stop:
                end = max(at + 1, bisect_right(ends, self.starts[at] + most_bytes, at, stop))
                yield at, end
                at = end


class TileCheck:
    """Looks at every tile; those of one level start alike, so comparing is enough for most of their heads. Thread-safe."""

    def __init__(self, level: Level) -> None:
        self._level = level
        self._known: tuple[bytes, ...] = ()
        self._markers_in_head = lru_cache(_HEADS_KNOWN)(markers_within)

    def cleared(self, body: bytes, starts: Sequence[int], sizes: Sequence[int]) -> bytes:
        """Return the bytes with zeros in place of whatever scanners left behind their pictures."""
        if self._are_alike_and_bare(body, starts, sizes):
            return body
        ends = [start + size for start, size in zip(starts, sizes, strict=True)]
        shown = [
            end_of_image(body, self._data(body, *tile), tile[1]) for tile in zip(starts, ends, strict=True)
        ]
        if shown == ends:
            return body
        cleared = bytearray(body)
        for end_of_shown, end in zip(shown, ends, strict=True):
            cleared[end_of_shown:end] = bytes(end - end_of_shown)
        return bytes(cleared)

    def _are_alike_and_bare(self, body: bytes, starts: Sequence[int], sizes: Sequence[int]) -> bool:
        """Whether all tiles have the head that was learned last, end with their picture, and so hold all markers there are."""
        head = self._known[-1] if self._known else b""
        in_head = self._markers_in_head(head)
        if not in_head or min(sizes) < len(head) + len(_PADDED_EOI):
            return False
        ends = map(add, starts, sizes)
        return (
            markers_within(body) == len(sizes) * (in_head + 1)
            and all(map(body.startswith, repeat(head), starts))
            and all(map(body.endswith, repeat((EOI, _PADDED_EOI)), starts, ends))
        )

    def _data(self, body: bytes, start: int, end: int) -> int:
        """Return where the entropy-coded data of a tile begins."""
        for known in self._known:
            if body.startswith(known, start):
                return start + len(known)
        return start + len(self._learned(body[start:end]))

    def _learned(self, tile: bytes) -> bytes:
        """Check a head that is new, remember it up to the end of its frame header, and return it."""
        level, frame = self._level, frame_of(tile)
        if (frame.width, frame.height, frame.components) != (
            level.tile_width,
            level.tile_height,
            level.encoding.samples_per_tile,
        ):
            raise UnreadableImage("A JPEG tile is not of the size its page says.")
        if not frame.shown_by_browsers:
            raise UnreadableImage("JPEG tiles of 12 bits, lossless or arithmetic coding are not supported.")
        if not (has_quantisation(tile) or has_quantisation(level.encoding.jpeg_tables)):
            raise UnreadableImage("JPEG tiles of the slide lack their tables, and cannot be decoded without.")
        head = require_harmless(tile)
        self._known = (*self._known[1 - _HEADS_KNOWN :], head)
        return head


def require_leads(
    body: bytes, starts: Sequence[int], sizes: Sequence[int], lead: Callable[[int], bytes]
) -> None:
    """Raise `UnreadableImage` unless right before each tile stands what has to."""
    if not all(body.endswith(lead(size), 0, start) for start, size in zip(starts, sizes, strict=True)):
        raise UnreadableImage("Frames of the slide are cut into fragments, or are not where its table says.")


def bare_tables(level: Level) -> bytes:
    """Return the JPEGTables of the page; empty if it has none."""
    return SOI + shared_tables(level.encoding.jpeg_tables) + EOI if level.encoding.jpeg_tables else b""


def _are_in_order(level: Level) -> bool:
    """Whether all tiles are there, one after the other, as most scanners write them."""
    ends = map(add, level.offsets, level.lengths)
    return all(level.lengths) and all(map(le, ends, level.offsets[1:]))


def _picked(values: "array[int]", places: Sequence[int]) -> "array[int]":
    """Return the value at each place."""
    if isinstance(places, range):  # all in order, as most scanners write them
        return values[places.start : places.stop]
    return array("Q", (values[place] for place in places))


def _ranges(level: Level) -> tuple["array[int]", "array[int]", Sequence[int]]:
    """Return starts and sizes of ranges in the order of the source, each once, and which of them each tile has."""
    if _are_in_order(level):
        return level.offsets, level.lengths, range(len(level.lengths))
    tiles = list(zip(level.offsets, level.lengths, strict=True))
    ranges = sorted({(start, size) for start, size in tiles if size})
    if any(start + size > following for (start, size), (following, _) in pairwise(ranges)):
        raise UnreadableImage("Tiles of the slide overlap in the file.")  # they would multiply it
    numbers = {found: number for number, found in enumerate(ranges)}
    places = array("Q", (numbers.get(tile, len(ranges)) for tile in tiles))
    return array("Q", (start for start, _ in ranges)), array("Q", (size for _, size in ranges)), places


def _require_private(starts: "array[int]", sizes: "array[int]", private: Sequence[tuple[int, int]]) -> None:
    """Keep the bytes of the label out of the slide, whatever its pages say."""
    if max(sizes) > MAX_TILE_BYTES:
        raise UnreadableImage("A tile of the slide is too large.")
    for begin, end in private:
        last = bisect_left(starts, end) - 1
        if last >= 0 and starts[last] + sizes[last] > begin:
            raise UnreadableImage("A page of the slide points at the bytes of its label or overview.")


def _blank_tile(level: Level, frame: JpegFrame) -> bytes:
    """Return a white tile with tables of its own, shared by all tiles that were never written."""
    from PIL import Image  # noqa: PLC0415 (hardly any slide has such tiles)

    body = BytesIO()
    white = Image.new(_MODES[frame.components], (level.tile_width, level.tile_height), "white")
    is_rgb = level.encoding.photometric == Photometric.RGB
    across, down = frame.subsampling or (1, 1)
    subsampling = {(1, 1): "4:4:4", (2, 1): "4:2:2", (2, 2): "4:2:0"}.get((across, down), "4:4:4")
    white.save(body, "JPEG", quality=_BLANK_QUALITY, subsampling=subsampling, keep_rgb=is_rgb)
    return body.getvalue()
