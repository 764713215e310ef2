"""Lists the images somebody may see (`archive_api.use_cases.browse_images`), filtered and ordered, page by page."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from archive_api.domain.image import Image
from archive_api.domain.readiness import Shown
from archive_api.use_cases.browse_images import show_images, visible_images
from archive_api.use_cases.in_order import Order, each_of, read_at, read_on
from archive_api.use_cases.library import Library
from archive_api.use_cases.paging import Place
from archive_shared.access import Caller, Usable
from archive_shared.clock import to_text
from archive_shared.documents import Where

MOST_LOOKED_AT = 20_000
_BATCH = 500

_ORDERS: Mapping[str, Order[Image]] = {
    "created": Order("by_created", lambda image: to_text(image.created_at)),
    "name": Order("by_name", lambda image: image.name),
    "study_date": Order("by_study_date", lambda image: image.description.study_date),
}


@dataclass(frozen=True, kw_only=True)
class ImageFilter:
    """Which images are asked for.

    Parameters
    ----------
    archives
        Those that hold them, any one of several; none of them for all there are.
    where
        Conditions on the fields `archive_api.domain.image_fields` names, and on `name` and `session`.
    parts
        By field, what its text must contain, whatever the case.
    ordering
        One of `archive_api.domain.image_fields.ORDERINGS`.
    """

    archives: Collection[str] = ()
    where: Where = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    ordering: str = "created"

    @property
    def order(self) -> Order[Image]:
        order = _ORDERS[self.ordering.removeprefix("-")]
        return Order(order.field, order.value, descending=self.ordering.startswith("-"))

    def contains(self, image: Image) -> bool:
        """Tell whether the image has the parts that are asked for."""
        texts = {**vars(image.description), "name": image.name}
        return all(part.casefold() in (texts[name] or "").casefold() for name, part in self.parts.items())


def list_images(
    library: Library, token: str | None, wanted: ImageFilter, *, skip: int, limit: int
) -> tuple[int, list[Shown[Image]]]:
    """Return how many images the caller sees, and a page of them, oldest first unless ordered otherwise.

    Large counts may be some seconds old. Where parts of texts are asked for, images are looked at one by one,
    `MOST_LOOKED_AT` of them at the most.
    """
    caller, usable = library.require_usable(token)
    wheres = _wheres(caller, usable, wanted)
    if not wheres:
        return 0, []
    if wanted.parts:
        matching = list(_containing(library, wheres, wanted))
        count, found = len(matching), matching[skip : skip + limit]
    else:
        key = f"images {wheres} {wanted.ordering}"
        page = read_at(library.images, wheres, wanted.order, library.paging, key, skip=skip, limit=limit)
        counted = library.paging.count(key, lambda: library.images.count(wheres))
        count, found = max(counted, skip + len(page) if page else 0), page[:limit]
    return count, show_images(library, visible_images(library, caller, usable, found))


def list_images_after(
    library: Library, token: str | None, wanted: ImageFilter, after: Place | None, *, limit: int
) -> tuple[list[Shown[Image]], Place | None]:
    """Return the images behind a place, and where the next page begins, None for nowhere; costs a page, however far it is.

    Where parts of texts are asked for, a page ends early when `MOST_LOOKED_AT` images were looked at.
    """
    caller, usable = library.require_usable(token)
    found, following = _page_after(library, _wheres(caller, usable, wanted), wanted, after, limit=limit)
    return show_images(library, visible_images(library, caller, usable, found)), following


def _page_after(
    library: Library, wheres: Sequence[Where], wanted: ImageFilter, after: Place | None, *, limit: int
) -> tuple[list[Image], Place | None]:
    found: list[Image] = []
    at_once = _BATCH if wanted.parts else limit + 1
    walk = read_on(library.images, wheres, wanted.order, after, at_once=at_once)
    for looked_at, image in enumerate(walk):
        if len(found) == limit or looked_at == MOST_LOOKED_AT:
            return found, after
        after = wanted.order.place(image)
        if wanted.contains(image):
            found.append(image)
    return found, None


def _containing(library: Library, wheres: Sequence[Where], wanted: ImageFilter) -> Iterator[Image]:
    walk = read_on(library.images, wheres, wanted.order, None, at_once=_BATCH)
    return filter(wanted.contains, islice(walk, MOST_LOOKED_AT))


def _wheres(caller: Caller, usable: Usable, wanted: ImageFilter) -> list[Where]:
    """Return the alternatives an image may meet to be in the list, going by its index."""
    if wanted.archives:
        allowed = {each for each in wanted.archives if usable.everything or each in usable.archives}
        return each_of("archives", allowed, wanted.where) if allowed else []
    if usable.everything:
        return [wanted.where]
    placed = each_of("archives", usable.archives, wanted.where)
    if not caller.everywhere:
        return placed
    return [*placed, {**wanted.where, "creator": caller.id, "placed": False}]
