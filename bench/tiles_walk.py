"""What somebody fetches who looks at a slide: a window of tiles that is moved a little at a time, and now and then zoomed."""

import random
from collections.abc import Iterator, Sequence

from tiler.domain.tile_index import TileIndex

WINDOW = (6, 4)
ZOOMS = 3
_SHARE_OF_ZOOMS = 0.15
_STEPS = (-2, -1, 0, 1, 2)
Place = tuple[int, int, int]
"""How often the level is halved, and column and row of a tile."""


def walk(index: TileIndex, seed: int, count: int) -> Iterator[Sequence[Place]]:
    """Yield what each window needs, at least so many tiles in all and none twice, as a browser keeps what it has."""
    chance, seen = random.Random(seed), set[Place]()
    for window in _windows(index, chance):
        new = [place for place in window if place not in seen]
        seen.update(new)
        yield new
        if len(seen) >= count:
            return


def _windows(index: TileIndex, chance: random.Random) -> Iterator[list[Place]]:
    """Yield the tiles of one window after the other, for ever; none of them reaches an edge."""
    whole = [(level.columns - 1, level.rows - 1) for level in index.levels[:ZOOMS]]
    up = chance.randrange(ZOOMS)
    x, y = (chance.randrange(length) for length in whole[up])
    while True:
        columns, rows = whole[up]
        x, y = (
            max(0, min(at, length - side)) for at, length, side in zip((x, y), whole[up], WINDOW, strict=True)
        )
        across, down = range(x, min(x + WINDOW[0], columns)), range(y, min(y + WINDOW[1], rows))
        yield [(up, column, row) for row in down for column in across]
        if chance.random() < _SHARE_OF_ZOOMS:
            wanted = chance.choice([zoom for zoom in (up - 1, up + 1) if 0 <= zoom < ZOOMS])
            x, y, up = (2 * x, 2 * y, wanted) if wanted < up else (x // 2, y // 2, wanted)
        else:
            x, y = x + chance.choice(_STEPS), y + chance.choice(_STEPS)
