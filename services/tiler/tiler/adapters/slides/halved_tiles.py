"""Puts stored tiles into smaller ones, by four and decoded at half their size, which saves little: most of a decoding is Huffman codes."""

import numpy as np
from numpy.typing import NDArray
from simplejpeg import decode_jpeg

from tiler.adapters.jpeg_room import jpeg_room
from tiler.adapters.jpeg_tiles import Completer
from tiler.adapters.slides.added_style import AddedStyle
from tiler.adapters.slides.halving import even, halve
from tiler.domain.level import Level, halved
from tiler.domain.problems import UnreadableImage

Pixels = NDArray[np.uint8]
QUARTERS = ((0, 0), (0, 1), (1, 0), (1, 1))
"""How many tiles down and across each of the four is from the first."""

_WHITE = 255


class Glass:
    """The emptiest tile of a level so far. Scanners store bare glass as the same bytes again and again. Thread-safe."""

    def __init__(self) -> None:
        self._kept: tuple[bytes, tuple[Pixels, ...]] = (b"", ())

    def pixels(self, stored: bytes) -> tuple[Pixels, ...]:
        """Return the tile decoded, or nothing if it is another one."""
        kept, pixels = self._kept
        return pixels if stored == kept else ()

    def note(self, stored: bytes, *pixels: Pixels) -> None:
        """Keep the tile, in one array or as planes, if none was emptier."""
        if not self._kept[1] or len(stored) < len(self._kept[0]):
            self._kept = (stored, tuple(part.copy() for part in pixels))


class HalvedTile:
    """The pixels of a new tile, and after it of others of its level; for one thread. What depends on the level is asked once.

    Parameters
    ----------
    parent
        The level twice as large, whose tiles are as large as the new ones.
    """

    def __init__(self, parent: Level, glass: Glass, style: AddedStyle) -> None:
        self._parent, self._glass, self._style = parent, glass, style
        self._completer = Completer(parent.encoding, parent.tile_width, parent.tile_height)
        self._whole_columns = parent.width // parent.tile_width
        self._whole_rows = parent.height // parent.tile_height
        self._width, self._height = parent.tile_width // 2, parent.tile_height // 2
        self._pixels = np.empty((parent.tile_height, parent.tile_width, style.depth), np.uint8)
        self._quarters = quarters(self._pixels)
        self._room = jpeg_room(self._height, self._width, style.depth)
        self.damaged = 0
        """Tiles that could not be decoded; they are white."""

    def paint(self, quarter: int, stored: bytes, column: int, row: int) -> None:
        """Fill a quarter, by its number, with the tile from that place of the parent; white if it was never written."""
        if not stored:
            self._whiten(quarter)
            return
        try:
            if column < self._whole_columns and row < self._whole_rows:
                self._lay_half(quarter, stored)
            else:
                self._lay(quarter, self._half_of_part(stored, *self._parent.visible_size(column, row)))
        except (UnreadableImage, ValueError):
            self._whiten(quarter)
            self.damaged += 1

    def encoded(self, column: int, row: int) -> bytes:
        """Return the tile of that place without the tables of its page.

        The last pixels are repeated beyond the edge of the new level, so that nothing from there shows in those beside it.
        """
        parent = self._parent
        self._repeat_last(
            halved(parent.width, 1) - column * parent.tile_width,
            halved(parent.height, 1) - row * parent.tile_height,
        )
        return self._encoded()

    def _encoded(self) -> bytes:
        return self._style.encode(self._pixels)

    def _whiten(self, quarter: int) -> None:
        self._quarters[quarter][:] = _WHITE

    def _repeat_last(self, columns: int, rows: int) -> None:
        repeat_last(self._pixels, columns, axis=1)
        repeat_last(self._pixels, rows, axis=0)

    def _lay(self, quarter: int, pixels: Pixels) -> None:
        self._quarters[quarter][: pixels.shape[0], : pixels.shape[1]] = pixels

    def _lay_half(self, quarter: int, stored: bytes) -> None:
        self._quarters[quarter][:] = self._half(stored)

    def _half(self, stored: bytes) -> Pixels:
        """Return a tile decoded at half its size, until the next one is asked for."""
        kept = self._glass.pixels(stored)
        if kept:
            return kept[0]
        pixels = self._decoded_at_half(self._completer.complete(stored))
        self._glass.note(stored, pixels)
        return pixels

    def _decoded_at_half(self, stream: bytes) -> Pixels:
        pixels: Pixels = decode_jpeg(
            stream,
            self._style.colours,
            min_width=self._width,
            min_height=self._height,
            min_factor=1,
            buffer=self._room,
        )
        return pixels

    def _half_of_part(self, stored: bytes, width: int, height: int) -> Pixels:
        """Return what a tile shows inside the slide: what scanners put beyond the edge must not be averaged in."""
        pixels: Pixels = decode_jpeg(self._completer.complete(stored), self._style.colours)
        return halve(even(pixels[:height, :width]))


def quarters(canvas: Pixels) -> list[Pixels]:
    """Return views of the quarters of an array of rows, in the order of `QUARTERS`."""
    rows, columns = canvas.shape[0] // 2, canvas.shape[1] // 2
    return [canvas[down * rows :, across * columns :][:rows, :columns] for down, across in QUARTERS]


def repeat_last(canvas: Pixels, length: int, *, axis: int) -> None:
    """Repeat the last of so many rows or columns beyond them."""
    if length < canvas.shape[axis]:
        lines = canvas.swapaxes(0, axis)
        lines[length:] = lines[length - 1 : length]
