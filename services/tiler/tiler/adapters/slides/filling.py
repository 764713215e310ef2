"""Adds the levels that a canonical slide lacks, each half as large as the one before, down to a single tile.

Tiles are put together by four and encoded in the quality of their neighbours. Rows stream through, so memory does not depend on the
height of the slide, and with its width grow two rows of encoded tiles for each thread.
"""

from array import array
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from archive_shared.in_order import carry_in_order
from tiler.adapters.slides.added_style import AddedStyle, first_tile
from tiler.adapters.slides.bigtiff import ProductLevel, ProductText, pack
from tiler.adapters.slides.copying import Progress
from tiler.adapters.slides.growing_file import GrowingFile
from tiler.adapters.slides.halved_planes import halved_tile
from tiler.adapters.slides.halved_tiles import QUARTERS, Glass
from tiler.adapters.slides.product import sha256_of
from tiler.adapters.tiff_directory import read_pages
from tiler.adapters.tile_bytes import read_together
from tiler.domain.jpeg_stream import frame_of
from tiler.domain.level import Level, TileLocation, halved
from tiler.domain.problems import UnreadableImage
from tiler.domain.pyramid import pyramid_pages
from tiler.domain.tiff_page import TiffPage
from tiler.domain.tile_index import TileIndex


class Filled(NamedTuple):
    """What filling did.

    Parameters
    ----------
    damaged_tiles
        Tiles that could not be decoded; they are white in the new levels.
    """

    sha256: str
    size_bytes: int
    levels: int
    damaged_tiles: int


def fill_levels(path: Path, *, threads: int, on_progress: Progress) -> Filled:
    """Add what lacks to a canonical slide, in place; one that is complete stays as it is.

    Raises
    ------
    UnreadableImage
        The file is no canonical slide.
    """
    with GrowingFile(path) as file:
        pages = pyramid_pages(read_pages(file))
        levels = [page.as_level() for page in pages]
        room = min(min(offset for offset in level.offsets if offset) for level in levels)
        known = _by_scale(levels)
        missing = [scale for scale in range(1, _last_scale(levels[0]) + 1) if scale not in known]
        filler = _Filler(
            file, AddedStyle.of(file, levels[0]), threads, _Counter(on_progress, levels[0], missing)
        )
        for scale in missing:
            known[scale] = filler.halved(known[scale - 1])
            levels.append(known[scale])
        if missing:
            levels.sort(key=lambda level: -level.width)
            file.write_front(pack(_text(pages[0]), [_product_level(file, level) for level in levels]), room)
        size_bytes = file.size_bytes
    return Filled(sha256_of(path), size_bytes, len(levels), filler.damaged_tiles)


class _Counter:
    """Tells how many rows of tiles are done, weighted by their length."""

    def __init__(self, on_progress: Progress, first: Level, scales: Sequence[int]) -> None:
        self._on_progress = on_progress
        self._total = sum((first.columns * first.rows) >> (2 * scale) for scale in scales) + 1
        self._done = 0

    def add(self, tiles: int) -> None:
        self._done += tiles
        self._on_progress(min(1000, 1000 * self._done // self._total))


class _Filler:
    def __init__(self, file: GrowingFile, style: AddedStyle, threads: int, counter: _Counter) -> None:
        self._file, self._style, self._threads, self._counter = file, style, threads, counter
        self.damaged_tiles = 0

    def halved(self, parent: Level) -> Level:
        """Generate and append the next smaller level."""
        width, height = halved(parent.width, 1), halved(parent.height, 1)
        level = Level(
            width,
            height,
            parent.tile_width,
            parent.tile_height,
            padded=True,
            encoding=self._style.encoding,
            offsets=array("Q"),
            lengths=array("Q"),
        )
        row_of = partial(self._row, parent, Glass(), level.columns)
        append = partial(self._append, level)
        carry_in_order(range(level.rows), self._threads, show=lambda _: None, make=row_of, take=append)
        return level

    def _append(self, level: Level, made: tuple[list[bytes], int]) -> None:
        """Write the next row of a level, and note where its tiles stand."""
        tiles, damaged = made
        start = self._file.append(b"".join(tiles))
        for tile in tiles:
            level.offsets.append(start)
            level.lengths.append(len(tile))
            start += len(tile)
        self.damaged_tiles += damaged
        self._counter.add(len(tiles))

    def _row(self, parent: Level, glass: Glass, columns: int, row: int) -> tuple[list[bytes], int]:
        """Return the tiles of one new row, and how many of the old ones could not be decoded."""
        upper_and_lower = [self._stored(parent, 2 * row + down) for down in (0, 1)]
        tiles = []
        with halved_tile(parent, glass, self._style) as halves:
            for column in range(columns):
                for quarter, (down, across) in enumerate(QUARTERS):
                    place, stored = 2 * column + across, upper_and_lower[down]
                    body = stored[place] if place < len(stored) else b""
                    halves.paint(quarter, body, place, 2 * row + down)
                tiles.append(halves.encoded(column, row))
        return tiles, halves.damaged

    def _stored(self, parent: Level, row: int) -> list[bytes]:
        """Return the bytes of a row of tiles, none if there is no such row."""
        tiles = slice(row * parent.columns, (row + 1) * parent.columns)
        return [*read_together(self._file, map(TileLocation, parent.offsets[tiles], parent.lengths[tiles]))]


def _by_scale(levels: Sequence[Level]) -> dict[int, Level]:
    index = TileIndex(0, tuple(levels))
    return {scale: level for scale, level in zip(index.scales, levels, strict=True) if scale is not None}


def _last_scale(level: Level) -> int:
    """Return how often the level can be halved until it is one tile."""
    return (max(level.columns, level.rows) - 1).bit_length()


def _product_level(file: GrowingFile, level: Level) -> ProductLevel:
    return ProductLevel(
        width=level.width,
        height=level.height,
        tile_width=level.tile_width,
        tile_height=level.tile_height,
        photometric=level.encoding.photometric,
        subsampling=frame_of(first_tile(file, level)).subsampling or (1, 1),
        tables=level.encoding.jpeg_tables,
        offsets=level.offsets,
        lengths=level.lengths,
    )


def _text(page: TiffPage) -> ProductText:
    if not page.description.isascii():
        raise UnreadableImage("The slide does not describe itself as we do.")
    known = page.pixel_width_um and page.pixel_height_um
    pixel_um = (page.pixel_width_um, page.pixel_height_um) if known else None
    return ProductText(pixel_um, page.icc_profile, page.description)  # type: ignore[arg-type]
