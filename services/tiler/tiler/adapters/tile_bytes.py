"""The stored bytes of tiles: one, or several that lie next to each other with one ranged read."""

from collections.abc import Iterable, Iterator

from tiler.adapters.bounded_reader import read_exactly
from tiler.domain.level import TileLocation
from tiler.domain.limits import MAX_TILE_BYTES, MIB
from tiler.domain.problems import UnreadableImage
from tiler.domain.ranged_source import RangedSource

_MOST_TOGETHER_BYTES = 4 * MIB
_WIDEST_GAP_BYTES = 16 << 10  # reading these costs less than asking a store once more


def read_stored(source: RangedSource, location: TileLocation) -> bytes:
    """Return the bytes of one stored tile."""
    if location.length > MAX_TILE_BYTES:
        raise UnreadableImage("A tile or strip of the image is too large.")
    return read_exactly(source, location.offset, location.end)


def read_together(source: RangedSource, locations: Iterable[TileLocation]) -> Iterator[bytes]:
    """Yield the bytes of tiles in the given order; empty for tiles that were never written."""
    for start, end, run in _runs(locations):
        body = read_stored(source, TileLocation(start, end - start)) if end else b""
        for offset, length in run:
            yield body[offset - start : offset - start + length] if length else b""


def _runs(locations: Iterable[TileLocation]) -> Iterator[tuple[int, int, list[TileLocation]]]:
    """Yield runs that follow one another in the file closely enough, with begin and end of each; both 0 if nothing was written."""
    run: list[TileLocation] = []
    start = end = 0
    for location in locations:
        offset, length = location
        if length:
            if end and not _continues(offset, length, start, end):
                yield start, end, run
                run, end = [], 0
            start = start if end else offset
            end = offset + length
        run.append(location)
    if run:
        yield start, end, run


def _continues(offset: int, length: int, start: int, end: int) -> bool:
    return 0 <= offset - end <= _WIDEST_GAP_BYTES and offset + length - start <= _MOST_TOGETHER_BYTES
