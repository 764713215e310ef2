"""Shows single slices of volumes, and pictures, to those who may see the image or hold a pass for it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from archive_shared.errors import NotFound
from tiler.domain.picture import Picture
from tiler.domain.ranged_source import RangedSource
from tiler.domain.rendering_job import PYRAMID
from tiler.domain.tile_pass import TilePass
from tiler.domain.volume import SliceAddress, VolumeShape, WantedSlice, wanted_slice
from tiler.use_cases.show_image import Gallery, Shown


class Volumes(Protocol):
    """Volumes by the key they are stored under; what was read of one should be kept for a while."""

    def shape(self, key: str, source: RangedSource) -> VolumeShape:
        """Raise `UnreadableImage` where it is damaged."""
        ...

    def picture(self, key: str, source: RangedSource, wanted: WantedSlice) -> Picture:
        """Raise `UnreadableImage` where it is damaged, `Invalid` where reading the slice would cost too much."""
        ...


@dataclass(frozen=True)
class Volume:
    """A stored volume; another one never has its name."""

    name: str
    source: RangedSource


@dataclass(frozen=True)
class Slices:
    """The slices of all volumes."""

    gallery: Gallery
    volumes: Volumes
    open_source: Callable[[str, int], RangedSource]

    def volume(self, token: str | None, image: str) -> Volume:
        """Return a volume the caller may see; `NotFound` if there is none, `Unauthenticated` for nobody."""
        job = self.gallery.look(token, image).job
        if job.source.type == PYRAMID:
            raise NotFound(f"image {image} has no slices")
        return Volume(job.source.key, self.open_source(job.source.key, job.source.size_bytes))

    def volume_of(self, found: TilePass) -> Volume:
        """Return the volume a pass is for; `NotFound` if it is for a pyramid."""
        if found.index_key:
            raise NotFound(f"image {found.image} has no slices")
        return Volume(found.source_key, self.open_source(found.source_key, found.source_size_bytes))

    def shape(self, volume: Volume) -> VolumeShape:
        """Return what can be asked for; raises what `Volumes.shape` does."""
        return self.volumes.shape(volume.name, volume.source)

    def slice(self, volume: Volume, address: SliceAddress) -> Shown:
        """Return a slice; raises `NotFound` and `Invalid` for an address that stands for none."""
        wanted = wanted_slice(self.shape(volume), address)
        name = f"{volume.name}/{wanted}"
        return Shown(name, partial(self.volumes.picture, volume.name, volume.source, wanted))
