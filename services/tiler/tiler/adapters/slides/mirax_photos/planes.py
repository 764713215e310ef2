"""Planes of an MRXS from its images, for an encoder that stores planes: nobody makes RGB of them on the way.

An image is decoded to where it lies. Only its chroma has to be moved by half a sample where it begins between two of the slide's.
"""

from collections.abc import Sequence
from typing import Self

from tiler.adapters import turbo_jpeg
from tiler.adapters.byte_cache import ByteCache
from tiler.adapters.slides.mirax_photos.images import MiraxImages, PlacedImage
from tiler.adapters.slides.mirax_photos.planar_canvas import ChromaRoom, LaidImage, PlanarCanvas
from tiler.adapters.slides.openslide_pixels import OpenSlidePixels
from tiler.adapters.slides.planar import Planar
from tiler.adapters.turbo_jpeg import PlanarFrame, TurboJpeg
from tiler.domain.limits import MIB
from tiler.domain.problems import UnreadableImage
from tiler.domain.region import Region

_SHARED_BYTES = 16 * MIB


class MiraxPlanes:
    """Reads parts of a slide, as `MiraxPixels` does. Thread-safe.

    Parameters
    ----------
    frame
        Of every image.
    openslide
        Knows what was scanned, and reads what turns out to be damaged.
    """

    def __init__(self, images: MiraxImages, openslide: OpenSlidePixels, frame: PlanarFrame) -> None:
        self.images, self._openslide, self._frame = images, openslide, frame
        self._shared: ByteCache[LaidImage] = ByteCache(_SHARED_BYTES)

    @classmethod
    def of(cls, images: MiraxImages, openslide: OpenSlidePixels) -> Self | None:
        """Return None if the machine has no libturbojpeg, or the images do not fit into planes."""
        if not turbo_jpeg.is_there():
            return None
        try:
            with TurboJpeg() as turbo:
                frame = turbo.frame(next(images.streams([0])))
        except UnreadableImage:
            return None
        whole = frame.width % frame.across == frame.height % frame.down == 0
        fits = (frame.width, frame.height) == (images.width, images.height) and whole
        return cls(images, openslide, frame) if fits else None

    def read(self, region: Region) -> Planar | None:
        """Return pixels of the full resolution in whole tiles, with the slide's background where nothing was scanned.

        Parameters
        ----------
        region
            Its corner is even; beyond its edges pixels are repeated up to whole tiles.

        Returns
        -------
        Planar
            None if nothing was scanned at all.

        Raises
        ------
        UnreadableImage
            The slide is damaged.
        """
        images = self.images.within(region)
        if not images:
            return None
        canvas = PlanarCanvas(region, self._frame, self._openslide.facts.background)
        try:
            with TurboJpeg() as turbo:
                self._lay(images, canvas, turbo)
        except UnreadableImage:
            return self._left_to_openslide(region)
        return canvas.finished()

    def _lay(self, images: Sequence[PlacedImage], canvas: PlanarCanvas, turbo: TurboJpeg) -> None:
        """Lay images over each other; those that lie in several parts of the slide are kept, as these are read soon after."""
        shared = {image.number for image in images if not canvas.holds(image)}
        kept = {number: laid for number in shared if (laid := self._shared.get(number)) is not None}
        streams = self.images.streams([image.number for image in images if image.number not in kept])
        room = ChromaRoom(self._frame)
        for image in images:
            if image.number not in shared:
                canvas.decode(image, next(streams), turbo, room)
                continue
            laid = kept.get(image.number)
            if laid is None:
                laid = LaidImage.decoded(image, next(streams), turbo, self._frame, room)
                self._shared.put(image.number, laid, laid.size_bytes)
            canvas.lay(image, laid)

    def _left_to_openslide(self, region: Region) -> Planar | None:
        pixels = self._openslide.read(region)
        if pixels is None:
            return None
        with TurboJpeg() as turbo:
            return PlanarCanvas.of(pixels, turbo).finished()
