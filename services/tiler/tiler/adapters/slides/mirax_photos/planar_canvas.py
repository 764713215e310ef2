"""A part of a slide as planes, onto which images are decoded one over the other."""

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from tiler.adapters.slides import planar
from tiler.adapters.slides.halving import alternating, halve_plane
from tiler.adapters.slides.mirax_photos.images import PlacedImage
from tiler.adapters.slides.mirax_photos.pixels import lay
from tiler.adapters.slides.planar import Planar
from tiler.adapters.slides.tile_encoders import TILE_PX
from tiler.adapters.turbo_jpeg import PlanarFrame, Planes, TurboJpeg
from tiler.domain.region import Region

_ROWS_AT_ONCE = 64  # of chroma, so that they stay in the cache
Samples = NDArray[np.uint8]


class ChromaRoom:
    """Memory for the chroma of one image, with a margin of one sample all around.

    Between two samples of the slide's, an image's own begin half a sample later: those are means of neighbours, which is what an encoder
    would make of them. Along its edges an image has no neighbours, so the last samples are repeated.
    """

    def __init__(self, frame: PlanarFrame) -> None:
        rows, columns = frame.height // frame.down, frame.width // frame.across
        self._samples = np.empty((2, rows + 2, columns + 2), np.uint8)
        self._rounding = alternating(self._samples.size, 0)
        self._planes = Planes.of(self._samples[0], *self._samples[:, 1:-1, 1:-1])

    def beside(self, luma: int, luma_row: int) -> Planes:
        """Return where to decode an image to, for which its luma has a place already."""
        return self._planes._replace(luma=luma, luma_row=luma_row)

    def moved(self, right: int, down: int) -> Samples:
        """Return blue and red, half a sample later if asked for; good until the next image is decoded.

        Returns
        -------
        ndarray
            Shape (2, rows, columns), of which there is one more where they were moved.
        """
        samples = self._samples
        if right:
            samples[..., 0], samples[..., -1] = samples[..., 1], samples[..., -2]
            samples = self._between(samples, 1)
        if down:
            samples[:, 0], samples[:, -1] = samples[:, 1], samples[:, -2]
            samples = self._between(samples, samples.shape[2])
        return samples[:, 1 - down : -1, 1 - right : -1]

    def _between(self, samples: Samples, distance: int) -> Samples:
        flat, between = samples.reshape(-1), np.empty_like(samples)
        between.reshape(-1)[:-distance] = _means(flat[:-distance], flat[distance:], self._rounding[distance:])
        return between


class LaidImage(NamedTuple):
    """Luma of an image, and its chroma where the slide has it: shapes (rows, columns) and (2, rows, columns)."""

    luma: Samples
    chroma: Samples

    @classmethod
    def decoded(
        cls, image: PlacedImage, stream: bytes, turbo: TurboJpeg, frame: PlanarFrame, room: ChromaRoom
    ) -> Self:
        """Decode an image that is kept."""
        luma = np.empty((frame.height, frame.width), np.uint8)
        turbo.decode(stream, frame, room.beside(luma.ctypes.data, frame.width))
        return cls(luma, room.moved(image.left % frame.across, image.top % frame.down).copy())

    @property
    def size_bytes(self) -> int:
        """Return about how much memory it takes."""
        return self.luma.nbytes + self.chroma.nbytes


class PlanarCanvas:
    """A part of the slide in whole tiles, first in one colour. Its corner is even, so that samples of chroma begin there."""

    def __init__(self, region: Region, frame: PlanarFrame, background: tuple[int, int, int]) -> None:
        self._region, self._frame = region, frame
        rows, columns = region.height + -region.height % TILE_PX, region.width + -region.width % TILE_PX
        self._pixels = planar.room(rows, columns)
        self._luma = planar.luma(self._pixels)
        self._chroma = self._stored_chroma()
        planar.paint(self._luma, self._chroma, background)
        self._planes = Planes.of(self._luma, *self._chroma)

    @classmethod
    def of(cls, pixels: Samples, turbo: TurboJpeg) -> Self:
        """Return a canvas that shows pixels of shape (rows, columns, 4) with blue first."""
        rows, columns, _ = pixels.shape
        canvas = cls(Region(0, 0, columns, rows), PlanarFrame(0, 0, 2, 2), (0, 0, 0))
        turbo.split(pixels, canvas._planes)
        return canvas

    def holds(self, image: PlacedImage) -> bool:
        """Return whether all of an image lies on the canvas."""
        rows, columns = planar.size(self._pixels)
        left, top = self._place(image)
        within_rows = 0 <= top <= rows - self._frame.height
        return within_rows and 0 <= left <= columns - self._frame.width

    def decode(self, image: PlacedImage, stream: bytes, turbo: TurboJpeg, room: ChromaRoom) -> None:
        """Decode an image that the canvas holds to where it lies.

        Raises
        ------
        UnreadableImage
            It is damaged.
        """
        frame, (left, top) = self._frame, self._place(image)
        right, down = left % frame.across, top % frame.down
        planes = self._planes_at(left, top)
        if right or down:
            turbo.decode(stream, frame, room.beside(planes.luma, planes.luma_row))
            lay(self._chroma, room.moved(right, down), left // frame.across, top // frame.down)
        else:
            turbo.decode(stream, frame, planes)

    def lay(self, image: PlacedImage, laid: LaidImage) -> None:
        """Lay what the canvas shows of an image."""
        left, top = self._place(image)
        lay(self._luma, laid.luma, left, top)
        lay(self._chroma, laid.chroma, left // self._frame.across, top // self._frame.down)

    def finished(self) -> Planar:
        """Return the pixels; beyond the region the last ones are repeated."""
        if self._frame.across == 1:
            for target, source in zip(planar.chroma(self._pixels), self._chroma, strict=True):
                target[:] = halve_plane(source, rounding=alternating(target.shape[1], 1))
        elif self._frame.down == 1:
            self._halve_rows()
        planar.repeat_edges(self._pixels, self._region.height, self._region.width)
        return self._pixels

    def _halve_rows(self) -> None:
        both = planar.chroma(self._pixels)
        rounding = alternating(both.shape[2], 0)
        for row in range(0, both.shape[1], _ROWS_AT_ONCE):
            part = self._chroma[:, 2 * row : 2 * (row + _ROWS_AT_ONCE)]
            both[:, row : row + _ROWS_AT_ONCE] = _means(part[:, 0::2], part[:, 1::2], rounding)

    def _stored_chroma(self) -> Samples:
        """Return memory for as much chroma as images have; it is the product's if that has as much."""
        if self._frame.down == 2:
            return planar.chroma(self._pixels)
        rows, columns = planar.size(self._pixels)
        return np.empty((2, rows, columns // self._frame.across), np.uint8)

    def _planes_at(self, left: int, top: int) -> Planes:
        luma, blue, red, luma_row, chroma_row = self._planes
        beyond = top // self._frame.down * chroma_row + left // self._frame.across
        return Planes(luma + top * luma_row + left, blue + beyond, red + beyond, luma_row, chroma_row)

    def _place(self, image: PlacedImage) -> tuple[int, int]:
        return image.left - self._region.x, image.top - self._region.y


def _means(some: Samples, others: Samples, rounding: Samples) -> Samples:
    """Return means of two samples each; halves are rounded up where `rounding` is 1, and down where it is 0."""
    differences = some ^ others
    means = some & others
    means += differences >> 1
    differences &= rounding
    means += differences
    return means
