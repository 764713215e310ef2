"""What archive-api says."""

from dataclasses import dataclass
from typing import ClassVar

from archive_shared.events.base import Event


@dataclass(frozen=True, kw_only=True)
class ArchiveCreated(Event):
    """An archive was created; its creator is its first editor."""

    TYPE: ClassVar[str] = "archive.archive.created.v1"
    SUBJECT: ClassVar[str] = "archive"

    archive: str
    title: str
    public: bool
    creator: str


@dataclass(frozen=True, kw_only=True)
class ArchiveUpdated(Event):
    """The settings of an archive changed."""

    TYPE: ClassVar[str] = "archive.archive.updated.v1"
    SUBJECT: ClassVar[str] = "archive"

    archive: str
    title: str
    public: bool


@dataclass(frozen=True, kw_only=True)
class ItemCreated(Event):
    """An archive has a new item, with the images it was created with."""

    TYPE: ClassVar[str] = "archive.item.created.v1"
    SUBJECT: ClassVar[str] = "item"

    item: str
    archive: str
    title: str
    images: list[str]


@dataclass(frozen=True, kw_only=True)
class ItemReady(Event):
    """Everything of an item is there for the first time: its imports are done, and its images can be looked at.

    Said once of each item, whatever becomes of it later: it is what starts work on new items, such as an algorithm.

    Parameters
    ----------
    images
        The images it holds.
    """

    TYPE: ClassVar[str] = "archive.item.ready.v1"
    SUBJECT: ClassVar[str] = "item"

    item: str
    archive: str
    images: list[str]


@dataclass(frozen=True, kw_only=True)
class ItemUpdated(Event):
    """The title of an item changed."""

    TYPE: ClassVar[str] = "archive.item.updated.v1"
    SUBJECT: ClassVar[str] = "item"

    item: str
    archive: str
    title: str


@dataclass(frozen=True, kw_only=True)
class ItemValueAdded(Event):
    """An item got a value for a socket it had none for.

    Parameters
    ----------
    image
        The image, "" when the value is none.
    kind
        `image`, `file` or `json`.
    """

    TYPE: ClassVar[str] = "archive.item.value_added.v1"
    SUBJECT: ClassVar[str] = "item"

    item: str
    archive: str
    socket: str
    image: str
    kind: str = "image"


@dataclass(frozen=True, kw_only=True)
class ItemValueReplaced(Event):
    """An item got another value for a socket.

    Parameters
    ----------
    image
        The image, "" when the value is none.
    previous_image
        The image that was there before, "" when the value before was none.
    kind
        `image`, `file` or `json`.
    """

    TYPE: ClassVar[str] = "archive.item.value_replaced.v1"
    SUBJECT: ClassVar[str] = "item"

    item: str
    archive: str
    socket: str
    image: str
    previous_image: str
    kind: str = "image"


@dataclass(frozen=True, kw_only=True)
class ItemValueRemoved(Event):
    """An item lost its value for a socket.

    Parameters
    ----------
    image
        The image that was there, "" when the value was none.
    kind
        `image`, `file` or `json`.
    """

    TYPE: ClassVar[str] = "archive.item.value_removed.v1"
    SUBJECT: ClassVar[str] = "item"

    item: str
    archive: str
    socket: str
    image: str
    kind: str = "image"


@dataclass(frozen=True, kw_only=True)
class ImageDeleted(Event):
    """Nothing refers to an image any more and nobody can bring it back: whoever made something of it removes that.

    An image is announced as deleted once its last item, version and link are gone, the time to restore
    them is over, and nobody uploaded it lately.
    """

    TYPE: ClassVar[str] = "archive.image.deleted.v1"
    SUBJECT: ClassVar[str] = "image"

    image: str


@dataclass(frozen=True, kw_only=True)
class ItemDeleted(Event):
    """An item was deleted.

    Parameters
    ----------
    images
        The images it held; other items may still hold them.
    """

    TYPE: ClassVar[str] = "archive.item.deleted.v1"
    SUBJECT: ClassVar[str] = "item"

    item: str
    archive: str
    images: list[str]


@dataclass(frozen=True, kw_only=True)
class ItemRestored(Event):
    """A deleted item is back in its archive, with the images it had."""

    TYPE: ClassVar[str] = "archive.item.restored.v1"
    SUBJECT: ClassVar[str] = "item"

    item: str
    archive: str
    title: str
    images: list[str]


@dataclass(frozen=True, kw_only=True)
class ItemMoved(Event):
    """An item was put into another archive, with everything it holds."""

    TYPE: ClassVar[str] = "archive.item.moved.v1"
    SUBJECT: ClassVar[str] = "item"

    item: str
    archive: str
    previous_archive: str
    title: str
    images: list[str]


@dataclass(frozen=True, kw_only=True)
class ArchiveDeleted(Event):
    """An archive was deleted; its items follow."""

    TYPE: ClassVar[str] = "archive.archive.deleted.v1"
    SUBJECT: ClassVar[str] = "archive"

    archive: str


@dataclass(frozen=True, kw_only=True)
class TaskDue(Event):
    """The next step of a long task can be done.

    Parameters
    ----------
    step
        Which one, from 0; a step that was done already is not done again.
    """

    TYPE: ClassVar[str] = "archive.task.due.v1"
    SUBJECT: ClassVar[str] = "task"

    task: str
    step: int
