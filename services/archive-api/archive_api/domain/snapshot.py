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

MOST_ENTRIES = 1000
"""Of a page, which is made in one step."""


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
        Of all its entries in their order, so that two who have it can tell that they have the same; however they are parted
        into pages.
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


@dataclass(kw_only=True)
class SnapshotDraft(Aggregate):
    """A snapshot that is being made, page by page; its identifier is the one the snapshot will have.

    Pages are only added. Of two who make the same page at once, or again after one died, the first decides what is in it,
    and the other takes that: so they agree on everything behind it.

    Parameters
    ----------
    attempt, items, starts, sha256
        As those of the snapshot, of the pages so far.
    after
        The item behind which the next page begins, as its age and identifier; None at the beginning.
    """

    archive: str
    title: str
    citation: Citation
    attempt: str
    creator: Actor
    created_at: datetime
    items: int = 0
    starts: list[int] = field(default_factory=list)
    sha256: str = ""
    after: list[str] | None = None

    def next_page(self, items: Iterable[FrozenItem]) -> SnapshotPage | None:
        """Return a page of the first of these, as many as belong on one; None when there are none."""
        entries = list(_fitting(items))
        if not entries:
            return None
        return SnapshotPage(
            id=page_id(self.attempt, len(self.starts)),
            attempt=self.attempt,
            entries=entries,
            holds=sorted(set().union(*(entry.holds for entry in entries))),
            created_at=self.created_at,
        )

    def take_in(self, page: SnapshotPage, *, last_created: str) -> None:
        """Go on behind a page that was stored."""
        self.starts = [*self.starts, self.items]
        for entry in page.entries:
            self.sha256 = _digest_behind(self.sha256, entry)
        self.items += len(page.entries)
        self.after = [last_created, page.entries[-1].item]

    def finished(self, *, at: datetime) -> Snapshot:
        """Return the snapshot, whose number is still to be found."""
        return Snapshot(
            id=self.id,
            archive=self.archive,
            number=0,
            title=self.title,
            citation=self.citation,
            attempt=self.attempt,
            items=self.items,
            starts=self.starts,
            sha256=self.sha256 or hashlib.sha256().hexdigest(),
            creator=self.creator,
            created_at=at,
        )


def _fitting(items: Iterable[FrozenItem]) -> Iterator[FrozenItem]:
    size = 0
    for number, item in enumerate(items, start=1):
        yield item
        size += len(_text(item))
        if size > LARGEST_PAGE_BYTES or number == MOST_ENTRIES:
            return


def _digest_behind(before: str, entry: FrozenItem) -> str:
    """Return the digest of everything up to an entry: of the digest before it, as text, and the entry."""
    return hashlib.sha256(before.encode() + _text(entry)).hexdigest()


def _text(entry: FrozenItem) -> bytes:
    return canonical_json(asdict(entry)).encode()


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
SNAPSHOT_DRAFTS = Collection("snapshot_drafts", fields={"attempt": "attempt"}, indexes=[("attempt",)])
SNAPSHOT_PAGES = Collection(
    "snapshot_pages",
    fields={"attempt": "attempt", "created_at": "created_at"},
    lists={"holds": "holds"},
    indexes=[("attempt",), ("created_at",)],
)
