"""Joins restart intervals of JPEG streams into the tiles of a canonical slide; no entropy-coded byte changes."""

from array import array
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, chain, islice, repeat
from pathlib import Path

from tiler.adapters.slides.bigtiff import ProductLevel, positions
from tiler.adapters.slides.copying import Progress
from tiler.adapters.slides.jpeg_streams import intervals
from tiler.adapters.slides.product import ProductFile, Written, generated_tiles, product_text, sha256_of
from tiler.domain.encoding import Photometric
from tiler.domain.jpeg_intervals import IntervalStream, StreamHead, tile_size
from tiler.domain.limits import MAX_TILES
from tiler.domain.problems import UnreadableImage
from tiler.domain.slide import JoinedLevel, JoinPlan

_EOI = b"\xff\xd9"
_RESTARTS = [bytes((0xFF, 0xD0 + number)) for number in range(8)]


def join_slide(plan: JoinPlan, target: Path, *, name: str, checksum: bool, on_progress: Progress) -> Written:
    """Write the slide; memory is that of one row of tiles.

    Raises
    ------
    UnreadableImage
        A stream ends early, or its restart markers are out of order.
    """
    grids = [_grid(level) for level in plan.levels]
    if sum(columns * rows for columns, rows in grids) > MAX_TILES:
        raise UnreadableImage(f"The slide has more than {MAX_TILES} tiles.")
    heads = [level.streams[0].head for level in plan.levels]
    later = generated_tiles(plan.levels[0].width, plan.levels[0].height, tile_size(heads[0]))
    text = product_text(plan.facts, plan.route, name)
    tiles = [columns * rows for columns, rows in grids]
    tables = [head.tables_stream for head in heads]
    with ProductFile(target, text, tiles=tiles, tables=tables, later=later) as product:
        total = sum(stream.end - stream.start for level in plan.levels for stream in level.streams)
        levels = [
            _write_level(product, level, grid, lambda: on_progress(min(1000, 1000 * product.end // total)))
            for level, grid in zip(plan.levels, grids, strict=True)
        ]
        product.write_directories(levels)
    return Written(sha256_of(target) if checksum else "", len(levels))


def _grid(level: JoinedLevel) -> tuple[int, int]:
    width, height = tile_size(level.streams[0].head)
    return -(-level.width // width), -(-level.height // height)


def _write_level(
    product: ProductFile, level: JoinedLevel, grid: tuple[int, int], on_progress: Callable[[], None]
) -> ProductLevel:
    head = level.streams[0].head
    width, height = tile_size(head)
    offsets, lengths = (positions(grid[0] * grid[1]) for _ in range(2))
    for stream in level.streams:
        for number, row in enumerate(_tile_rows(stream)):
            at = (stream.top // height + number) * grid[0] + stream.left // width
            sizes = array("Q", map(len, row))
            begins = accumulate(sizes[:-1], initial=product.append(b"".join(row)))
            lengths[at : at + len(row)] = sizes
            offsets[at : at + len(row)] = array("Q", begins)
            on_progress()
    return ProductLevel(
        level.width,
        level.height,
        width,
        height,
        _photometric(head),
        head.subsampling,
        head.tables_stream,
        offsets,
        lengths,
    )


def _photometric(head: StreamHead) -> Photometric:
    if len(head.factors) == 1:
        return Photometric.BLACK_IS_ZERO
    return Photometric.RGB if head.is_rgb else Photometric.YCBCR


def _tile_rows(stream: IntervalStream) -> Iterator[list[bytes]]:
    """Yield the tiles of a stream, row by row; what lacks at the right and bottom edge repeats the last blocks."""
    head = stream.head
    width, height = tile_size(head)
    across, down = width // head.interval_width, height // head.mcu_size[1]
    start = head.start_of_tile(width, height)
    source = intervals(stream)
    for top in range(0, stream.rows, down):
        rows = [list(islice(source, stream.columns)) for _ in range(min(down, stream.rows - top))]
        rows += repeat(rows[-1], down - len(rows))
        yield [start + _joined(rows, left, across) for left in range(0, stream.columns, across)]
    for _ in source:
        raise UnreadableImage("A JPEG stream of the slide is longer than its page says.")


def _joined(rows: Sequence[Sequence[bytes]], left: int, across: int) -> bytes:
    parts: list[bytes] = []
    for row in rows:
        found = row[left : left + across]
        parts += found
        parts += repeat(found[-1], across - len(found))
    markers = chain((_RESTARTS[number % 8] for number in range(len(parts) - 1)), (_EOI,))
    return b"".join(chain.from_iterable(zip(parts, markers, strict=True)))
