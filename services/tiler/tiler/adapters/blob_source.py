"""Images where they are stored: ranged reads of the blob store."""

from typing import BinaryIO

from archive_shared.blobs.port import BlobStore


class BlobSource:
    """The `RangedSource` of one object; every read is one round trip to the store."""

    def __init__(self, blobs: BlobStore, key: str, size_bytes: int) -> None:
        self._blobs = blobs
        self._key = key
        self._size_bytes = size_bytes

    @property
    def size_bytes(self) -> int:
        return self._size_bytes

    def read(self, start: int, end: int) -> bytes:
        return self._blobs.read(self._key, start, end)

    def file(self) -> BinaryIO | None:
        """Open the object as a file of this machine; None where the store keeps no files."""
        from archive_shared.blobs.local import file_of  # noqa: PLC0415 (only programs hand files to others)

        return file_of(self._blobs, self._key)
