"""Adds the levels that a canonical slide lacks, each half as large as the one before, down to a single tile.

Tiles are decoded at half their size, which costs half of a decoding, put together by four and encoded in the quality
of their neighbours. Rows stream through, so memory does not depend on the size of the slide.
"""

from array import array
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from simplejpeg import decode_jpeg

from archive_shared.in_order import carry_in_order
from tiler.adapters import jpeg_tiles
from tiler.adapters.jpeg_room import jpeg_room
from tiler.adapters.slides.added_style import AddedStyle, first_tile
from tiler.adapters.slides.bigtiff import ProductLevel, ProductText, pack
from tiler.adapters.slides.copying import Progress
from tiler.adapters.slides.growing_file import GrowingFile
from tiler.adapters.slides.halving import halve
from tiler.adapters.slides.product import sha256_of
from tiler.adapters.tiff_directory import read_pages
from tiler.adapters.tile_bytes import read_together
from tiler.domain.jpeg_stream import frame_of
from tiler.domain.level import Level, halved
from tiler.domain.problems import UnreadableImage
from tiler.domain.pyramid import pyramid_pages
from tiler.domain.tiff_page import TiffPage
from tiler.domain.tile_index import TileIndex

_WHITE = 255


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


class _Glass:
    """The emptiest tile of a level so far. Scanners store bare glass as the same bytes again and again. Thread-safe."""

    def __init__(self) -> None:
        self._kept: tuple[bytes, NDArray[np.uint8] | None] = (b"", None)

    def pixels(self, stored: bytes) -> NDArray[np.uint8] | None:
        """Return the tile decoded, if it is the one."""
        kept, pixels = self._kept
        return pixels if stored == kept else None

    def note(self, stored: bytes, pixels: NDArray[np.uint8]) -> None:
        """Keep the tile if none was emptier."""
        if self._kept[1] is None or len(stored) < len(self._kept[0]):
            self._kept = (stored, pixels)


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
        row_of = partial(self._row, parent, _Glass(), level.columns)
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

    def _row(self, parent: Level, glass: _Glass, columns: int, row: int) -> tuple[list[bytes], int]:
        """Return the tiles of one new row, and how many of the old ones could not be decoded."""
        upper, lower = ([*self._stored(parent, 2 * row + below)] for below in (0, 1))
        canvas = np.empty((parent.tile_height, parent.tile_width, self._style.depth), np.uint8)
        completer = jpeg_tiles.Completer(parent.encoding, parent.tile_width, parent.tile_height)
        tiles, damaged = [], 0
        for column in range(columns):
            for stored, down in ((upper, 0), (lower, 1)):
                for across in (0, 1):
                    place = 2 * column + across
                    body = stored[place] if place < len(stored) else b""
                    shown = parent.visible_size(place, 2 * row + down) if body else (0, 0)
                    damaged += self._paint(_quarter(canvas, across, down), completer, glass, body, shown)
            _repeat_last(canvas, halved(parent.width, 1) - column * parent.tile_width, axis=1)
            _repeat_last(canvas, halved(parent.height, 1) - row * parent.tile_height, axis=0)
            tiles.append(self._style.encode(canvas))
        return tiles, damaged

    def _stored(self, parent: Level, row: int) -> Iterator[bytes]:
        if row >= parent.rows:
            return iter(())
        return read_together(self._file, (parent.locate(column, row) for column in range(parent.columns)))

    def _paint(
        self,
        quarter: NDArray[np.uint8],
        completer: jpeg_tiles.Completer,
        glass: _Glass,
        stored: bytes,
        shown: tuple[int, int],
    ) -> bool:
        """Put a tile, of which `shown` pixels are inside the slide, at half its size; return whether it is damaged."""
        height, width = quarter.shape[:2]
        if not stored:
            quarter[:] = _WHITE
            return False
        try:
            if shown == (2 * width, 2 * height):
                quarter[:] = self._half(completer, glass, stored, (width, height))
            else:
                pixels = halve(_even(self._decoded(completer, stored)[: shown[1], : shown[0]]))
                quarter[: pixels.shape[0], : pixels.shape[1]] = pixels
        except (UnreadableImage, ValueError):
            quarter[:] = _WHITE
            return True
        return False

    def _half(
        self, completer: jpeg_tiles.Completer, glass: _Glass, stored: bytes, size: tuple[int, int]
    ) -> NDArray[np.uint8]:
        """Return a tile decoded at half its size, which is `size`."""
        pixels = glass.pixels(stored)
        if pixels is None:
            room = jpeg_room(size[1], size[0], self._style.depth)
            pixels = self._decoded(
                completer, stored, min_width=size[0], min_height=size[1], min_factor=1, buffer=room
            )
            glass.note(stored, pixels)
        return pixels

    def _decoded(self, completer: jpeg_tiles.Completer, stored: bytes, **options: Any) -> NDArray[np.uint8]:
        pixels: NDArray[np.uint8] = decode_jpeg(completer.complete(stored), self._style.colours, **options)
        return pixels


def _quarter(canvas: NDArray[np.uint8], across: int, down: int) -> NDArray[np.uint8]:
    height, width = canvas.shape[0] // 2, canvas.shape[1] // 2
    return canvas[down * height : (down + 1) * height, across * width : (across + 1) * width]


def _even(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Repeat the last row or column where they are odd: what scanners put beyond the edge must not be averaged in."""
    rows, columns, _ = pixels.shape
    return np.pad(pixels, ((0, rows % 2), (0, columns % 2), (0, 0)), mode="edge")


def _repeat_last(canvas: NDArray[np.uint8], length: int, *, axis: int) -> None:
    """Fill what lies beyond the edge of the level, so that nothing from there shows in the pixels beside it."""
    if length < canvas.shape[axis]:
        lines = canvas.swapaxes(0, axis)
        lines[length:] = lines[length - 1 : length]


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
