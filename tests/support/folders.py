"""Folders for the stores of services under test."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEMORY = Path("/dev/shm")
ENOUGH_BYTES = 256 << 20  # containers have 64 MB there unless told otherwise


@contextmanager
def folder_in_memory() -> Iterator[Path]:
    """Give a folder whose writes cost nothing, where there is such a place: no test here is about power failing."""
    folder = Path(tempfile.mkdtemp(dir=MEMORY if _has_room(MEMORY) else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _has_room(place: Path) -> bool:
    return place.is_dir() and shutil.disk_usage(place).free > ENOUGH_BYTES
