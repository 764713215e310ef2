"""Files that live as long as one attempt at a job, made by those who read uploads."""

from pathlib import Path

from tiler.domain.limits import MIB
from tiler.domain.problems import UnreadableImage

_MOST_BYTES = 256 * MIB
"""A label of 8,000 pixels square without any compression; indexes and previews are far smaller."""


def made(path: Path) -> Path:
    """Return the path of a file that those who read uploads have made; a link could lead to what only we may read."""
    if path.is_symlink() or not path.is_file():
        raise UnreadableImage("Reading the image left no file behind.")
    return path


def made_bytes(path: Path) -> bytes:
    """Return what is in such a file, which is held in memory."""
    if made(path).stat().st_size > _MOST_BYTES:
        raise UnreadableImage("Reading the image left more behind than any image needs.")
    return path.read_bytes()
