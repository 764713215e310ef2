"""Decides who reads the pixels of an MRXS: we, if we have understood it, or OpenSlide."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import numpy as np

from tiler.adapters.slides.local_files import LocalFiles
from tiler.adapters.slides.mirax_photos.images import MiraxImages, read_images
from tiler.adapters.slides.mirax_photos.layout import NotUnderstood
from tiler.adapters.slides.mirax_photos.pixels import MiraxPixels
from tiler.adapters.slides.mirax_photos.planes import MiraxPlanes
from tiler.adapters.slides.openslide_pixels import OpenSlidePixels
from tiler.domain.region import Region

_FEWEST_SAMPLES = 6
_IMAGES_PER_SAMPLE = 1000
_SEAM_PX = 8
_MOST_OVERLAPPING = 64  # where four photographs meet, a few of their images do


@contextmanager
def quickest_pixels(
    openslide: OpenSlidePixels, path: Path
) -> Iterator[MiraxPlanes | MiraxPixels | OpenSlidePixels]:
    """Give who reads the pixels of an opened MRXS at the least cost, and just as OpenSlide shows them.

    The format is known from descriptions alone, so it is not enough to have understood a slide: samples of it have to
    look the same to the last bit. Otherwise OpenSlide reads everything.
    """
    with LocalFiles(path) as files:
        try:
            images = read_images(openslide, files)
        except NotUnderstood:
            yield openslide
        else:
            yield _chosen(images, openslide)


def _chosen(images: MiraxImages, openslide: OpenSlidePixels) -> MiraxPlanes | MiraxPixels | OpenSlidePixels:
    if not _is_proven(MiraxPixels(images, openslide, interpolates_colours=True), openslide):
        return openslide
    planes = MiraxPlanes.of(images, openslide)
    return planes or MiraxPixels(images, openslide, interpolates_colours=False)


def _is_proven(ours: MiraxPixels, openslide: OpenSlidePixels) -> bool:
    return all(_look_alike(ours, openslide, sample) for sample in _samples(ours.images, openslide.region))


def _look_alike(ours: MiraxPixels, openslide: OpenSlidePixels, sample: Region) -> bool:
    if len(ours.images.within(sample)) > _MOST_OVERLAPPING:
        return False
    mine, theirs = ours.read(sample), openslide.read(sample)
    if mine is None or theirs is None:
        return mine is theirs
    return np.array_equal(mine[..., :3], theirs[..., :3])


def _samples(images: MiraxImages, scanned: Region) -> Iterator[Region]:
    """Yield parts of images all over the slide, each with two of its seams; then the corners of the slide."""
    width, height = -(-images.width // 2), -(-images.height // 2)
    last = len(images.corners) - 1
    spread = np.linspace(0, last, _FEWEST_SAMPLES + last // _IMAGES_PER_SAMPLE, dtype=np.int64)
    with_most_detail = images.locations[:, 1].argmax()
    for left, top in images.corners[[*spread, with_most_detail]].tolist():
        yield Region(left - _SEAM_PX, top - _SEAM_PX, width + _SEAM_PX, height + _SEAM_PX)
    for left, top in product((0, scanned.width - width), (0, scanned.height - height)):
        yield Region(left, top, width, height)
