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
class ItemUpdated(Event):
    """The title of an item changed."""

    TYPE: ClassVar[str] = "archive.item.updated.v1"
    SUBJECT: ClassVar[str] = "item"

    item: str
    archive: str
    title: str


@dataclass(frozen=True, kw_only=True)
class ItemValueAdded(Event):
    """An item got a value for a socket it had none for."""

    TYPE: ClassVar[str] = "archive.item.value_added.v1"
    SUBJECT: ClassVar[str] = "item"

    item: str
    archive: str
    socket: str
    image: str


@dataclass(frozen=True, kw_only=True)
class ItemValueReplaced(Event):
    """An item got another value for a socket.

    Parameters
    ----------
    previous_image
        The image that was there before.
    """

    TYPE: ClassVar[str] = "archive.item.value_replaced.v1"
    SUBJECT: ClassVar[str] = "item"

    item: str
    archive: str
    socket: str
    image: str
    previous_image: str


@dataclass(frozen=True, kw_only=True)
class ItemValueRemoved(Event):
    """An item lost its value for a socket.

    Parameters
    ----------
    image
        The image that was there.
    """

    TYPE: ClassVar[str] = "archive.item.value_removed.v1"
    SUBJECT: ClassVar[str] = "item"

    item: str
    archive: str
    socket: str
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
