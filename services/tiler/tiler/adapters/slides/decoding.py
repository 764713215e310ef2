"""Decodes slides that cannot be copied, and encodes them anew in tiles: in parallel, block by block.

All levels are made on the way, from pixels that are there already, so nothing lacks that would have to be added.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from itertools import product
from pathlib import Path
from typing import NamedTuple

from tiler.adapters.kept_memory import keep_freed_memory
from tiler.adapters.slides.bigtiff import ProductLevel, positions
from tiler.adapters.slides.block_tiles import BlockTiles, EncodedTile, Grids, UpperLevels, block_tiles
from tiler.adapters.slides.copying import Progress
from tiler.adapters.slides.mirax_photos.pixels import MiraxPixels
from tiler.adapters.slides.mirax_photos.planes import MiraxPlanes
from tiler.adapters.slides.mirax_photos.proof import quickest_pixels
from tiler.adapters.slides.openslide_pixels import OpenSlidePixels
from tiler.adapters.slides.parallel import in_order
from tiler.adapters.slides.product import ProductFile, Written, product_text, sha256_of
from tiler.adapters.slides.tile_encoders import TILE_PX, InterleavedTiles, Pixels, PlanarTiles, TileEncoder
from tiler.domain.level import halved
from tiler.domain.limits import MAX_TILES
from tiler.domain.problems import UnreadableImage
from tiler.domain.region import Region
from tiler.domain.slide import DecodePlan, SlideFacts, Vendor
from tiler.domain.slide_files import SlideFiles

_BAND_BLOCKS = 4  # OpenSlide still remembers what a column of so many blocks shares with the next


class _Decoder(NamedTuple):
    """Decodes a slide, from several threads.

    Parameters
    ----------
    encoder
        For pixels as they are read.
    read
        Returns a part of the full resolution, or None if nothing was scanned there.
    """

    facts: SlideFacts
    width: int
    height: int
    encoder: TileEncoder
    read: Callable[[Region], Pixels | None]


def decode_slide(
    plan: DecodePlan, files: SlideFiles, target: Path, *, name: str, threads: int, on_progress: Progress
) -> Written:
    """Write the slide with all levels; memory is that of a few blocks for each thread.

    Raises
    ------
    UnreadableImage
        The slide is damaged, or not of the vendor its content speaks of.
    """
    keep_freed_memory()
    with _opened(plan, files) as decoder:
        levels = _levels(decoder)
        with ProductFile(
            target,
            product_text(decoder.facts, plan.route, name),
            tiles=[len(level.offsets) for level in levels],
            tables=[level.tables for level in levels],
        ) as file:
            grids = [(level.columns, level.rows) for level in levels]
            for tiles in _tiles(decoder, grids, threads, on_progress):
                _append(file, levels, tiles)
            file.write_directories(levels)
    return Written(sha256_of(target), len(levels), is_complete=True)


def _opened(plan: DecodePlan, files: SlideFiles) -> AbstractContextManager[_Decoder]:
    if plan.level is None:
        return _openslide_decoder(plan.facts, files.on_disk())
    from tiler.adapters.region_reader import read_region  # noqa: PLC0415 (codecs that OpenSlide needs none of)

    source, level = plan.level.source, plan.level.level
    colours = "RGB" if level.encoding.is_colour else "GRAY"
    encoder = InterleavedTiles(colours, plan.facts.background)
    read = partial(read_region, source, level)
    return nullcontext(_Decoder(plan.facts, level.width, level.height, encoder, read))


@contextmanager
def _openslide_decoder(facts: SlideFacts, path: Path) -> Iterator[_Decoder]:
    with OpenSlidePixels.open(path, facts) as opened, _quickest(opened, path) as pixels:
        scanned, background = opened.region, opened.facts.background
        planes = isinstance(pixels, MiraxPlanes)
        encoder = PlanarTiles(background) if planes else InterleavedTiles("BGRX", background)
        yield _Decoder(opened.facts, scanned.width, scanned.height, encoder, pixels.read)


def _quickest(
    opened: OpenSlidePixels, path: Path
) -> AbstractContextManager[MiraxPlanes | MiraxPixels | OpenSlidePixels]:
    return quickest_pixels(opened, path) if opened.facts.vendor == Vendor.MIRAX else nullcontext(opened)


def _tiles(
    decoder: _Decoder, grids: Grids, threads: int, on_progress: Progress
) -> Iterator[list[EncodedTile]]:
    """Yield the tiles of all levels in the order in which they are made, those of one block together."""
    scales = min(decoder.encoder.block_scales, len(grids))
    upper = UpperLevels(decoder.encoder, grids)
    blocks = list(_blocks(decoder, TILE_PX << (scales - 1)))

    def work(block: Region) -> BlockTiles:
        return block_tiles(decoder.encoder, block, scales, decoder.read(block))

    for number, made in enumerate(in_order(work, blocks, threads)):
        yield [*made.tiles, *upper.add(made.tiles[-1], made.last)]
        on_progress(1000 * (number + 1) // len(blocks))


def _blocks(decoder: _Decoder, side: int) -> Iterator[Region]:
    """Yield blocks down the columns of one band, then of the next."""
    rows = range(0, decoder.height, side)
    for first in range(0, len(rows), _BAND_BLOCKS):
        for x, y in product(range(0, decoder.width, side), rows[first : first + _BAND_BLOCKS]):
            yield Region(x, y, min(side, decoder.width - x), min(side, decoder.height - y))


def _append(file: ProductFile, levels: Sequence[ProductLevel], tiles: Sequence[EncodedTile]) -> None:
    start = file.append(b"".join(tile.body for tile in tiles))
    for tile in tiles:
        level = levels[tile.scale]
        at = tile.row * level.columns + tile.column
        level.offsets[at], level.lengths[at] = start, len(tile.body)
        start += len(tile.body)


def _levels(decoder: _Decoder) -> list[ProductLevel]:
    """Return the levels, still without tiles, from the full resolution down to a single tile."""
    levels = [_level(decoder, 0)]
    while max(levels[-1].columns, levels[-1].rows) > 1:
        levels.append(_level(decoder, len(levels)))
    return levels


def _level(decoder: _Decoder, scale: int) -> ProductLevel:
    width, height = halved(decoder.width, scale), halved(decoder.height, scale)
    tiles = -(-width // TILE_PX) * -(-height // TILE_PX)
    if tiles > MAX_TILES:
        raise UnreadableImage(f"The slide has more than {MAX_TILES} tiles.")
    return ProductLevel(
        width=width,
        height=height,
        tile_width=TILE_PX,
        tile_height=TILE_PX,
        photometric=decoder.encoder.photometric,
        subsampling=(2, 2),
        tables=decoder.encoder.tables,
        offsets=positions(tiles),
        lengths=positions(tiles),
    )
