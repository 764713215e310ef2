"""How tiles are cut out of decoded pixels, halved and encoded: pixel by pixel, or plane by plane."""

from abc import ABC, abstractmethod
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from simplejpeg import encode_jpeg, encode_jpeg_yuv_planes

from tiler.adapters.slides import planar
from tiler.adapters.slides.halving import even, halve
from tiler.adapters.slides.jpeg_parts import TableRemover, split_tables
from tiler.domain.encoding import Photometric

TILE_PX = 256
_HALF_PX = TILE_PX // 2
_QUALITY = 90
Pixels = NDArray[np.uint8]
Colour = tuple[int, int, int]
"""Red, green and blue."""


class TileEncoder(ABC):
    """What becomes of pixels, however they are laid out. Thread-safe."""

    photometric = Photometric.YCBCR
    block_scales: ClassVar[int]
    """On how many levels the pixels that are decoded together have whole tiles; on the last of them it is one."""

    def body(self, pixels: Pixels | None, column: int = 0, row: int = 0) -> bytes:
        """Return one tile of many without its tables; None is one where nothing was scanned."""
        if pixels is None:
            return self._empty_body
        return self._remover.rest(self._stream(pixels, column, row))

    @cached_property
    def tables(self) -> bytes:
        """JPEGTables of all levels."""
        return split_tables(self._stream(self.empty, 0, 0))[0]

    @property
    @abstractmethod
    def empty(self) -> Pixels:
        """The tile where nothing was scanned."""

    @abstractmethod
    def halved(self, pixels: Pixels) -> Pixels:
        """Return pixels of the next smaller level."""

    @abstractmethod
    def whole(self, pixels: Pixels) -> Pixels:
        """Return the only tile of pixels with all its rows and columns; beyond the edge of the slide the last ones are repeated."""

    @abstractmethod
    def put_half(self, canvas: Pixels, tile: Pixels, across: int, down: int) -> None:
        """Lay a whole tile, halved, into one of the quarters of another."""

    @abstractmethod
    def _stream(self, pixels: Pixels, column: int, row: int) -> bytes: ...

    @cached_property
    def _empty_body(self) -> bytes:
        return self.body(self.empty)

    @cached_property
    def _remover(self) -> TableRemover:
        return TableRemover()


class InterleavedTiles(TileEncoder):
    """Pixels of shape (rows, columns, channels).

    Parameters
    ----------
    colours
        The order of channels: GRAY, RGB or BGRX.
    background
        Where nothing was scanned.
    """

    block_scales = 3  # four tiles a side and 4 MB, so few images of the source are decoded for more than one
    _SHADES: ClassVar = {"GRAY": (1,), "RGB": (0, 1, 2), "BGRX": (2, 1, 0, 0)}

    def __init__(self, colours: str, background: Colour) -> None:
        self._colours, self._background = colours, background
        if colours == "GRAY":
            self.photometric = Photometric.BLACK_IS_ZERO

    @cached_property
    def empty(self) -> Pixels:
        """The tile where nothing was scanned."""
        shade = [self._background[channel] for channel in self._SHADES[self._colours]]
        return np.full((TILE_PX, TILE_PX, len(shade)), shade, np.uint8)

    def halved(self, pixels: Pixels) -> Pixels:
        """Return pixels of the next smaller level."""
        return halve(even(pixels))

    def whole(self, pixels: Pixels) -> Pixels:
        """Return the only tile of pixels."""
        return _whole_tile(pixels, 0, 0)

    def put_half(self, canvas: Pixels, tile: Pixels, across: int, down: int) -> None:
        """Lay a whole tile, halved, into one of the quarters of another."""
        _quarter(canvas, across, down)[:] = halve(tile)

    def _stream(self, pixels: Pixels, column: int, row: int) -> bytes:
        subsampling = "Gray" if self._colours == "GRAY" else "420"
        return bytes(encode_jpeg(_whole_tile(pixels, column, row), _QUALITY, self._colours, subsampling))


class PlanarTiles(TileEncoder):
    """Pixels as `planar` has them, which need no conversion of colours and a third of the memory; all their tiles are whole."""

    block_scales = 4  # eight tiles a side, which are 6 MB in planes

    def __init__(self, background: Colour) -> None:
        self._background = background

    @cached_property
    def empty(self) -> Pixels:
        """The tile where nothing was scanned."""
        pixels = planar.room(TILE_PX, TILE_PX)
        planar.paint(planar.luma(pixels), planar.chroma(pixels), self._background)
        return pixels

    def halved(self, pixels: Pixels) -> Pixels:
        """Return pixels of the next smaller level."""
        return self.whole(planar.halved(pixels))

    def whole(self, pixels: Pixels) -> Pixels:
        """Return pixels with whole tiles."""
        rows, columns = planar.size(pixels)
        if rows % TILE_PX == columns % TILE_PX == 0:
            return pixels
        whole = planar.room(rows + -rows % TILE_PX, columns + -columns % TILE_PX)
        planar.luma(whole)[:rows, :columns] = planar.luma(pixels)
        planar.chroma(whole)[:, : rows // 2, : columns // 2] = planar.chroma(pixels)
        planar.repeat_edges(whole, rows, columns)
        return whole

    def put_half(self, canvas: Pixels, tile: Pixels, across: int, down: int) -> None:
        """Lay a whole tile, halved, into one of the quarters of another."""
        half = planar.halved(tile)
        _quarter(planar.luma(canvas), across, down)[:] = planar.luma(half)
        for target, source in zip(planar.chroma(canvas), planar.chroma(half), strict=True):
            _quarter(target, across, down)[:] = source

    def _stream(self, pixels: Pixels, column: int, row: int) -> bytes:
        luma = _part(planar.luma(pixels), column, row, TILE_PX)
        blue, red = (_part(plane, column, row, _HALF_PX) for plane in planar.chroma(pixels))
        return bytes(encode_jpeg_yuv_planes(luma, blue, red, _QUALITY))


def _whole_tile(pixels: Pixels, column: int, row: int) -> Pixels:
    """Cut out a tile; beyond the edge of the slide the last pixels are repeated."""
    part = _part(pixels, column, row, TILE_PX)
    rows, columns, channels = part.shape
    if rows == columns == TILE_PX:
        return part
    whole = np.empty((TILE_PX, TILE_PX, channels), np.uint8)
    whole[:rows, :columns] = part
    whole[:rows, columns:] = np.repeat(part[:, -1:], TILE_PX - columns, axis=1)
    whole[rows:] = whole[rows - 1]
    return whole


def _part(pixels: Pixels, column: int, row: int, side: int) -> Pixels:
    return pixels[row * side :, column * side :][:side, :side]


def _quarter(canvas: Pixels, across: int, down: int) -> Pixels:
    return _part(canvas, across, down, len(canvas) // 2)
