"""Removes what imports stored of an image, once nothing refers to it any more."""

from contextlib import suppress

from archive_shared.blobs.port import BlobStore
from archive_shared.documents import Repository
from archive_shared.errors import NotFound
from ingest_worker.domain.stored_image import StoredImage, is_ours


def remove_image(images: Repository[StoredImage], blobs: BlobStore, image: str) -> None:
    """Forget an image and remove its files, those of unfinished attempts included; again, it does nothing more."""
    with suppress(NotFound):
        images.change(image, StoredImage.delete)
    for blob in list(blobs.list(f"{image}/")):
        if is_ours(blob.key):
            blobs.delete(blob.key)
