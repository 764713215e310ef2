"""What archive-api asks the ingest worker: about uploaded files, and to make images of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class UploadedFile:
    """A file that was uploaded whole; `key` is that of its object in the bucket `uploads`."""

    name: str
    key: str
    size_bytes: int


@dataclass(frozen=True)
class ImportSession:
    """An upload session and the images that came of it so far.

    Parameters
    ----------
    deidentify
        Whether its images are freed of what tells whose they are.
    """

    id: str
    finished: bool
    images: Sequence[str]
    deidentify: bool = False


class Uploaded(Protocol):
    """The ingest worker, seen with the eyes of the caller."""

    def file(self, token: str | None, upload: str) -> UploadedFile:
        """Return a complete upload of the caller's; `NotFound` for any other."""
        ...

    def session(self, token: str | None, session: str) -> ImportSession:
        """Return an upload session of the caller's; `NotFound` for any other."""
        ...

    def start_import(
        self, token: str | None, uploads: Sequence[str], *, item: str, socket: str
    ) -> ImportSession:
        """Start to make one image of uploads for a socket of an item, and return the session.

        The same again returns the same session, which may have ended long ago. Raises `Invalid` for uploads that cannot be imported.
        """
        ...
