"""The blob port: everything a service may ask of the store that keeps its bytes, one bucket at a time.

Objects are whole: they appear at once when their last byte is safe, and are replaced, never edited. Two
adapters (a folder, any S3 server) pass one contract suite, `tests/contract/blobs`. Services get theirs from
`archive_shared.blobs.connect`; what keys and parts may look like stands in `archive_shared.blobs.rules`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol


class Readable(Protocol):
    """Anything bytes can be drawn from: an open file, the body of a request."""

    def read(self, size: int = -1, /) -> bytes: ...


Data = bytes | Readable


@dataclass(frozen=True)
class BlobInfo:
    """An object as the store lists it.

    Parameters
    ----------
    modified_at
        When the store took the bytes, by its own clock; exact to the second, no more is promised.
    """

    key: str
    size_bytes: int
    modified_at: datetime


@dataclass(frozen=True)
class Part:
    """A part of an unfinished upload; the etag is in double quotes, as S3 sends it in its header."""

    number: int
    etag: str
    size_bytes: int


Parts = list[Part]


class BlobStore(Protocol):
    """One bucket. Thread-safe; make a new one in every process.

    All methods that take a key raise `Invalid` (field `key`) when it breaks the rules, and all but the
    signing ones raise `Unavailable` when the store does not answer or its disk is full; what was stored
    before is then as it was. Each method is one round trip unless it says otherwise.

    Do not store both `a` and `a/b`: both can be read everywhere, but MinIO lists only `a`.
    """

    def ensure_bucket(self) -> None:
        """Make the bucket unless it is there; run it once when a service starts."""
        ...

    def ping(self) -> None:
        """Do the least that proves the bucket can be reached; `Unavailable` if not."""
        ...

    def put(self, key: str, data: Data) -> BlobInfo:
        """Store an object, in the place of the one that has the key now.

        Streams are drawn from in chunks; memory stays below some 50 MiB whatever their length.
        """
        ...

    def open(self, key: str, start: int = 0, end: int | None = None) -> BinaryIO:
        """Open the bytes from `start` up to, not including, `end`, for reading once from front to back.

        A range that reaches behind the last byte ends there. Close what you got: use `with`.

        Raises
        ------
        NotFound
            No object has this key.
        """
        ...

    def read(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        """Return the bytes from `start` up to, not including, `end`; `NotFound` as in `open`."""
        ...

    def stat(self, key: str) -> BlobInfo:
        """Describe an object; `NotFound` when no object has this key."""
        ...

    def list(self, prefix: str = "", after: str | None = None) -> Iterator[BlobInfo]:
        """Walk over the objects whose key begins with `prefix` and sorts behind `after`, by UTF-8 bytes.

        Lazy: a round trip per thousand objects on S3, one folder at a time on disk. What is stored or
        deleted meanwhile may or may not be seen.

        Raises
        ------
        Invalid
            The prefix (field `prefix`) could not begin any key, or `after` (field `after`) is none.
        """
        ...

    def delete(self, key: str) -> None:
        """Remove an object; nothing happens when there is none."""
        ...

    def copy(self, source_key: str, target_key: str) -> None:
        """Store the bytes of one object under another key as well, without sending them through here.

        Two round trips on S3, and one more per 5 GiB; a full copy on disk. Onto itself it changes nothing.

        Raises
        ------
        NotFound
            There is no source.
        """
        ...

    def download_to(self, key: str, path: Path) -> None:
        """Write an object to a file, which appears (or is replaced) when the last byte is there.

        On one disk with a folder store the file may *be* the object, at no cost: read it, replace it, remove it, but never
        change it in place.

        Raises
        ------
        NotFound
            No object has this key.
        """
        ...

    def upload_from(self, key: str, path: Path) -> BlobInfo:
        """Store a file; like `put`, but knows the length, so S3 splits it into fewer parts."""
        ...

    def take(self, key: str, path: Path) -> BlobInfo:
        """Store a file that its owner gives up: like `upload_from`, but the file is gone afterwards.

        Costs no copy on one disk with a folder store.
        """
        ...

    def begin_upload(self, key: str) -> str:
        """Begin an upload in parts and return its identifier. Nothing is visible before it is finished.

        Use a key no other upload has: see `finish_upload`. Begun uploads stay until finished or aborted.
        """
        ...

    def sign_part(self, key: str, upload_id: str, part_number: int, *, lifetime_s: int) -> str:
        """Return an address that takes one part, sent with PUT; the answer's `ETag` names what was stored.

        Computed here, without asking the store, so the upload may be gone when the address is used (404).

        Raises
        ------
        Invalid
            The part number (field `part_number`) is not within 1..10000.
        NotFound
            No upload ever has such an identifier.
        ValueError
            The lifetime is not within 1 second..7 days.
        """
        ...

    def put_part(self, key: str, upload_id: str, part_number: int, data: Data) -> str:
        """Store a part, in the place of the one that has the number now, and return its etag in quotes.

        Raises
        ------
        NotFound
            No such upload is under way for this key.
        Invalid
            The part number (field `part_number`) is not within 1..10000.
        """
        ...

    def parts(self, key: str, upload_id: str) -> Parts:
        """Return the parts stored so far, by number; a round trip per thousand. `NotFound` as in `put_part`."""
        ...

    def finish_upload(self, key: str, upload_id: str, parts: Sequence[tuple[int, str]]) -> None:
        """Join the parts named by (number, etag), in this order, into the object.

        Etags may come with or without their quotes. Parts not named are thrown away. Finishing again after
        success returns quietly, so that a caller whose answer got lost can just repeat; for that, an
        unknown upload counts as finished when the object is there. S3 joins without copying; a folder
        copies the bytes once.

        Raises
        ------
        Invalid
            The list (field `parts`) is empty, not in rising order, names a part that was not stored like
            this, or a part other than the last is smaller than 5 MiB. The upload is still under way.
        NotFound
            No such upload is under way, and no object has the key.
        """
        ...

    def abort_upload(self, key: str, upload_id: str) -> None:
        """Throw an upload away with all its parts; nothing happens when there is none."""
        ...

    def sign_download(
        self,
        key: str,
        *,
        lifetime_s: int,
        filename: str | None = None,
        content_type: str = "application/octet-stream",
    ) -> str:
        """Return an address that anybody may read the object from for a while, in ranges if they like.

        With a `filename` browsers save the object under this name instead of showing it. Computed here,
        without asking the store, so it may lead to nothing (404). Raises ValueError for a lifetime that
        is not within 1 second..7 days.
        """
        ...
