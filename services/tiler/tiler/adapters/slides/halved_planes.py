"""As `halved_tiles`, by planes of luma and chroma, where the machine has libturbojpeg: nobody makes RGB of tiles only to encode it again."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from tiler.adapters import turbo_jpeg
from tiler.adapters.slides.added_style import AddedStyle
from tiler.adapters.slides.halved_tiles import Glass, HalvedTile, Pixels, quarters, repeat_last
from tiler.adapters.turbo_jpeg import PlanarFrame, Planes, TurboJpeg
from tiler.domain.encoding import Photometric
from tiler.domain.level import Level
from tiler.domain.problems import UnreadableImage

_WHITE, _NO_COLOUR = 255, 128


@contextmanager
def halved_tile(parent: Level, glass: Glass, style: AddedStyle) -> Iterator[HalvedTile]:
    """Give what makes new tiles out of those of a level at the least cost."""
    frame = _frame(parent, style)
    if frame is None:
        yield HalvedTile(parent, glass, style)
        return
    with TurboJpeg() as turbo:
        yield HalvedPlanes(parent, glass, style, frame, turbo)


def _frame(parent: Level, style: AddedStyle) -> PlanarFrame | None:
    """Return that of the parent's tiles, if they can be decoded to planes of half their size."""
    if parent.encoding.photometric != Photometric.YCBCR or style.chroma_pixels is None:
        return None
    across, down = style.chroma_pixels
    whole = parent.tile_width % (2 * across) == parent.tile_height % (2 * down) == 0
    if not whole or not turbo_jpeg.is_there():
        return None
    return PlanarFrame(parent.tile_width, parent.tile_height, across, down)


class HalvedPlanes(HalvedTile):
    """A new tile as planes. What cannot be decoded to them is decoded to pixels first: parts of tiles, and tiles of another kind.

    Parameters
    ----------
    frame
        Of the parent's tiles, as far as is known.
    """

    def __init__(
        self, parent: Level, glass: Glass, style: AddedStyle, frame: PlanarFrame, turbo: TurboJpeg
    ) -> None:
        super().__init__(parent, glass, style)
        self._frame, self._turbo = frame, turbo
        rows, columns = frame.height // frame.down, frame.width // frame.across
        self._luma = np.empty((frame.height, frame.width), np.uint8)
        self._chroma = np.empty((2, rows, columns), np.uint8)
        self._parts = list(zip(*map(quarters, (self._luma, *self._chroma)), strict=True))
        self._places = [Planes.of(*parts) for parts in self._parts]

    def _lay_half(self, quarter: int, stored: bytes) -> None:
        kept = self._glass.pixels(stored)
        if kept:
            for part, plane in zip(self._parts[quarter], kept, strict=True):
                part[:] = plane
            return
        stream = self._completer.complete(stored)
        try:
            self._turbo.decode(stream, self._frame, self._places[quarter], shrink=2)
        except UnreadableImage:
            self._lay(quarter, self._decoded_at_half(stream))
        self._glass.note(stored, *self._parts[quarter])

    def _lay(self, quarter: int, pixels: Pixels) -> None:
        luma, *_ = self._parts[quarter]
        if pixels.shape[0] > luma.shape[0] or pixels.shape[1] > luma.shape[1]:
            raise ValueError("A tile is larger than its place.")
        across, down = self._frame.across, self._frame.down
        self._turbo.split(pixels, self._places[quarter], across=across, down=down)

    def _whiten(self, quarter: int) -> None:
        for part, shade in zip(self._parts[quarter], (_WHITE, _NO_COLOUR, _NO_COLOUR), strict=True):
            part[:] = shade

    def _repeat_last(self, columns: int, rows: int) -> None:
        repeat_last(self._luma, columns, axis=1)
        repeat_last(self._luma, rows, axis=0)
        for plane in self._chroma:
            repeat_last(plane, -(-columns // self._frame.across), axis=1)
            repeat_last(plane, -(-rows // self._frame.down), axis=0)

    def _encoded(self) -> bytes:
        return self._style.encode_planes(self._luma, *self._chroma)
