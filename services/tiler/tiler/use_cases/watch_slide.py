"""Serves tiles to those who hold a pass; the question "may they" was answered when it was issued."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from archive_shared.errors import NotFound
from tiler.domain.picture import Picture
from tiler.domain.ranged_source import RangedSource
from tiler.domain.tile_index import TileIndex
from tiler.domain.tile_pass import PassOffice, TilePass
from tiler.use_cases.show_image import Gallery, Indexes, Pyramid


class Tiles(Protocol):
    """The z/x/y tiles of one image."""

    def read(self, source: RangedSource, z: int, x: int, y: int) -> Picture:
        """Raise `NotFound` outside of the image, `UnreadableImage` where it is damaged."""
        ...


class Cache(Protocol):
    """Values by key; forgets some to stay within its bound."""

    def get(self, key: tuple[str, int, int, int]) -> Picture | None: ...
    def put(self, key: tuple[str, int, int, int], value: Picture, size_bytes: int) -> None: ...


@dataclass(frozen=True)
class Watching:
    """Tiles by pass.

    Parameters
    ----------
    tiles_of
        Prepares the tiles of an index; called for every tile, so it should remember.
    cache
        Keeps tiles that were served; those of popular views are made and fetched once.
    """

    office: PassOffice
    gallery: Gallery
    indexes: Indexes
    open_source: Callable[[str, int], RangedSource]
    tiles_of: Callable[[str, TileIndex], Tiles]
    cache: Cache

    def admit(self, token: str | None, image: str) -> tuple[TilePass, str]:
        """Ask whether the caller may see the image, and write a pass; errors as for `Gallery.pyramid`."""
        job = self.gallery.visible_pyramid(token, image)
        assert job.index is not None
        located = job.index.source or job.source
        return self.office.issue(
            image, index_key=job.index.key, source_key=located.key, source_size_bytes=located.size_bytes
        )

    def pyramid(self, found: TilePass) -> Pyramid:
        """Return what the tiles of a pass are read from; `NotFound` if it is gone."""
        index = self.indexes.get(found.index_key)
        return Pyramid(found.index_key, self.open_source(found.source_key, found.source_size_bytes), index)

    def tile(self, found: TilePass, z: int, x: int, y: int) -> Picture:
        """Return a tile; raises `NotFound` outside of the image, `UnreadableImage` where it is damaged."""
        key = (found.index_key, z, x, y)
        kept = self.cache.get(key)
        if kept is not None:
            return kept
        index = self.indexes.get(found.index_key)
        source = self.open_source(found.source_key, found.source_size_bytes)
        picture = self.tiles_of(found.index_key, index).read(source, z, x, y)
        self.cache.put(key, picture, len(picture.body))
        return picture


def require_image(found: TilePass, image: str) -> None:
    """Raise `NotFound` if a pass is for another image."""
    if found.image != image:
        raise NotFound(f"image {image} is not what the pass is for")
