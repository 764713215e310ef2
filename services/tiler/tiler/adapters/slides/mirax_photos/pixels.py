"""Pixels of an MRXS from its images, which costs little more than decoding them.

OpenSlide lays every image over the others with a drawing library, though few of their pixels overlap.
"""

import numpy as np
from numpy.typing import NDArray
from simplejpeg import decode_jpeg

from tiler.adapters.byte_cache import ByteCache
from tiler.adapters.jpeg_room import jpeg_room
from tiler.adapters.slides.mirax_photos.images import MiraxImages
from tiler.adapters.slides.openslide_pixels import OpenSlidePixels
from tiler.domain.limits import MIB
from tiler.domain.problems import UnreadableImage
from tiler.domain.region import Region

_SHARED_BYTES = 32 * MIB
Packed = NDArray[np.uint32]


class MiraxPixels:
    """Reads parts of a slide as `OpenSlidePixels` does. Thread-safe.

    Parameters
    ----------
    openslide
        Knows what was scanned, and reads what turns out to be damaged.
    """

    def __init__(self, images: MiraxImages, openslide: OpenSlidePixels) -> None:
        self.images, self._openslide = images, openslide
        self._shared: ByteCache[Packed] = ByteCache(_SHARED_BYTES)
        red, green, blue = openslide.facts.background
        self._background = np.uint32(0xFF << 24 | red << 16 | green << 8 | blue)

    def read(self, region: Region) -> NDArray[np.uint8] | None:
        """Return what `OpenSlidePixels.read` does, and raise what it raises."""
        images = self.images.within(region)
        if not images:
            return None
        canvas = np.full((region.height, region.width), self._background)
        try:
            for number, left, top in images:
                self._lay(canvas, number, left - region.x, top - region.y)
        except (UnreadableImage, ValueError):
            return self._openslide.read(region)
        return canvas.view(np.uint8).reshape(region.height, region.width, 4)

    def _lay(self, canvas: Packed, number: int, left: int, top: int) -> None:
        """Lay an image over those before it."""
        x, y = max(left, 0), max(top, 0)
        target = canvas[y : top + self.images.height, x : left + self.images.width]
        rows, columns = target.shape
        if (rows, columns) == (self.images.height, self.images.width):
            target[:] = self._decoded(number)
        else:
            target[:] = self._kept(number)[y - top :, x - left :][:rows, :columns]

    def _kept(self, number: int) -> Packed:
        """Return an image that lies in several parts of the slide, which are read one soon after the other."""
        pixels = self._shared.get(number)
        if pixels is None:
            pixels = self._decoded(number)
            self._shared.put(number, pixels, pixels.nbytes)
        return pixels

    def _decoded(self, number: int) -> Packed:
        """Return the pixels of an image.

        Raises
        ------
        UnreadableImage, ValueError
            It is damaged.
        """
        room = jpeg_room(self.images.height, self.images.width, 4)
        found = decode_jpeg(self.images.stream(number), "BGRX", buffer=room)
        if found.shape != room.shape:
            raise UnreadableImage("An image of the slide is not of the size that its settings say.")
        return room.view(np.uint32)[..., 0]
