"""The beginning of a file, for a look at many: half the cost of a file object each."""

import os
from pathlib import Path


def first_bytes(path: Path, count: int) -> bytes:
    """Return the first bytes of a file, fewer only if there are no more.

    Raises
    ------
    OSError
        The file is gone or cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, count)
    finally:
        os.close(descriptor)
