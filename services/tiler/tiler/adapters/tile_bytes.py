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
    for run in _runs(locations):
        written = [location for location in run if location.length]
        if not written:
            yield from (b"" for _ in run)
            continue
        start = written[0].offset
        body = read_stored(source, TileLocation(start, written[-1].end - start))
        for location in run:
            yield body[location.offset - start : location.end - start] if location.length else b""


def _runs(locations: Iterable[TileLocation]) -> Iterator[list[TileLocation]]:
    """Split into runs that follow one another in the file closely enough."""
    run: list[TileLocation] = []
    start = end = 0
    for location in locations:
        if not location.length:
            run.append(location)
            continue
        if not end:
            start = location.offset
        elif not _continues(location, start, end):
            yield run
            run, start = [], location.offset
        run.append(location)
        end = location.end
    if run:
        yield run


def _continues(location: TileLocation, start: int, end: int) -> bool:
    gap = location.offset - end
    return 0 <= gap <= _WIDEST_GAP_BYTES and location.end - start <= _MOST_TOGETHER_BYTES
