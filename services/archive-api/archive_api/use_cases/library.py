"""What archive-api keeps and whom it asks, as its use cases see it."""

from collections.abc import Callable
from dataclasses import dataclass

from archive_api.domain.archive import Archive
from archive_api.domain.image import Image
from archive_api.domain.item import Item
from archive_api.domain.rendering import Rendering
from archive_shared.access import Access, Caller, Usable
from archive_shared.blobs.port import BlobStore
from archive_shared.clock import Clock
from archive_shared.documents import Repository
from archive_shared.errors import Unauthenticated


@dataclass(frozen=True)
class Library:
    """Archives, items and images, their bytes, and the door to permissions.

    Parameters
    ----------
    image_blobs, media_blobs
        The buckets `images` and `media`.
    render_logo
        Turns the bytes of a picture somebody sent into the bytes of a PNG that may be shown to everybody;
        raises `Invalid`, field `logo`, for one that breaks the rules of `archive_api.domain.logo`.
    """

    archives: Repository[Archive]
    items: Repository[Item]
    images: Repository[Image]
    renderings: Repository[Rendering]
    image_blobs: BlobStore
    media_blobs: BlobStore
    access: Access
    clock: Clock
    render_logo: Callable[[bytes], bytes]

    def require_caller(self, token: str | None) -> Caller:
        """Return who is calling; raise `Unauthenticated` for nobody."""
        return known(self.access.ask(token, ()).caller)

    def require_usable(self, token: str | None) -> tuple[Caller, Usable]:
        """Return who is calling and whose data they may see; raise `Unauthenticated` for nobody."""
        usable = self.access.usable(token)
        return known(usable.caller), usable


def known(caller: Caller | None) -> Caller:
    """Return who is calling; raise `Unauthenticated` for nobody."""
    if caller is None:
        raise Unauthenticated("Authentication credentials were not provided.")
    return caller
