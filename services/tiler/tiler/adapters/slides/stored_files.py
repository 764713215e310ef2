"""A slide whose files are in the blob store: read by range, and brought to disk only for libraries that need that."""

from collections.abc import Sequence
from pathlib import Path

from archive_shared.blobs.port import BlobStore
from tiler.adapters.blob_source import BlobSource
from tiler.domain.limits import MAX_SLIDE_FILES
from tiler.domain.problems import UnreadableImage
from tiler.domain.ranged_source import RangedSource
from tiler.domain.slide_jobs import OriginalObject


class StoredFiles:
    """The `SlideFiles` of objects; the first of them is the main one.

    Parameters
    ----------
    folder
        Where files are put that have to be on disk.
    """

    def __init__(self, blobs: BlobStore, objects: Sequence[OriginalObject], folder: Path) -> None:
        if not 0 < len(objects) <= MAX_SLIDE_FILES:
            raise UnreadableImage(f"The slide consists of more than {MAX_SLIDE_FILES} files.")
        self._blobs, self._folder = blobs, folder
        self._objects = {found.name: found for found in objects}
        self._main = objects[0].name

    @property
    def main(self) -> str:
        return self._main

    def names(self) -> Sequence[str]:
        return sorted(self._objects)

    def open(self, name: str) -> RangedSource:
        found = self._objects.get(name)
        if found is None:
            raise UnreadableImage("A file that belongs to the slide is missing.")
        return BlobSource(self._blobs, found.key, found.size_bytes)

    def dismiss(self, name: str) -> None:
        """Do nothing: what is read by range is not open."""

    def on_disk(self) -> Path:
        root = self._folder / "original"
        for found in self._objects.values():
            path = root / found.name
            if not path.resolve().is_relative_to(root.resolve()):
                raise UnreadableImage("A file of the slide is named outside of its folder.")
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                self._blobs.download_to(found.key, path)
        return root / self._main
