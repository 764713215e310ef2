"""Pixels of an MRXS from its images, which costs little more than decoding them.

OpenSlide lays every image over the others with a drawing library, though few of their pixels overlap.
"""

from collections.abc import Iterator
from typing import NamedTuple, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from simplejpeg import decode_jpeg

from tiler.adapters.byte_cache import ByteCache
from tiler.adapters.jpeg_room import jpeg_room
from tiler.adapters.slides.mirax_photos.images import MiraxImages, PlacedImage
from tiler.adapters.slides.openslide_pixels import OpenSlidePixels
from tiler.domain.limits import MIB
from tiler.domain.problems import UnreadableImage
from tiler.domain.region import Region

_SHARED_BYTES = 32 * MIB
Packed = NDArray[np.uint32]
S = TypeVar("S", np.uint8, np.uint32)


class MiraxPixels:
    """Reads parts of a slide. Thread-safe.

    Parameters
    ----------
    openslide
        Knows what was scanned, and reads what turns out to be damaged.
    interpolates_colours
        Whether colours that are stored for two pixels, or four, are interpolated, as OpenSlide does. Who encodes the pixels
        averages colours again; then interpolation, a tenth of decoding, only blurs them.
    """

    def __init__(
        self, images: MiraxImages, openslide: OpenSlidePixels, *, interpolates_colours: bool
    ) -> None:
        self.images, self._openslide = images, openslide
        self._repeats_colours = not interpolates_colours
        self._shared: ByteCache[Packed] = ByteCache(_SHARED_BYTES)
        red, green, blue = openslide.facts.background
        self._background = np.uint32(0xFF << 24 | red << 16 | green << 8 | blue)

    def read(self, region: Region) -> NDArray[np.uint8] | None:
        """Return what `OpenSlidePixels.read` does, but for colours that are not interpolated, and raise what it raises."""
        images = self.images.within(region)
        if not images:
            return None
        canvas = np.full((region.height, region.width), self._background)
        try:
            for image, pixels in self._decoded(images, region):
                lay(canvas, pixels, image.left - region.x, image.top - region.y)
        except (UnreadableImage, ValueError):
            return self._openslide.read(region)
        return canvas.view(np.uint8).reshape(region.height, region.width, 4)

    def _decoded(self, images: list[PlacedImage], region: Region) -> Iterator[tuple[PlacedImage, Packed]]:
        """Yield images with their pixels, which are good until the next ones are asked for.

        Those that lie in several parts of the slide are kept, as these are read one soon after the other.
        """
        shared = {image.number for image in images if not self._lies_within(image, region)}
        kept = {number: pixels for number in shared if (pixels := self._shared.get(number)) is not None}
        streams = self.images.streams([image.number for image in images if image.number not in kept])
        room = _Room.of(self.images)
        for image in images:
            pixels = kept.get(image.number)
            if pixels is None and image.number in shared:
                pixels = self._pixels(next(streams), _Room.of(self.images))
                self._shared.put(image.number, pixels, pixels.nbytes)
            elif pixels is None:
                pixels = self._pixels(next(streams), room)
            yield image, pixels

    def _lies_within(self, image: PlacedImage, region: Region) -> bool:
        across, down = image.left - region.x, image.top - region.y
        most_across, most_down = region.width - self.images.width, region.height - self.images.height
        return 0 <= across <= most_across and 0 <= down <= most_down

    def _pixels(self, stream: bytes, room: "_Room") -> Packed:
        """Return the pixels of an image, which fill the room.

        Raises
        ------
        UnreadableImage, ValueError
            It is damaged.
        """
        found = decode_jpeg(stream, "BGRX", buffer=room.channels, fastupsample=self._repeats_colours)
        if found.shape != room.channels.shape:
            raise UnreadableImage("An image of the slide is not of the size that its settings say.")
        return room.packed


class _Room(NamedTuple):
    """Memory for an image, as channels of shape (rows, columns, 4) and as pixels of shape (rows, columns)."""

    channels: NDArray[np.uint8]
    packed: Packed

    @classmethod
    def of(cls, images: MiraxImages) -> Self:
        room = jpeg_room(images.height, images.width, 4)
        return cls(room, room.view(np.uint32)[..., 0])


def lay(canvas: NDArray[S], pixels: NDArray[S], left: int, top: int) -> None:
    """Lay an image over those before it; it may reach beyond the canvas. Shapes are (..., rows, columns)."""
    x, y = max(left, 0), max(top, 0)
    rows, columns = pixels.shape[-2:]
    target = canvas[..., y : top + rows, x : left + columns]
    if target.shape != pixels.shape:
        rows, columns = target.shape[-2:]
        pixels = pixels[..., y - top :, x - left :][..., :rows, :columns]
    target[:] = pixels
