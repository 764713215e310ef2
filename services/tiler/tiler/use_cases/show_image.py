"""Answers requests for previews and tiles, for those who may see the image."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from archive_shared.blobs.port import BlobStore
from archive_shared.documents import Repository
from archive_shared.errors import NotFound, Unauthenticated
from archive_shared.identifiers import is_id

from tiler.domain.picture import Picture
from tiler.domain.ranged_source import RangedSource
from tiler.domain.rendering_job import RenderingJob
from tiler.domain.tile_index import TileIndex

ReadTile = Callable[[RangedSource, TileIndex, int, int, int], Picture]


class Images(Protocol):
    """What archive-api answers about images, with the eyes of the caller."""

    def require_visible(self, token: str, image: str) -> None:
        """Return if the caller may see the image; raise `NotFound` or `Unauthenticated` otherwise."""
        ...


class Indexes(Protocol):
    """Tile indexes by the key they are stored under; reading one again should cost nothing."""

    def get(self, key: str) -> TileIndex: ...


@dataclass(frozen=True)
class Pyramid:
    """An image whose tiles can be read."""

    source: RangedSource
    index: TileIndex
    etag: str


@dataclass(frozen=True)
class Gallery:
    """The products of all images; every question about one asks archive-api first."""

    jobs: Repository[RenderingJob]
    images: Images
    media: BlobStore
    indexes: Indexes
    open_source: Callable[[str, int], RangedSource]

    def preview(self, token: str | None, image: str) -> tuple[Picture, str]:
        """Return the preview and its entity tag; `NotFound` while there is none."""
        found = self._visible(token, image).preview
        if found is None:
            raise NotFound(f"image {image} has no preview yet")
        return Picture(found.content_type, self.media.read(found.key)), found.key

    def pyramid(self, token: str | None, image: str) -> Pyramid:
        """Return what tiles of an image are read from; `NotFound` if it has none, or none yet."""
        job = self._visible(token, image)
        if job.index is None:
            raise NotFound(f"image {image} has no tiles")
        source = self.open_source(job.source.key, job.source.size_bytes)
        return Pyramid(source, self.indexes.get(job.index.key), job.index.key)

    def _visible(self, token: str | None, image: str) -> RenderingJob:
        if token is None:
            raise Unauthenticated("Authentication credentials were not provided.")
        if not is_id(image):
            raise NotFound(f"image {image} does not exist")
        self.images.require_visible(token, image)
        return self.jobs.require(image)
