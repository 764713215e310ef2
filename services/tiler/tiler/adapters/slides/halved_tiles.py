"""Puts stored tiles into smaller ones, by four and decoded at half their size, which saves little: most of a decoding is Huffman codes."""

import numpy as np
from numpy.typing import NDArray
from simplejpeg import decode_jpeg

from tiler.adapters.jpeg_room import jpeg_room
from tiler.adapters.jpeg_tiles import Completer
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
        self._kept: tuple[bytes, Pixels | None] = (b"", None)

    def pixels(self, stored: bytes) -> Pixels | None:
        """Return the tile decoded, if it is the one."""
        kept, pixels = self._kept
        return pixels if stored == kept else None

    def note(self, stored: bytes, pixels: Pixels) -> None:
        """Keep the tile if none was emptier."""
        if self._kept[1] is None or len(stored) < len(self._kept[0]):
            self._kept = (stored, pixels.copy())


class HalvedTile:
    """The pixels of a new tile, and after it of others of its level; for one thread. What depends on the level is asked once.

    Parameters
    ----------
    parent
        The level twice as large, whose tiles are as large as the new ones.
    colours, depth
        The order of channels, and how many there are.
    """

    def __init__(self, parent: Level, glass: Glass, *, colours: str, depth: int) -> None:
        self._parent, self._glass, self._colours = parent, glass, colours
        self._completer = Completer(parent.encoding, parent.tile_width, parent.tile_height)
        self._whole_columns = parent.width // parent.tile_width
        self._whole_rows = parent.height // parent.tile_height
        self._width, self._height = parent.tile_width // 2, parent.tile_height // 2
        self.pixels = np.empty((parent.tile_height, parent.tile_width, depth), np.uint8)
        self._quarters = [self._quarter(down, across) for down, across in QUARTERS]
        self._room = jpeg_room(self._height, self._width, depth)
        self.damaged = 0
        """Tiles that could not be decoded; they are white."""

    def paint(self, quarter: int, stored: bytes, column: int, row: int) -> None:
        """Fill a quarter, by its number, with the tile from that place of the parent; white if it was never written."""
        pixels = self._quarters[quarter]
        if not stored:
            pixels[:] = _WHITE
            return
        try:
            if column < self._whole_columns and row < self._whole_rows:
                pixels[:] = self._half(stored)
            else:
                part = self._half_of_part(stored, *self._parent.visible_size(column, row))
                pixels[: part.shape[0], : part.shape[1]] = part
        except (UnreadableImage, ValueError):
            pixels[:] = _WHITE
            self.damaged += 1

    def fill_up(self, column: int, row: int) -> None:
        """Repeat the last pixels beyond the edge of the new level, so that nothing from there shows in those beside it."""
        parent = self._parent
        _repeat_last(self.pixels, halved(parent.width, 1) - column * parent.tile_width, axis=1)
        _repeat_last(self.pixels, halved(parent.height, 1) - row * parent.tile_height, axis=0)

    def _quarter(self, down: int, across: int) -> Pixels:
        top, left = down * self._height, across * self._width
        return self.pixels[top : top + self._height, left : left + self._width]

    def _half(self, stored: bytes) -> Pixels:
        """Return a tile decoded at half its size, until the next one is asked for."""
        pixels = self._glass.pixels(stored)
        if pixels is None:
            pixels = decode_jpeg(
                self._completer.complete(stored),
                self._colours,
                min_width=self._width,
                min_height=self._height,
                min_factor=1,
                buffer=self._room,
            )
            self._glass.note(stored, pixels)
        return pixels

    def _half_of_part(self, stored: bytes, width: int, height: int) -> Pixels:
        """Return what a tile shows inside the slide: what scanners put beyond the edge must not be averaged in."""
        pixels: Pixels = decode_jpeg(self._completer.complete(stored), self._colours)
        return halve(even(pixels[:height, :width]))


def _repeat_last(canvas: Pixels, length: int, *, axis: int) -> None:
    if length < canvas.shape[axis]:
        lines = canvas.swapaxes(0, axis)
        lines[length:] = lines[length - 1 : length]
