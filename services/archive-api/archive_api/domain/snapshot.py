"""Snapshots: immutable versions of an archive, which others can refer to and cite.

What a snapshot holds is frozen in pages beside it, each small enough for one document; values are immutable and shared, so
freezing them takes no bytes. The pages of one attempt to make a snapshot belong together; those of an attempt that
failed are of no snapshot, and are swept.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime

from archive_api.domain.history import Actor, Change, remembered
from archive_api.domain.image import Image
from archive_api.domain.item import Item
from archive_api.domain.value import Value, canonical_json
from archive_shared.documents import Aggregate, Collection
from archive_shared.events import ImageFile

LARGEST_PAGE_BYTES = 500_000
"""Of a page of entries, apart from its last one; documents may have 2 MB."""


@dataclass(frozen=True, kw_only=True)
class FrozenValue:
    """A value as it was, with what its image consisted of."""

    value: Value
    pixels_sha256: str = ""
    files: list[ImageFile] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class FrozenItem:
    """An item as it was."""

    item: str
    title: str
    version: int
    values: list[FrozenValue] = field(default_factory=list)

    @property
    def holds(self) -> set[str]:
        """Return what must not be removed while a snapshot holds the item, and the item's identifier."""
        images = {frozen.value.image for frozen in self.values if frozen.value.image is not None}
        files = {frozen.value.file.key for frozen in self.values if frozen.value.file is not None}
        return {self.item} | images | files


@dataclass(frozen=True, kw_only=True)
class Citation:
    """What people may write to a snapshot after it was made.

    Parameters
    ----------
    text
        How it is to be cited.
    doi
        Its own; "" while there is none. One that was given stays.
    licence
        Under which it may be used, as an SPDX identifier or a name.
    embargo_until
        Only editors see it before this day (YYYY-MM-DD) begins (UTC); None for no embargo.
    """

    text: str = ""
    doi: str = ""
    licence: str = ""
    embargo_until: str | None = None


@dataclass(kw_only=True)
class Snapshot(Aggregate):
    """A version of an archive.

    Parameters
    ----------
    number
        1 for the first of its archive; unique there.
    attempt
        Which attempt made it: its pages are `<attempt>.<number>`.
    starts
        The number of the first item of each page, from 0.
    sha256
        Of all its entries in their order, so that two who have it can tell that they have the same.
    """

    archive: str
    number: int
    title: str
    citation: Citation
    attempt: str
    items: int
    starts: list[int]
    sha256: str
    creator: Actor
    created_at: datetime
    history: list[Change] = field(default_factory=list)

    def cite(self, citation: Citation, *, at: datetime, by: Actor) -> None:
        """Take over another citation; what the snapshot holds cannot be changed."""
        if citation != self.citation:
            changed = [
                name for name, value in asdict(citation).items() if value != getattr(self.citation, name)
            ]
            self.citation = citation
            change = Change.made("changed", by, at, detail=", ".join(changed))
            self.history = remembered(self.history, change)

    def is_embargoed(self, now: datetime) -> bool:
        until = self.citation.embargo_until
        return until is not None and now.date().isoformat() < until


@dataclass(kw_only=True)
class SnapshotPage(Aggregate):
    """Some of the items of a snapshot.

    Parameters
    ----------
    holds
        Identifiers of its items and images and keys of its files, as a list that can be searched.
    """

    attempt: str
    entries: list[FrozenItem]
    holds: list[str]
    created_at: datetime


def freeze(item: Item, images: Iterable[Image]) -> FrozenItem:
    """Return an item as it is now."""
    known = {image.id: image for image in images}
    values = [_frozen(value, known.get(value.image or "")) for value in item.values]
    return FrozenItem(item=item.id, title=item.title, version=item.version, values=values)


def _frozen(value: Value, image: Image | None) -> FrozenValue:
    if image is None:
        return FrozenValue(value=value)
    return FrozenValue(value=value, pixels_sha256=image.pixels_sha256, files=image.files)


class Binder:
    """Puts frozen items into pages, and digests them on the way."""

    def __init__(self, attempt: str, *, at: datetime) -> None:
        self._attempt = attempt
        self._at = at
        self._digest = hashlib.sha256()
        self.items = 0
        self.starts: list[int] = []

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def bind(self, items: Iterable[FrozenItem]) -> Iterator[SnapshotPage]:
        """Yield pages, in the order of the items."""
        entries: list[FrozenItem] = []
        size = 0
        for item in items:
            text = canonical_json(asdict(item)).encode()
            self._digest.update(text + b"\n")
            self.items += 1
            entries.append(item)
            size += len(text)
            if size > LARGEST_PAGE_BYTES:
                yield self._page(entries)
                entries, size = [], 0
        if entries:
            yield self._page(entries)

    def _page(self, entries: list[FrozenItem]) -> SnapshotPage:
        page = SnapshotPage(
            id=page_id(self._attempt, len(self.starts)),
            attempt=self._attempt,
            entries=entries,
            holds=sorted(set().union(*(entry.holds for entry in entries))),
            created_at=self._at,
        )
        self.starts.append(self.items - len(entries))
        return page


def page_id(attempt: str, number: int) -> str:
    return f"{attempt}.{number:06}"


def attempt_of(page: str) -> str:
    """Return which attempt a page, by its identifier, belongs to."""
    return page.partition(".")[0]


SNAPSHOTS = Collection(
    "snapshots",
    fields={"archive": "archive", "number": "number", "attempt": "attempt", "doi": "citation.doi"},
    unique=[("archive", "number"), ("attempt",)],
    indexes=[("archive", "number")],
)
SNAPSHOT_PAGES = Collection(
    "snapshot_pages",
    fields={"attempt": "attempt", "created_at": "created_at"},
    lists={"holds": "holds"},
    indexes=[("attempt",), ("created_at",)],
)
