"""Gives passes, and serves tiles to those who hold one, as long as permissions would still let them see the image."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from archive_shared.access import Access
from archive_shared.errors import NotFound, Unauthenticated
from tiler.domain.picture import Picture
from tiler.domain.ranged_source import RangedSource
from tiler.domain.rendering_job import PYRAMID
from tiler.domain.tile_index import TileIndex
from tiler.domain.tile_pass import PassOffice, TilePass
from tiler.use_cases.show_image import Gallery, Pyramid


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
    access
        Asked for every tile, so it should remember for a moment what permissions said.
    tiles_of
        Prepares the tiles of an index; called for every tile, so it should remember.
    cache
        Keeps tiles that were served; those of popular views are made and fetched once.
    """

    office: PassOffice
    access: Access
    gallery: Gallery
    open_source: Callable[[str, int], RangedSource]
    tiles_of: Callable[[str, TileIndex], Tiles]
    cache: Cache

    def admit(self, token: str | None, image: str) -> tuple[TilePass, str]:
        """Ask whether the caller may see the image, and write a pass.

        Raises
        ------
        Unauthenticated
            Nobody is asking.
        NotFound
            The image does not exist for the caller, or it is a pyramid that has no tiles (yet).
        """
        look = self.gallery.look(token, image)
        index, located = look.job.index, look.job.source
        if index is None and located.type == PYRAMID:
            raise NotFound(f"image {image} has no tiles")
        if index is not None and index.source is not None:
            located = index.source
        return self.office.issue(
            image,
            index_key=index.key if index else "",
            source_key=located.key,
            source_size_bytes=located.size_bytes,
            token=look.token,
            sight=look.sight,
        )

    def check(self, written: str, image: str) -> TilePass:
        """Return a pass for an image that its holder may see now.

        Raises
        ------
        Unauthenticated
            The pass is not valid, or the token it was given for is not any more.
        NotFound
            It is for another image, or its holder may not see the image any more.
        Unavailable
            Permissions does not answer.
        """
        found = self.office.check(written)
        if found.image != image:
            raise NotFound(f"image {image} is not what the pass is for")
        answers = self.access.ask(found.token, found.questions)
        if answers.caller is None:
            raise Unauthenticated("The pass is nobody's any more.")
        if found.questions and not any(answers.allowed):
            raise NotFound(f"image {image} may not be seen any more")
        return found

    def pyramid(self, found: TilePass) -> Pyramid:
        """Return what the tiles of a pass are read from; `NotFound` if it is gone, or never was, `Unavailable` while it is made again."""
        if not found.index_key:
            raise NotFound(f"image {found.image} has no tiles")
        index = self.gallery.index_of_pass(found.image, found.index_key)
        return Pyramid(found.index_key, self.open_source(found.source_key, found.source_size_bytes), index)

    def tile(self, found: TilePass, z: int, x: int, y: int) -> Picture:
        """Return a tile; raises `NotFound` outside of the image, `UnreadableImage` where it is damaged."""
        key = (found.index_key, z, x, y)
        kept = self.cache.get(key)
        if kept is not None:
            return kept
        pyramid = self.pyramid(found)
        picture = self.tiles_of(pyramid.name, pyramid.index).read(pyramid.source, z, x, y)
        self.cache.put(key, picture, len(picture.body))
        return picture
