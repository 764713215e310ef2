"""Finds images for those who may see them, and the files they consist of.

An image may be seen by whoever may use an archive one of whose items holds it, or see a snapshot that does, and by its
uploader while no item does, with a token that is good for everything of theirs: what is in no archive is not for tokens
that are for some archives only. That is decided on the items themselves whenever it is asked, never on a copy. Lists
(`archive_api.use_cases.list_images`) find their pages through the index the image keeps
(`archive_api.use_cases.index_image`), which may lag behind by the time an event takes; every page is then checked
against the items, so that a lagging index may make an image appear late, or a page shorter than it might be, but
never shows what may not be seen.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

from archive_api.domain.image import Image, ImageCard
from archive_api.domain.readiness import Shown
from archive_api.domain.rendering import Rendering
from archive_api.use_cases.browse_snapshots import questions_about
from archive_api.use_cases.library import Library, known
from archive_shared.access import Action, Caller, Question, Usable
from archive_shared.documents import one_of
from archive_shared.errors import NotFound
from archive_shared.events import ImageFile

I = TypeVar("I", bound=ImageCard)  # noqa: E741 (an image)

DOWNLOAD_LIFETIME_S = 300
_AT_ONCE = 500
MOST_NAMED = 16  # archives of a sight; it travels in a cookie


@dataclass(frozen=True)
class Sight:
    """Why somebody may see an image.

    Parameters
    ----------
    archives
        Those whose data they may use and that hold it, `MOST_NAMED` at the most. Without any they see it because it is
        theirs, or because they are an administrator.
    """

    archives: Sequence[str]
    is_theirs: bool


def find_image(library: Library, token: str | None, identifier: str) -> Shown[Image]:
    """Return an image the caller may see; raise `Unauthenticated` or `NotFound`."""
    found = _existing(library, token, identifier)
    _sight_of(library, token, found)
    return show_images(library, [found])[0]


def find_sight(library: Library, token: str | None, identifier: str) -> Sight:
    """Return why the caller may see an image; raise `Unauthenticated` or `NotFound`."""
    return _sight_of(library, token, _existing(library, token, identifier))


def find_file(library: Library, token: str | None, image: str, file: str) -> ImageFile:
    """Return a file of an image the caller may see; raise `Unauthenticated` or `NotFound`."""
    found = find_image(library, token, image).image.file(file)
    if found is None:
        raise NotFound(f"image {image} has no file {file}")
    return found


def link_to(library: Library, file: ImageFile, *, filename: str) -> str:
    """Return an address that anybody may read the file from, for five minutes."""
    return library.image_blobs.sign_download(file.key, lifetime_s=DOWNLOAD_LIFETIME_S, filename=filename)


def show_cards(library: Library, identifiers: Collection[str]) -> list[Shown[ImageCard]]:
    """Return cards of images with what the tiler said of them, without asking who may see them."""
    if not identifiers:
        return []
    return show_images(library, library.image_cards.find({"_id": one_of(list(identifiers))}))


def visible_images(library: Library, caller: Caller, usable: Usable, images: Sequence[Image]) -> list[Image]:
    """Return those of the images the caller may see, according to the items that hold them now."""
    if usable.everything or not images:
        return list(images)
    holders = _holders(library, [image.id for image in images])

    def visible(image: Image) -> bool:
        archives = holders.get(image.id, set())
        return bool(archives & usable.archives) or (not archives and _is_theirs(caller, image))

    return [image for image in images if visible(image)]


def held_in(library: Library, archive: str, images: Sequence[str]) -> set[str]:
    """Return those of the images that items of an archive hold now, whatever their index says; one search for 500 of them."""
    found: set[str] = set()
    for start in range(0, len(images), _AT_ONCE):
        part = images[start : start + _AT_ONCE]
        for item in library.items.find({"images": one_of(part)}):
            found.update(item.images if item.archive == archive else ())
    return found.intersection(images)


def _existing(library: Library, token: str | None, identifier: str) -> Image:
    found = library.images.get(identifier)
    if found is None:
        library.require_caller(token)
        raise NotFound(f"image {identifier} does not exist")
    return found


def _sight_of(library: Library, token: str | None, image: Image) -> Sight:
    """Raise unless the caller may use an archive that holds the image, or a version of one, or no item does and it is theirs."""
    holders = _holders(library, [image.id]).get(image.id)
    archives = sorted(holders) if holders else [None]  # in none, it is for administrators
    questions = [Question(Action.USE_ARCHIVE, archive) for archive in archives]
    answers = library.access.ask(token, questions)
    caller = known(answers.caller)
    is_theirs = not holders and _is_theirs(caller, image)
    if not (any(answers.allowed) or is_theirs):
        questions = questions_about(library, image.id)
        answers = library.access.ask(token, questions)
        if not any(answers.allowed):
            raise NotFound(f"image {image.id} may not be seen")
    allowed = {each.archive for each, yes in zip(questions, answers.allowed, strict=True) if yes}
    return Sight(sorted(filter(None, allowed))[:MOST_NAMED], is_theirs)


def _is_theirs(caller: Caller, image: Image) -> bool:
    """Tell whether an image that is in no archive is the caller's, and for the token they came with."""
    return caller.everywhere and image.creator == caller.id


def _holders(library: Library, images: list[str]) -> dict[str, set[str]]:
    """Return which archives hold each of the images."""
    found: dict[str, set[str]] = {}
    for item in library.items.find({"images": one_of(images)}):
        for image in item.images:
            found.setdefault(image, set()).add(item.archive)
    return found


def show_images(library: Library, images: Sequence[I]) -> list[Shown[I]]:
    """Add to each image what the tiler said of it; one search for all of them together."""
    wanted = [image.id for image in images]
    found = {each.id: each for each in library.renderings.find({"_id": one_of(wanted)})} if wanted else {}
    return [Shown(image, found.get(image.id) or Rendering(id=image.id)) for image in images]
