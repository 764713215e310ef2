"""Objects that are files of this machine, for those who want to hand one to another process instead of its bytes."""

from typing import BinaryIO

from archive_shared.blobs.folder import FolderBlobStore
from archive_shared.blobs.port import BlobStore


def keeps_files(store: BlobStore) -> bool:
    """Whether objects are files of this machine."""
    return isinstance(store, FolderBlobStore)


def file_of(store: BlobStore, key: str) -> BinaryIO | None:
    """Open an object for reading as a real file; None where the store keeps no files. `NotFound` as in `BlobStore.open`."""
    return store.open_file(key) if isinstance(store, FolderBlobStore) else None
