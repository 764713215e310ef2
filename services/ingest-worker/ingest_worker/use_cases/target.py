"""Where imported images go: an archive, one item of one, or nowhere yet."""

from dataclasses import dataclass
from typing import Protocol

from archive_shared.access import Access, Action, require
from archive_shared.errors import Forbidden, Invalid, NotFound
from ingest_worker.domain.grouping import GroupBy, Grouping

DEFAULT_SOCKET = "generic-medical-image"
MOST_SOCKETS = 50


@dataclass(frozen=True)
class FoundArchive:
    """What an import needs to know of an archive."""

    id: str
    deidentify: bool = False
    keep_labels: bool = False
    is_full: bool = False


class Archives(Protocol):
    """What archive-api answers about archives and items, with the eyes of the caller."""

    def find_archive(self, token: str | None, reference: str) -> FoundArchive:
        """Return an archive named by slug, identifier or address; `NotFound` if unseen."""
        ...

    def has_socket(self, token: str | None, slug: str) -> bool:
        """Tell whether there is a socket of this name."""
        ...

    def archive_of_item(self, token: str | None, item: str) -> FoundArchive:
        """Return the archive an item is in; `NotFound` if unseen."""
        ...


@dataclass(frozen=True)
class Target:
    """Where the images of a session are wanted.

    Parameters
    ----------
    item
        Set when they are to fill a socket of this item instead of becoming items of their own.
    deidentify
        Whether the archive takes images without identity only.
    grouping
        How images are put together into items.
    keep_labels
        Whether labels of slides are kept for the archive's editors; never where images have no identity.
    """

    archive: str | None
    item: str | None
    socket: str
    deidentify: bool = False
    grouping: Grouping | None = None
    keep_labels: bool = False


@dataclass(frozen=True)
class WantedTarget:
    """The target as a client names it."""

    archive: str | None = None
    archive_item: str | None = None
    interface: str | None = None
    grouping: Grouping | None = None


def resolve(wanted: WantedTarget, *, token: str | None, archives: Archives, access: Access) -> Target:
    """Return the target, once it is certain that the caller may upload there.

    Raises
    ------
    Invalid
        More than one target, a socket without a target, an item without a socket, or a target or socket
        that does not exist for the caller.
    Forbidden
        The caller sees the target but may not upload to it, or it is full.
    """
    _check_combination(wanted)
    field = "archive" if wanted.archive else "archive_item"
    try:
        archive = _archive(wanted, token=token, archives=archives)
        if archive is not None:
            require(access, token, Action.UPLOAD, archive.id)
            _require_room(archive)
    except NotFound as error:
        raise Invalid({field: ["Object does not exist."]}) from error
    if wanted.interface and not archives.has_socket(token, wanted.interface):
        raise Invalid({"interface": [f"There is no socket named {wanted.interface}."]})
    if wanted.grouping is not None:
        _check_grouping(wanted.grouping, archive, token=token, archives=archives)
    return Target(
        archive=archive.id if archive else None,
        item=wanted.archive_item,
        socket=wanted.interface or DEFAULT_SOCKET,
        deidentify=archive is not None and archive.deidentify,
        grouping=wanted.grouping,
        keep_labels=archive is not None and archive.keep_labels and not archive.deidentify,
    )


def _require_room(archive: FoundArchive) -> None:
    if archive.is_full:
        raise Forbidden("The archive is full. Delete items, or ask an administrator for more room.")


def _check_grouping(
    grouping: Grouping, archive: FoundArchive | None, *, token: str | None, archives: Archives
) -> None:
    """Refuse groups that cannot be made; that there is an archive to make them in was checked before."""
    if archive is not None and archive.deidentify and grouping.by is not GroupBy.MANIFEST:
        reason = "File names may tell whose images they are; this archive takes groups by manifest only."
        raise Invalid({"grouping": [reason]})
    if len(grouping.named_sockets) > MOST_SOCKETS:
        raise Invalid({"grouping": [f"Fill {MOST_SOCKETS} different sockets at the most."]})
    unknown = [slug for slug in sorted(grouping.named_sockets) if not archives.has_socket(token, slug)]
    if unknown:
        raise Invalid({"grouping": [f"There is no socket named {slug}." for slug in unknown]})


def _check_combination(wanted: WantedTarget) -> None:
    if wanted.archive and wanted.archive_item:
        raise Invalid({"archive_item": ["Only one of archive and archive item can be set."]})
    if wanted.grouping is not None and not wanted.archive:
        raise Invalid({"grouping": ["Only uploads into an archive can be grouped into items."]})
    if wanted.interface and not (wanted.archive or wanted.archive_item):
        raise Invalid(
            {"interface": ["An interface can only be defined for archive or archive item uploads."]}
        )
    if wanted.archive_item and not wanted.interface:
        raise Invalid({"interface": ["An interface needs to be defined to upload to an archive item."]})


def _archive(wanted: WantedTarget, *, token: str | None, archives: Archives) -> FoundArchive | None:
    if wanted.archive:
        return archives.find_archive(token, wanted.archive)
    if wanted.archive_item:
        return archives.archive_of_item(token, wanted.archive_item)
    return None
