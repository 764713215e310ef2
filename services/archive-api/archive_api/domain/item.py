"""Items: what an archive is a collection of; each has at most one value per socket, kept under the socket's name."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from archive_api.domain.arriving import Arriving, attachment, sessions_at_work, with_failure
from archive_api.domain.history import Actor, Change, remembered
from archive_api.domain.value import Value, file_keys_of, images_of
from archive_shared.documents import Aggregate
from archive_shared.errors import Conflict, NotFound, Outdated
from archive_shared.events import (
    ItemCreated,
    ItemDeleted,
    ItemMoved,
    ItemReady,
    ItemRestored,
    ItemUpdated,
    ItemValueAdded,
    ItemValueRemoved,
    ItemValueReplaced,
)

LARGEST_TITLE = 255
COPIED = "as a copy of "
MOVED = "from "
"""How the history begins to tell which item one is a copy of, and which archive it was moved from; see `read_history`."""


@dataclass(kw_only=True)
class Item(Aggregate):
    """An item of an archive.

    A deleted item stays as a document nobody sees: its announcement leaves from it, it can be restored for a while,
    and an import that is delivered once more finds that its item has been there.

    Parameters
    ----------
    archive
        Where it belongs; changes by being moved only.
    title
        "" for none.
    by_socket
        Its values, by the slug of their socket: the document itself has no room for two in one socket.
    arriving
        By socket, what imports are making for it.
    sessions
        The upload sessions that still work for it, as a list that can be searched.
    reserved_title
        The title while it is taken: unique in the archive, None when there is none or the item is deleted.
    images
        The images its values hold, as a list that can be searched; none when it is deleted.
    kept
        What must not be removed beside `images`: keys of its files, and the images of a deleted item, which it comes
        back with when it is restored.
    kept_is_known
        Whether `kept` was ever noted; items of older versions of the platform were stored without.
    attached_imports
        Images that imports put here, with their sockets, which older imports did not note. An import delivered again must
        not undo what people did since.
    announced_ready
        Whether it was said that everything of it is there; that is said once.
    announcing_version
        The version it got by that, 0 before.
    origin
        The item it is a copy of, "" if it is none.
    deleted_at
        When it was deleted, None for one that is there, and for one that was deleted so long ago that it was forgotten.
    history
        Who changed what when, the newest last; see `archive_api.domain.history`.
    """

    archive: str
    title: str
    by_socket: dict[str, Value] = field(default_factory=dict)
    arriving: dict[str, Arriving] = field(default_factory=dict)
    sessions: list[str] = field(default_factory=list)
    reserved_title: str | None = None
    images: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    kept_is_known: bool = False
    attached_imports: list[str] = field(default_factory=list)
    announced_ready: bool = False
    announcing_version: int = 0
    origin: str = ""
    deleted: bool = False
    deleted_at: datetime | None = None
    history: list[Change] = field(default_factory=list)
    created_at: datetime
    modified_at: datetime

    @classmethod
    def create(
        cls,
        *,
        id: str,
        archive: str,
        title: str,
        values: Iterable[Value] = (),
        at: datetime,
        by: Actor | None = None,
        origin: str = "",
    ) -> "Item":
        """Return a new item that announces itself with its images; `origin` names the item it is a copy of."""
        by_socket = {value.socket: value for value in values}
        item = cls(
            id=id,
            archive=archive,
            title=title,
            reserved_title=title or None,
            by_socket=by_socket,
            origin=origin,
            created_at=at,
            modified_at=at,
        )
        item.note_kept()
        item._remember("created", by, at, detail=f"{COPIED}{origin}" if origin else "")
        item.record(ItemCreated(item=id, archive=archive, title=title, images=item.images))
        return item

    @property
    def values(self) -> list[Value]:
        """Return the values in order of their sockets' names."""
        return [self.by_socket[socket] for socket in sorted(self.by_socket)]

    @property
    def deleted_by(self) -> str:
        """Return the name of who deleted it, "" for nobody, or for the platform."""
        deletions = [change.username for change in self.history if change.action == "deleted"]
        return deletions[-1] if self.deleted and deletions else ""

    def require_version(self, expected: int | None) -> None:
        """Raise `Outdated` when somebody changed the item since the version expected; None expects nothing.

        That it was announced as ready is no change anybody made: who saw the version before has seen it as it is.
        """
        is_as_before = self.version == self.announcing_version and expected == self.version - 1
        if expected not in (None, self.version) and not is_as_before:
            raise Outdated(f"The item has version {self.version} by now.")

    def require_in(self, archive: str) -> None:
        """Raise `NotFound` when the item was moved since a right on its archive was looked at: where it is now, nobody asked."""
        if self.archive != archive:
            raise NotFound(f"item {self.id} was moved")

    def rename(self, title: str, *, at: datetime, by: Actor | None = None) -> None:
        self._require_present()
        if title == self.title:
            return
        self.title, self.reserved_title, self.modified_at = title, title or None, at
        self._remember("renamed", by, at, detail=title)
        self.record(ItemUpdated(item=self.id, archive=self.archive, title=title))

    def put(self, value: Value, *, at: datetime, by: Actor | None = None) -> None:
        """Set the value of a socket; an equal one again changes and announces nothing."""
        self._require_present()
        self._no_longer_arriving(value.socket)
        present = self.by_socket.get(value.socket)
        if present == value:
            return
        self._replace({**self.by_socket, value.socket: value}, at=at)
        place = self._place(value)
        if present is None:
            self._remember("value added", by, at, socket=value.socket)
            self.record(ItemValueAdded(**place))
        else:
            self._remember("value replaced", by, at, socket=value.socket)
            self.record(ItemValueReplaced(**place, previous_image=present.image or ""))

    def remove(self, socket: str, *, at: datetime, by: Actor | None = None) -> None:
        """Empty a socket; nothing happens when it is empty."""
        self._require_present()
        self._no_longer_arriving(socket)
        present = self.by_socket.get(socket)
        if present is None:
            return
        self._replace({name: value for name, value in self.by_socket.items() if name != socket}, at=at)
        self._remember("value removed", by, at, socket=socket)
        self.record(ItemValueRemoved(**self._place(present)))

    def expect(self, socket: str, session: str, *, at: datetime, by: Actor | None = None) -> None:
        """Note that an upload session makes a value for a socket; the present one stays until it is there."""
        self._require_present()
        present = self.arriving.get(socket)
        if present is not None and present.session == session and not present.failure:
            return
        self.arriving = {**self.arriving, socket: Arriving(session=session)}
        self.sessions, self.modified_at = sessions_at_work(self.arriving), at
        self._remember("import started", by, at, socket=socket)

    def attach_import(self, value: Value, session: str, *, at: datetime) -> None:
        """Put an image of a session into its socket, the first time it is asked for."""
        self._require_present()
        if value.image is None or self.has_taken(value.image, value.socket):
            if (arriving := self.arriving.get(value.socket)) and arriving.session == session:
                self._no_longer_arriving(value.socket)  # it was asked for again
            return
        self.attached_imports = [*self.attached_imports, attachment(value.image, value.socket)]
        self.put(value, at=at)

    def has_taken(self, image: str, socket: str) -> bool:
        """Tell whether an import put an image into a socket, whatever became of it since."""
        return not {image, attachment(image, socket)}.isdisjoint(self.attached_imports)

    def fail_import(self, session: str, reason: str, *, at: datetime) -> None:
        """Note that nothing comes of an upload session, and why."""
        if session not in self.sessions:
            return
        self.arriving = with_failure(self.arriving, session, reason)
        self.sessions, self.modified_at = sessions_at_work(self.arriving), at

    def announce_ready(self) -> None:
        """Say that everything of it is there, unless that was said or it is deleted."""
        if self.announced_ready or self.deleted:
            return
        self.announced_ready, self.announcing_version = True, self.version + 1
        self.record(ItemReady(item=self.id, archive=self.archive, images=self.images))

    def delete(self, *, at: datetime, by: Actor | None = None) -> None:
        """Make the item disappear and its title free."""
        self._require_present()
        self.record(ItemDeleted(item=self.id, archive=self.archive, images=self.images))
        self.deleted, self.deleted_at, self.reserved_title = True, at, None
        self.modified_at = at
        self.note_kept()
        self._remember("deleted", by, at)

    def leave(self, *, at: datetime, by: Actor | None = None) -> None:
        """Delete the item unless it is deleted already."""
        if not self.deleted:
            self.delete(at=at, by=by)

    def restore(self, *, at: datetime, by: Actor | None = None) -> None:
        """Bring a deleted item back as it was; nothing happens when it is there."""
        if not self.deleted:
            return
        self.deleted, self.deleted_at, self.reserved_title = False, None, self.title or None
        self.modified_at = at
        self.note_kept()
        self._remember("restored", by, at)
        self.record(ItemRestored(item=self.id, archive=self.archive, title=self.title, images=self.images))

    def forget(self) -> None:
        """Lose everything it held, once it can be restored no more; the document stays, see the class."""
        if not self.deleted:
            return
        self.title, self.by_socket, self.arriving, self.sessions, self.history = "", {}, {}, [], []
        self.deleted_at = None
        self.note_kept()

    def move(self, archive: str, *, at: datetime, by: Actor | None = None) -> None:
        """Put the item into another archive, with everything it holds."""
        self._require_present()
        if archive == self.archive:
            return
        if self.sessions:
            raise Conflict("An import for this item is under way; wait until it is done.")
        previous, self.archive, self.modified_at = self.archive, archive, at
        self._remember("moved", by, at, detail=f"{MOVED}{previous}")
        self.record(
            ItemMoved(
                item=self.id,
                archive=archive,
                previous_archive=previous,
                title=self.title,
                images=self.images,
            )
        )

    def note_kept(self) -> None:
        """Note what its values hold, as lists that can be searched."""
        held = self.by_socket.values()
        images, files = images_of(held), file_keys_of(held)
        self.images, self.kept = ([], images + files) if self.deleted else (images, files)
        self.kept_is_known = True

    def _place(self, value: Value) -> dict[str, str]:
        return {
            "item": self.id,
            "archive": self.archive,
            "socket": value.socket,
            "image": value.image or "",
            "kind": value.kind,
        }

    def _require_present(self) -> None:
        if self.deleted:
            raise NotFound(f"item {self.id} was deleted")

    def _no_longer_arriving(self, socket: str) -> None:
        if socket in self.arriving:
            self.arriving = {name: each for name, each in self.arriving.items() if name != socket}
            self.sessions = sessions_at_work(self.arriving)

    def _replace(self, by_socket: dict[str, Value], *, at: datetime) -> None:
        self.by_socket, self.modified_at = by_socket, at
        self.note_kept()

    def _remember(
        self, action: str, by: Actor | None, at: datetime, *, socket: str = "", detail: str = ""
    ) -> None:
        self.history = remembered(self.history, Change.made(action, by, at, socket=socket, detail=detail))
