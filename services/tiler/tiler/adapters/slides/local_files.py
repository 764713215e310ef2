"""A slide in a folder of this machine."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Self

from tiler.adapters.file_source import FileSource
from tiler.domain.limits import MAX_SLIDE_FILES
from tiler.domain.problems import UnreadableImage
from tiler.domain.ranged_source import RangedSource


class LocalFiles:
    """The `SlideFiles` of a path: the file, its siblings, and the folder that has its name; a context manager.

    Symbolic links count as missing: an unpacked archive could point them anywhere.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sources: dict[str, FileSource] = {}

    @property
    def main(self) -> str:
        return self._path.name

    def names(self) -> Sequence[str]:
        return self._names

    @cached_property
    def _names(self) -> list[str]:
        folders = [self._path.parent, self._path.with_suffix("")]
        found = [
            path.relative_to(self._path.parent).as_posix()
            for folder in folders
            if folder.is_dir() and not folder.is_symlink()
            for path in folder.iterdir()
            if path.is_file() and not path.is_symlink()
        ]
        return sorted(found)

    def open(self, name: str) -> RangedSource:
        if name not in self._sources:
            self._sources[name] = self._opened(name)
        return self._sources[name]

    def dismiss(self, name: str) -> None:
        self._sources.pop(name).close()

    def on_disk(self) -> Path:
        return self._path

    def _opened(self, name: str) -> FileSource:
        if name != self.main and name not in self._names:
            raise UnreadableImage("A file that belongs to the slide is missing.")
        if len(self._sources) >= MAX_SLIDE_FILES:
            raise UnreadableImage(f"The slide consists of more than {MAX_SLIDE_FILES} files.")
        return FileSource(self._path.parent / name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for source in self._sources.values():
            source.close()
