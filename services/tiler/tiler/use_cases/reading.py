"""Everything that is done with bytes strangers uploaded; the processes that hold the keys of the stores leave it to others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tiler.domain.picture import Picture
from tiler.domain.ranged_source import RangedSource
from tiler.domain.slide_files import SlideFiles
from tiler.domain.tile_index import TileIndex

Progress = Callable[[int], None]
"""Told how much is done, in thousandths."""


class ConvertedFile(Protocol):
    """What a converter says of the file it wrote."""

    @property
    def route(self) -> str: ...
    @property
    def vendor(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def size_bytes(self) -> int: ...
    @property
    def is_complete(self) -> bool: ...


class FilledFile(Protocol):
    """What is known of a file after levels were added."""

    @property
    def sha256(self) -> str: ...
    @property
    def size_bytes(self) -> int: ...
    @property
    def damaged_tiles(self) -> int: ...


class FoundPicture(Protocol):
    """A picture that its scanner took beside the slide, as PNG."""

    @property
    def name(self) -> str: ...
    @property
    def png(self) -> bytes: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...


@dataclass(frozen=True)
class Rendering:
    """What images are shown with; only pyramids have an index."""

    preview: Picture
    index: TileIndex | None


class Reading(Protocol):
    """Reads uploaded images. All methods raise `UnreadableImage`, with a reason meant for people, when one cannot be read."""

    def render(self, source: RangedSource, folder: Path, *, with_index: bool) -> Rendering:
        """Make the preview of an image, and the tile index of a pyramid; the folder is for scratch files."""
        ...

    def convert(self, files: SlideFiles, target: Path, name: str, on_progress: Progress) -> ConvertedFile:
        """Write the canonical slide to a new file."""
        ...

    def associated(self, files: SlideFiles, vendor: str, folder: Path) -> Sequence[FoundPicture]:
        """Find label and overview in the files of a vendor; the folder is for scratch files."""
        ...

    def fill(self, path: Path, on_progress: Progress) -> FilledFile:
        """Add what lacks to a canonical slide, in place."""
        ...
