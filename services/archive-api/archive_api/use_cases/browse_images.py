"""Finds images for those who may see them, and the files they consist of.

An image may be seen by whoever may use an archive one of whose items holds it, or see a snapshot that does, and by its
uploader while no item does. That is decided on the items themselves whenever it is asked, never on a copy. Lists find their
pages through the index the image keeps (`archive_api.use_cases.index_image`), which may lag behind by the
time an event takes; every page is then checked against the items, so that a lagging index may make an image
appear late, or a page shorter than it might be, but never shows what may not be seen.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from archive_api.domain.image import Image, ImageCard
from archive_api.domain.readiness import Shown
from archive_api.domain.rendering import Rendering
from archive_api.use_cases.browse_snapshots import questions_about
from archive_api.use_cases.library import Library, known
from archive_shared.access import Action, Caller, Question, Usable
from archive_shared.documents import Where, more_than, one_of
from archive_shared.documents.port import Sort
from archive_shared.errors import NotFound
from archive_shared.events import ImageFile

I = TypeVar("I", bound=ImageCard)  # noqa: E741 (an image)

DOWNLOAD_LIFETIME_S = 300
MOST_LOOKED_AT = 20_000
MOST_NAMED = 16  # archives of a sight; it travels in a cookie
_BATCH = 500
_SORTS: Mapping[str, str] = {"created": "created_at", "name": "name", "study_date": "study_date"}


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


@dataclass(frozen=True, kw_only=True)
class ImageFilter:
    """Which images are asked for.

    Parameters
    ----------
    archive
        None for any.
    where
        Conditions on the fields `archive_api.domain.image_fields` names, and on `name`.
    parts
        By field, what its text must contain, whatever the case.
    ordering
        One of `archive_api.domain.image_fields.ORDERINGS`.
    """

    archive: str | None = None
    where: Where = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    ordering: str = "created"

    @property
    def sort(self) -> Sort:
        return [(_SORTS[self.ordering.removeprefix("-")], -1 if self.ordering.startswith("-") else 1)]

    def contains(self, image: Image) -> bool:
        """Tell whether the image has the parts that are asked for."""
        texts = {**vars(image.description), "name": image.name}
        return all(part.casefold() in (texts[name] or "").casefold() for name, part in self.parts.items())


def list_images(
    library: Library, token: str | None, wanted: ImageFilter, *, skip: int, limit: int
) -> tuple[int, list[Shown[Image]]]:
    """Return how many images the caller sees, and a page of them, oldest first unless ordered otherwise.

    Where parts of texts are asked for, images are looked at one by one, `MOST_LOOKED_AT` of them at the most.
    """
    caller, usable = library.require_usable(token)
    where = _where(caller, usable, wanted)
    if not where:
        return 0, []
    if wanted.parts:
        matching = _containing(library, where, wanted)
        count, found = len(matching), matching[skip : skip + limit]
    else:
        count = library.images.count(where)
        found = library.images.find(where, sort=wanted.sort, skip=skip, limit=limit)
    return count, _shown(library, visible_images(library, caller, usable, found))


def list_images_after(
    library: Library, token: str | None, wanted: ImageFilter, after: tuple[str, str] | None, *, limit: int
) -> list[Shown[Image]]:
    """Return the images behind a place (time and identifier), oldest first; costs a page, however far it is."""
    caller, usable = library.require_usable(token)
    wheres = _where(caller, usable, wanted)
    if not wheres:
        return []
    found = _after(library, wheres, after, limit=limit)
    return _shown(library, visible_images(library, caller, usable, found))


def find_image(library: Library, token: str | None, identifier: str) -> Shown[Image]:
    """Return an image the caller may see; raise `Unauthenticated` or `NotFound`."""
    found = _existing(library, token, identifier)
    _sight_of(library, token, found)
    return _shown(library, [found])[0]


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
    return _shown(library, library.image_cards.find({"_id": one_of(list(identifiers))}))


def visible_images(library: Library, caller: Caller, usable: Usable, images: Sequence[Image]) -> list[Image]:
    """Return those of the images the caller may see, according to the items that hold them now."""
    if usable.everything or not images:
        return list(images)
    holders = _holders(library, [image.id for image in images])

    def visible(image: Image) -> bool:
        archives = holders.get(image.id, set())
        return bool(archives & usable.archives) or (not archives and image.creator == caller.id)

    return [image for image in images if visible(image)]


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
    is_theirs = not holders and image.creator == caller.id
    if not (any(answers.allowed) or is_theirs):
        questions = questions_about(library, image.id)
        answers = library.access.ask(token, questions)
        if not any(answers.allowed):
            raise NotFound(f"image {image.id} may not be seen")
    allowed = {each.archive for each, yes in zip(questions, answers.allowed, strict=True) if yes}
    return Sight(sorted(filter(None, allowed))[:MOST_NAMED], is_theirs)


def _holders(library: Library, images: list[str]) -> dict[str, set[str]]:
    """Return which archives hold each of the images."""
    found: dict[str, set[str]] = {}
    for item in library.items.find({"images": one_of(images)}):
        for image in item.images:
            found.setdefault(image, set()).add(item.archive)
    return found


def _where(caller: Caller, usable: Usable, wanted: ImageFilter) -> list[Where]:
    """Return the alternatives an image may meet to be in the list, going by its index."""
    if wanted.archive is not None:
        allowed = usable.everything or wanted.archive in usable.archives
        return [{**wanted.where, "archives": wanted.archive}] if allowed else []
    if usable.everything:
        return [wanted.where]
    unplaced: Where = {**wanted.where, "creator": caller.id, "placed": False}
    if not usable.archives:
        return [unplaced]
    return [{**wanted.where, "archives": one_of(sorted(usable.archives))}, unplaced]


def _containing(library: Library, where: Sequence[Where], wanted: ImageFilter) -> list[Image]:
    found: list[Image] = []
    for skip in range(0, MOST_LOOKED_AT, _BATCH):
        batch = library.images.find(where, sort=wanted.sort, skip=skip, limit=_BATCH)
        found += [image for image in batch if wanted.contains(image)]
        if len(batch) < _BATCH:
            break
    return found


def _after(
    library: Library, wheres: Sequence[Where], place: tuple[str, str] | None, *, limit: int
) -> list[Image]:
    """Read on behind a place: the rest of what is exactly as old, then what is younger."""
    if place is None:
        return library.images.find(wheres, sort=[("created_at", 1)], limit=limit)
    at, identifier = place
    same = [{**where, "created_at": at, "_id": more_than(identifier)} for where in wheres]
    younger = [{**where, "created_at": more_than(at)} for where in wheres]
    found = library.images.find(same, sort=[("created_at", 1)], limit=limit)
    if len(found) < limit:
        found += library.images.find(younger, sort=[("created_at", 1)], limit=limit - len(found))
    return found


def _shown(library: Library, images: Sequence[I]) -> list[Shown[I]]:
    wanted = [image.id for image in images]
    found = {each.id: each for each in library.renderings.find({"_id": one_of(wanted)})} if wanted else {}
    return [Shown(image, found.get(image.id) or Rendering(id=image.id)) for image in images]
