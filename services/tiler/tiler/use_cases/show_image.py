"""Answers requests for previews and tiles, for those who may see the image."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from archive_shared.blobs.port import BlobStore
from archive_shared.clock import Clock
from archive_shared.documents import Repository
from archive_shared.errors import NotFound, Unauthenticated, Unavailable
from archive_shared.identifiers import is_id
from tiler.domain.deep_zoom import DeepZoom
from tiler.domain.iiif import Crop, ImageRequest
from tiler.domain.picture import Picture
from tiler.domain.problems import UnreadableIndex
from tiler.domain.ranged_source import RangedSource
from tiler.domain.rendering_job import RenderingJob, StoredPreview
from tiler.domain.sight import Sight
from tiler.domain.tile_index import TileIndex

ReadTile = Callable[[RangedSource, TileIndex, int, int, int], Picture]
ReadCrop = Callable[[RangedSource, TileIndex, Crop], Picture]


class Images(Protocol):
    """What archive-api answers about images, with the eyes of the caller."""

    def sight(self, token: str, image: str) -> Sight:
        """Return why the caller may see the image; raise `NotFound` or `Unauthenticated` if they may not."""
        ...


class Indexes(Protocol):
    """Tile indexes by the key they are stored under; reading one again should cost nothing."""

    def get(self, key: str) -> TileIndex:
        """Raise `NotFound` when there is none, `UnreadableIndex` when it is damaged or of another version."""
        ...


@dataclass(frozen=True)
class Pyramid:
    """An image whose tiles can be read; its name changes whenever its index does."""

    name: str
    source: RangedSource
    index: TileIndex


@dataclass(frozen=True)
class Look:
    """Whose token was shown, why they may see the image, and what was made of it."""

    token: str
    sight: Sight
    job: RenderingJob


@dataclass(frozen=True)
class Shown:
    """A picture the caller may see; it is made when it is read, which those who have it already need not do.

    Parameters
    ----------
    name
        Another one as soon as the picture is another one.
    """

    name: str
    read: Callable[[], Picture]


@dataclass(frozen=True)
class TileAddress:
    """Which tile of a view, and the extension of its file, as the client wrote them."""

    level: int
    column: int
    row: int
    extension: str


@dataclass(frozen=True)
class Gallery:
    """The products of all images; every question about one asks archive-api first.

    Products that got lost, or that an older version wrote, are made again when somebody asks for them; who asks
    meanwhile gets `Unavailable`.

    Parameters
    ----------
    token_in
        Returns the token that permissions is asked about: that of a viewing, or what was shown itself.
    read_deep_zoom_tile, read_zoom_tile
        Read a tile of either view by its level, column and row.
    """

    jobs: Repository[RenderingJob]
    images: Images
    media: BlobStore
    indexes: Indexes
    open_source: Callable[[str, int], RangedSource]
    read_deep_zoom_tile: ReadTile
    read_zoom_tile: ReadTile
    read_crop: ReadCrop
    token_in: Callable[[str], str]
    clock: Clock

    def preview(self, token: str | None, image: str) -> Shown:
        """Return the preview; `NotFound` while there is none."""
        found = self.look(token, image).job.preview
        if found is None:
            raise NotFound(f"image {image} has no preview")
        return Shown(found.key, partial(self._read_preview, image, found))

    def pyramid(self, token: str | None, image: str) -> Pyramid:
        """Return what tiles of an image are read from; `NotFound` if it has none, or none yet."""
        job = self.look(token, image).job
        if job.index is None:
            raise NotFound(f"image {image} has no tiles")
        index, located = self._index(image, job.index.key), job.index.source or job.source
        return Pyramid(job.index.key, self.open_source(located.key, located.size_bytes), index)

    def index_of_pass(self, image: str, key: str) -> TileIndex:
        """Return the tile index that a pass names; `NotFound` where there is another one now, or none."""
        try:
            return self.indexes.get(key)
        except (NotFound, UnreadableIndex):
            present = self.jobs.require(image).index
            if present is None or present.key != key:
                raise NotFound(f"image {image} has another version now") from None
        return self._index(image, key)

    def look(self, token: str | None, image: str) -> Look:
        """Return what there is of an image the caller may see; raise `Unauthenticated` or `NotFound`."""
        sight = self.sight(token, image)
        assert token is not None
        return Look(self.token_in(token), sight, self.jobs.require(image))

    def sight(self, token: str | None, image: str) -> Sight:
        """Return how the caller sees an image, whether or not there is anything of it; errors as for a look."""
        if token is None:
            raise Unauthenticated("Authentication credentials were not provided.")
        if not is_id(image):
            raise NotFound(f"image {image} does not exist")
        return self.images.sight(token, image)

    def deep_zoom_tile(self, token: str | None, image: str, at: TileAddress) -> Shown:
        """Return a tile of the Deep Zoom view.

        Raises
        ------
        NotFound
            No such image, no tiles, or not of this format.
        """
        return _tile(self.pyramid(token, image), self.read_deep_zoom_tile, at)

    def zoom_tile(self, token: str | None, image: str, at: TileAddress) -> Shown:
        """Return a tile of the z/x/y view; errors as for Deep Zoom."""
        return _tile(self.pyramid(token, image), self.read_zoom_tile, at)

    def crop(self, pyramid: Pyramid, wanted: ImageRequest, *, in_srgb: bool = False) -> Shown:
        """Return any part of an image at any size, with its colour profile applied or not; `Invalid` when that makes no sense."""
        resolved = wanted.resolved(pyramid.index.width, pyramid.index.height)
        found = replace(resolved, in_srgb=in_srgb)
        return Shown(f"{pyramid.name}/{found}", partial(self.read_crop, pyramid.source, pyramid.index, found))

    def _index(self, image: str, key: str) -> TileIndex:
        with self._made_again_if_lost(image, key):
            return self.indexes.get(key)

    def _read_preview(self, image: str, preview: StoredPreview) -> Picture:
        with self._made_again_if_lost(image, preview.key):
            return Picture(preview.content_type, self.media.read(preview.key))

    @contextmanager
    def _made_again_if_lost(self, image: str, key: str) -> Iterator[None]:
        try:
            yield
        except (NotFound, UnreadableIndex) as error:
            now = self.clock.now()
            self.jobs.change(image, lambda job: job.make_again(key, now))
            raise Unavailable("The pictures of this image are being made again.") from error


def _tile(pyramid: Pyramid, read: ReadTile, at: TileAddress) -> Shown:
    if at.extension != DeepZoom.of(pyramid.index).format:
        raise NotFound(f"there are no {at.extension} tiles")
    name = f"{pyramid.name}/{at.level}/{at.column}/{at.row}"
    return Shown(name, partial(read, pyramid.source, pyramid.index, at.level, at.column, at.row))
