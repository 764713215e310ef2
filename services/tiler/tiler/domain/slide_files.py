"""The files a slide consists of: often one, sometimes a folder of companions that the main one names."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from tiler.domain.ranged_source import RangedSource


class SlideFiles(Protocol):
    """The main file of a slide and the files beside it; names are paths relative to the folder of the main one."""

    @property
    def main(self) -> str:
        """Name of the file that stands for the slide."""

    def names(self) -> Sequence[str]:
        """Return the names of all files, in alphabetical order."""

    def open(self, name: str) -> RangedSource:
        """Return a file's bytes; it stays open as long as these files are, unless it is dismissed.

        Raises
        ------
        UnreadableImage
            There is no such file among them.
        """

    def dismiss(self, name: str) -> None:
        """Close a file that turned out to belong to another slide."""

    def on_disk(self) -> Path:
        """Return the path of the main file, with all others beside it, for libraries that open files themselves."""
