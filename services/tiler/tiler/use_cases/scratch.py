"""Folders for files that live as long as one attempt at a job."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tiler.domain.limits import MIB
from tiler.domain.problems import UnreadableImage

_MOST_BYTES = 256 * MIB
"""A label of 8,000 pixels square without any compression; indexes and previews are far smaller."""


@contextmanager
def scratch_folder(root: Path, kind: str, job: str, epoch: int) -> Iterator[Path]:
    """Make a folder for an attempt and remove it afterwards, with those that killed attempts at the same job left."""
    for earlier in range(1, epoch):
        shutil.rmtree(root / f"{kind}-{job}-{earlier}", ignore_errors=True)
    folder = root / f"{kind}-{job}-{epoch}"
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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
