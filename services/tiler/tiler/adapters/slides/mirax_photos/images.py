"""Where the images of an MRXS lie, in its data files and on the glass."""

import struct
import zlib
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tiler.adapters.bounded_reader import read_exactly
from tiler.adapters.slides.local_files import LocalFiles
from tiler.adapters.slides.mirax_photos.index import MiraxIndex
from tiler.adapters.slides.mirax_photos.layout import MiraxLayout, NotUnderstood
from tiler.adapters.slides.openslide_pixels import OpenSlidePixels
from tiler.adapters.tile_bytes import read_together
from tiler.domain.level import TileLocation
from tiler.domain.limits import MIB
from tiler.domain.problems import UnreadableImage
from tiler.domain.ranged_source import RangedSource
from tiler.domain.region import Region

_LARGEST_BYTES = 32 * MIB
_POSITION = np.dtype([("flags", "u1"), ("x", "<i4"), ("y", "<i4")])
_KNOWN_FLAGS = 1
_SIGNS_OF_DAMAGE = (LookupError, ValueError, OverflowError, struct.error, zlib.error, UnreadableImage)
Numbers = NDArray[np.int64]


class PlacedImage(NamedTuple):
    """Number of an image, and its left and top in pixels of the slide."""

    number: int
    left: int
    top: int


class MiraxImages:
    """The images of the full resolution, numbered from the undermost up; they overlap. Thread-safe.

    Parameters
    ----------
    size
        Width and height of every image in pixels.
    corners
        Left and top of each in pixels of the slide; shape (images, 2).
    locations
        Offset, length and number of the source of each; shape (images, 3).
    sources
        The data files.
    """

    def __init__(
        self, size: tuple[int, int], corners: Numbers, locations: Numbers, sources: Sequence[RangedSource]
    ) -> None:
        self.width, self.height = size
        self.corners, self.locations = corners, locations
        self._sources = sources
        self._downwards = np.argsort(corners[:, 1])
        self._tops = corners[self._downwards, 1]

    def within(self, region: Region) -> list[PlacedImage]:
        """Return the images that touch a part of the slide, from the undermost up."""
        first = np.searchsorted(self._tops, region.y - self.height, "right")
        numbers = self._downwards[first : np.searchsorted(self._tops, region.y + region.height)]
        lefts = self.corners[numbers, 0]
        numbers = numbers[(lefts > region.x - self.width) & (lefts < region.x + region.width)]
        numbers.sort()
        lefts, tops = self.corners[numbers].T
        return list(map(PlacedImage, numbers.tolist(), lefts.tolist(), tops.tolist()))

    def streams(self, numbers: Sequence[int]) -> Iterator[bytes]:
        """Yield the JPEGs of images; those that lie one behind the other in a file are read at once.

        Raises
        ------
        UnreadableImage
            One lies outside of its file, or is too large.
        """
        located = self.locations[numbers].tolist() if numbers else []
        for source, run in groupby(located, key=itemgetter(2)):
            yield from read_together(
                self._sources[source], [TileLocation(at, length) for at, length, _ in run]
            )


def read_images(openslide: OpenSlidePixels, files: LocalFiles) -> MiraxImages:
    """Find the images of a slide that OpenSlide has opened.

    Parameters
    ----------
    files
        The slide's; they must stay open as long as images are read.

    Raises
    ------
    NotUnderstood
        The slide is another one than most, or damaged.
    """
    try:
        return _found(MiraxLayout.of(openslide.slide.properties), openslide.region, files)
    except _SIGNS_OF_DAMAGE as problem:
        raise NotUnderstood from problem


def _found(layout: MiraxLayout, scanned: Region, files: LocalFiles) -> MiraxImages:
    folder = files.main.rpartition(".")[0]
    index_source, *sources = (
        files.open(f"{folder}/{name}") for name in (layout.index_file, *layout.data_files)
    )
    index = MiraxIndex(layout, _bytes(index_source, 0, index_source.size_bytes))
    images = index.images().astype(np.int64)
    offset, length, source = index.positions()
    photos = _photos(layout, _bytes(sources[source], offset, length))
    corners, taken = _placed(layout, images[:, 0], photos)
    if not taken.any():
        raise NotUnderstood
    size = (layout.width, layout.height)
    return MiraxImages(size, corners[taken] - (scanned.x, scanned.y), images[taken, 1:], sources)


def _placed(layout: MiraxLayout, places: Numbers, photos: Numbers) -> tuple[Numbers, NDArray[np.bool_]]:
    """Return left and top of images on the glass, and which of them exist.

    A photograph at the very corner of the glass that is not the first one was never taken.
    """
    rows, columns = np.divmod(places, layout.columns)
    across = layout.columns // layout.divisions
    photo = rows // layout.divisions * across + columns // layout.divisions
    inside = np.stack((columns, rows), axis=1) % layout.divisions * (layout.width, layout.height)
    return photos[photo] + inside, (photo == 0) | photos[photo].any(axis=1)


def _photos(layout: MiraxLayout, stored: bytes) -> Numbers:
    """Return left and top of all photographs on the glass, shape (photographs, 2)."""
    count = layout.columns * layout.rows // layout.divisions**2
    if layout.positions_are_packed:
        stored = zlib.decompressobj().decompress(stored, count * _POSITION.itemsize)
    positions = np.frombuffer(stored, _POSITION)
    if len(positions) != count or positions["flags"].max() > _KNOWN_FLAGS:
        raise NotUnderstood
    return np.stack((positions["x"], positions["y"]), axis=1).astype(np.int64)


def _bytes(source: RangedSource, start: int, length: int) -> bytes:
    if length > _LARGEST_BYTES:
        raise NotUnderstood
    return read_exactly(source, start, start + length)
