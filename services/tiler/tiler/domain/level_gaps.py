"""Tiles that a smaller level lacks although there is something to show."""

from tiler.domain.level import Level


def lacks_what_is_in(smaller: Level, larger: Level) -> bool:
    """Whether a tile of the smaller level was never written where one of the larger level was.

    Aperio's scanners left out tiles of smaller levels by mistake; OpenSlide shows the larger level there, we would show white.
    Nothing is amiss where both lack them: scanners leave out bare glass. Levels without gaps cost nothing to look at. Tiles are in one plane.
    """
    if all(smaller.lengths):
        return False
    if all(larger.lengths) or not any(smaller.lengths):
        return True
    missing = (at for at, length in enumerate(smaller.lengths) if not length)
    return any(_has_something(larger, smaller, at) for at in missing)


def _has_something(larger: Level, smaller: Level, at: int) -> bool:
    row, column = divmod(at, smaller.columns)
    across = _tiles(column, smaller.tile_width, smaller.width, larger.tile_width, larger.width)
    down = _tiles(row, smaller.tile_height, smaller.height, larger.tile_height, larger.height)
    rows = (number * larger.columns for number in down)
    return any(any(larger.lengths[begin + across.start : begin + across.stop]) for begin in rows)


def _tiles(number: int, tile: int, length: int, larger_tile: int, larger_length: int) -> range:
    """Return which tiles of the larger level show what one of the smaller shows, along one axis.

    Where they touch by a pixel alone does not count: lengths of levels are rounded.
    """
    start, stop = number * tile + 1, min((number + 1) * tile, length) - 1
    first = min(start, length - 1) * larger_length // length // larger_tile
    return range(first, max(first, (max(start, stop) * larger_length // length - 1) // larger_tile) + 1)
