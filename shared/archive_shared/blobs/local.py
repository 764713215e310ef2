"""What only stores of this machine have: objects that are files, to be handed to another process, and files that are no objects yet."""

from typing import BinaryIO

from archive_shared.blobs.folder import FolderBlobStore
from archive_shared.blobs.port import BlobStore

_UNFINISHED_S = 24 * 3600.0
"""Who still writes keeps the file younger."""


def keeps_files(store: BlobStore) -> bool:
    """Whether objects are files of this machine."""
    return isinstance(store, FolderBlobStore)


def file_of(store: BlobStore, key: str) -> BinaryIO | None:
    """Open an object for reading as a real file; None where the store keeps no files. `NotFound` as in `BlobStore.open`."""
    return store.open_file(key) if isinstance(store, FolderBlobStore) else None


def remove_unfinished(*stores: BlobStore) -> None:
    """Remove what writers that were killed left of objects; servers see to that by themselves."""
    for store in stores:
        if isinstance(store, FolderBlobStore):
            store.sweep(_UNFINISHED_S)
