"""Items: what an archive is a collection of; each has at most one value per socket."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from archive_shared.documents import Aggregate, Collection
from archive_shared.documents.repository import OUTBOX_FIELDS, OUTBOX_INDEX
from archive_shared.errors import NotFound
from archive_shared.events import (
    ItemCreated,
    ItemDeleted,
    ItemUpdated,
    ItemValueAdded,
    ItemValueRemoved,
    ItemValueReplaced,
)

LARGEST_TITLE = 255


@dataclass(frozen=True, kw_only=True)
class ImageValue:
    """An image in a socket, by the socket's slug and the image's identifier."""

    socket: str
    image: str

    @property
    def number(self) -> int:
        """Return the value's identifier on the wire: whole numbers below 2⁵², the same for equal values."""
        digest = hashlib.sha256(f"{self.socket}\x1f{self.image}".encode()).digest()
        return int.from_bytes(digest[:8]) >> 12


@dataclass(kw_only=True)
class Item(Aggregate):
    """An item of an archive.

    A deleted item stays as a document nobody sees: its announcement leaves from it, and an import that is
    delivered once more finds that its item has been there.

    Parameters
    ----------
    archive
        Where it belongs; never changes.
    title
        "" for none.
    reserved_title
        The title while it is taken: unique in the archive, None when there is none or the item is deleted.
    images
        The images its values hold, as a list that can be searched; none when it is deleted.
    attached_imports
        Images that imports put here. An import delivered again must not undo what people did since.
    """

    archive: str
    title: str
    values: list[ImageValue] = field(default_factory=list)
    reserved_title: str | None = None
    images: list[str] = field(default_factory=list)
    attached_imports: list[str] = field(default_factory=list)
    deleted: bool = False
    created_at: datetime
    modified_at: datetime

    @classmethod
    def create(
        cls, *, id: str, archive: str, title: str, values: Iterable[ImageValue] = (), at: datetime
    ) -> "Item":
        """Return a new item that announces itself with its images."""
        item = cls(
            id=id,
            archive=archive,
            title=title,
            reserved_title=title or None,
            values=_in_order(values),
            created_at=at,
            modified_at=at,
        )
        item.images = _images(item.values)
        item.record(ItemCreated(item=id, archive=archive, title=title, images=item.images))
        return item

    def rename(self, title: str, *, at: datetime) -> None:
        self._require_present()
        if title == self.title:
            return
        self.title, self.reserved_title, self.modified_at = title, title or None, at
        self.record(ItemUpdated(item=self.id, archive=self.archive, title=title))

    def put(self, value: ImageValue, *, at: datetime) -> None:
        """Set the value of a socket; an equal one again changes and announces nothing."""
        self._require_present()
        present = self._value_of(value.socket)
        if present == value:
            return
        self._replace([*self._others(value.socket), value], at=at)
        place = {"item": self.id, "archive": self.archive, "socket": value.socket, "image": value.image}
        if present is None:
            self.record(ItemValueAdded(**place))
        else:
            self.record(ItemValueReplaced(**place, previous_image=present.image))

    def remove(self, socket: str, *, at: datetime) -> None:
        """Empty a socket; nothing happens when it is empty."""
        self._require_present()
        present = self._value_of(socket)
        if present is None:
            return
        self._replace(self._others(socket), at=at)
        self.record(ItemValueRemoved(item=self.id, archive=self.archive, socket=socket, image=present.image))

    def attach_import(self, value: ImageValue, *, at: datetime) -> None:
        """Put an imported image into its socket, the first time it is asked for."""
        self._require_present()
        if value.image in self.attached_imports:
            return
        self.attached_imports = [*self.attached_imports, value.image]
        self.put(value, at=at)

    def delete(self, *, at: datetime) -> None:
        """Make the item disappear and its title free."""
        self._require_present()
        self.record(ItemDeleted(item=self.id, archive=self.archive, images=self.images))
        self.deleted, self.reserved_title, self.images, self.modified_at = True, None, [], at

    def _require_present(self) -> None:
        if self.deleted:
            raise NotFound(f"item {self.id} was deleted")

    def _value_of(self, socket: str) -> ImageValue | None:
        return next((value for value in self.values if value.socket == socket), None)

    def _others(self, socket: str) -> list[ImageValue]:
        return [value for value in self.values if value.socket != socket]

    def _replace(self, values: Iterable[ImageValue], *, at: datetime) -> None:
        self.values = _in_order(values)
        self.images = _images(self.values)
        self.modified_at = at


def _in_order(values: Iterable[ImageValue]) -> list[ImageValue]:
    return sorted(values, key=lambda value: value.socket)


def _images(values: Iterable[ImageValue]) -> list[str]:
    return sorted({value.image for value in values})


ITEMS = Collection(
    "items",
    fields={
        **OUTBOX_FIELDS,
        "archive": "archive",
        "reserved_title": "reserved_title",
        "deleted": "deleted",
        "created_at": "created_at",
    },
    lists={"images": "images"},
    unique=[("archive", "reserved_title")],
    indexes=[OUTBOX_INDEX, ("archive", "deleted", "created_at", "_id"), ("deleted", "created_at", "_id")],
)
