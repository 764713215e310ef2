"""Finds images for those who may see them, and the files they consist of.

An image may be seen by whoever may use an archive one of whose items holds it, and by its uploader while no
item does. That is decided on the items themselves whenever it is asked, never on a copy. Lists find their
pages through the index the image keeps (`archive_api.use_cases.index_image`), which may lag behind by the
time an event takes; every page is then checked against the items, so that a lagging index may make an image
appear late, or a page shorter than it might be, but never shows what may not be seen.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from archive_api.domain.image import Image
from archive_api.domain.readiness import Shown
from archive_api.domain.rendering import Rendering
from archive_api.use_cases.library import Library, known
from archive_shared.access import Action, Caller, Question, Usable
from archive_shared.documents import Where, one_of
from archive_shared.errors import NotFound
from archive_shared.events import ImageFile

DOWNLOAD_LIFETIME_S = 300


@dataclass(frozen=True, kw_only=True)
class ImageFilter:
    """Which images are asked for; None for any."""

    archive: str | None = None
    name: str | None = None


def list_images(
    library: Library, token: str | None, wanted: ImageFilter, *, skip: int, limit: int
) -> tuple[int, list[Shown]]:
    """Return how many images the caller sees, and a page of them, oldest first."""
    caller, usable = library.require_usable(token)
    where = _where(caller, usable, wanted)
    if not where:
        return 0, []
    found = library.images.find(where, sort=[("created_at", 1)], skip=skip, limit=limit)
    return library.images.count(where), _shown(library, visible_images(library, caller, usable, found))


def find_image(library: Library, token: str | None, identifier: str) -> Shown:
    """Return an image the caller may see; raise `Unauthenticated` or `NotFound`."""
    found = library.images.get(identifier)
    if found is None:
        library.require_caller(token)
        raise NotFound(f"image {identifier} does not exist")
    _require_sight(library, token, found)
    return _shown(library, [found])[0]


def find_file(library: Library, token: str | None, image: str, file: str) -> ImageFile:
    """Return a file of an image the caller may see; raise `Unauthenticated` or `NotFound`."""
    found = find_image(library, token, image).image.file(file)
    if found is None:
        raise NotFound(f"image {image} has no file {file}")
    return found


def link_to(library: Library, file: ImageFile, *, filename: str) -> str:
    """Return an address that anybody may read the file from, for five minutes."""
    return library.image_blobs.sign_download(file.key, lifetime_s=DOWNLOAD_LIFETIME_S, filename=filename)


def show_images(library: Library, identifiers: Collection[str]) -> list[Shown]:
    """Return images with what the tiler said of them, without asking who may see them."""
    if not identifiers:
        return []
    return _shown(library, library.images.find({"_id": one_of(list(identifiers))}))


def visible_images(library: Library, caller: Caller, usable: Usable, images: Sequence[Image]) -> list[Image]:
    """Return those of the images the caller may see, according to the items that hold them now."""
    if usable.everything or not images:
        return list(images)
    holders = _holders(library, [image.id for image in images])

    def visible(image: Image) -> bool:
        archives = holders.get(image.id, set())
        return bool(archives & usable.archives) or (not archives and image.creator == caller.id)

    return [image for image in images if visible(image)]


def _require_sight(library: Library, token: str | None, image: Image) -> None:
    """Raise unless the caller may use an archive that holds the image, or no item does and it is theirs."""
    holders = _holders(library, [image.id]).get(image.id)
    archives = sorted(holders) if holders else [None]  # in none, it is for administrators
    answers = library.access.ask(token, [Question(Action.USE_ARCHIVE, archive) for archive in archives])
    caller = known(answers.caller)
    if not (any(answers.allowed) or (not holders and image.creator == caller.id)):
        raise NotFound(f"image {image.id} may not be seen")


def _holders(library: Library, images: list[str]) -> dict[str, set[str]]:
    """Return which archives hold each of the images."""
    found: dict[str, set[str]] = {}
    for item in library.items.find({"images": one_of(images)}):
        for image in item.images:
            found.setdefault(image, set()).add(item.archive)
    return found


def _where(caller: Caller, usable: Usable, wanted: ImageFilter) -> list[Where]:
    """Return the alternatives an image may meet to be in the list, going by its index."""
    named = {} if wanted.name is None else {"name": wanted.name}
    if wanted.archive is not None:
        allowed = usable.everything or wanted.archive in usable.archives
        return [{**named, "archives": wanted.archive}] if allowed else []
    if usable.everything:
        return [named]
    unplaced: Where = {**named, "creator": caller.id, "placed": False}
    if not usable.archives:
        return [unplaced]
    return [{**named, "archives": one_of(sorted(usable.archives))}, unplaced]


def _shown(library: Library, images: Sequence[Image]) -> list[Shown]:
    wanted = [image.id for image in images]
    found = {each.id: each for each in library.renderings.find({"_id": one_of(wanted)})} if wanted else {}
    return [Shown(image, found.get(image.id) or Rendering(id=image.id)) for image in images]
