"""Slices of stored volumes as pictures; what was read of a volume is kept for those who turn to the next slice."""

import threading
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property

from archive_shared.slice_index import SliceIndex
from tiler.adapters.byte_cache import ByteCache
from tiler.adapters.metaimage_header import MetaImageHeader, read_header
from tiler.adapters.metaimage_voxels import index_of, read_slice
from tiler.adapters.pictures import encode, encode_values
from tiler.adapters.rendering import Look, shown
from tiler.adapters.slabs import SlabAddress, read_slab, slab_around
from tiler.adapters.tile_codec import Pixels
from tiler.adapters.volume_look import look_of_volume
from tiler.domain.limits import MIB
from tiler.domain.picture import NPY, Picture
from tiler.domain.planes import Plane, planes
from tiler.domain.ranged_source import RangedSource
from tiler.domain.volume import VolumeShape, WantedSlice

SLABS_BYTES = 96 * MIB
VOLUMES_BYTES = 16 * MIB
_READ_AT_ONCE = 16
_ABOUT_BYTES = 4096
_BYTES_PER_RUN = 160


@dataclass(frozen=True)
class OpenVolume:
    """What is known of a volume beside its voxels."""

    header: MetaImageHeader
    index: SliceIndex | None
    look: Look

    @cached_property
    def shape(self) -> VolumeShape:
        header = self.header
        x, y, z = (*header.size, 1)[:3]
        spacing_mm = (*header.spacing_mm, 1.0)[:3]
        return VolumeShape(
            size=(x, y, z),
            spacing_mm=(spacing_mm[0], spacing_mm[1], spacing_mm[2]),
            times=header.times,
            channels=header.channels,
            is_labels=self.look.is_labels,
            window=self.look.window,
            planes=planes(header.size, header.spacing_mm, header.directions),
        )

    @property
    def size_bytes(self) -> int:
        """About how much memory this takes."""
        return _ABOUT_BYTES + (_BYTES_PER_RUN * len(self.index.points) if self.index else 0)


class StoredVolumes:
    """The `Volumes` of the blob store. Thread-safe; threads that miss the same thing wait for one of them to read it."""

    def __init__(self, *, slabs_bytes: int = SLABS_BYTES) -> None:
        self._volumes: ByteCache[OpenVolume] = ByteCache(VOLUMES_BYTES)
        self._slabs: ByteCache[Pixels] = ByteCache(slabs_bytes)
        self._reading = [threading.Lock() for _ in range(_READ_AT_ONCE)]

    def shape(self, key: str, source: RangedSource) -> VolumeShape:
        return self._open(key, source).shape

    def picture(self, key: str, source: RangedSource, wanted: WantedSlice) -> Picture:
        volume = self._open(key, source)
        at = slab_around(volume.header, volume.index, wanted.plane.axis, wanted.time, wanted.index)
        values = turned(self._slab(key, source, volume, at)[wanted.index - at.first], wanted.plane)
        if wanted.content_type == NPY:
            return encode_values(values)
        look = volume.look if wanted.window == volume.look.window else Look(wanted.window)
        return encode(shown(values, look).pixels, wanted.content_type)

    def _open(self, key: str, source: RangedSource) -> OpenVolume:
        found = self._volumes.get(key)
        if found is not None:
            return found
        with self._reading_lock(key):
            found = self._volumes.get(key) or open_volume(source)
            self._volumes.put(key, found, found.size_bytes)
            return found

    def _slab(self, key: str, source: RangedSource, volume: OpenVolume, at: SlabAddress) -> Pixels:
        found = self._slabs.get((key, at))
        if found is not None:
            return found
        with self._reading_lock((key, at)):
            found = self._slabs.get((key, at))
            if found is None:
                found = read_slab(source, volume.header, volume.index, at)
                self._slabs.put((key, at), found, found.nbytes)
            return found

    def _reading_lock(self, of: Hashable) -> threading.Lock:
        return self._reading[hash(of) % _READ_AT_ONCE]


def open_volume(source: RangedSource) -> OpenVolume:
    """Read what is needed to show slices, and the middle one, which decides how all of them look (see `look_of_volume`).

    Raises
    ------
    UnreadableImage
        No MetaImage, or a damaged one.
    """
    header = read_header(source)
    index = index_of(source, header)
    middle = read_slice(source, header, index, z=header.depth // 2, time=header.times // 2)
    return OpenVolume(header, index, look_of_volume(source, header, index, middle))


def turned(values: Pixels, plane: Plane) -> Pixels:
    """Turn a slice of shape (rows, columns, channels), as it is stored, as people look at it."""
    if plane.transposed:
        values = values.swapaxes(0, 1)
    if plane.mirrored:
        values = values[:, ::-1]
    return values[::-1] if plane.upended else values
