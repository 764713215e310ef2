"""What happens to conversions without any fault of a file: the disk they work on runs full."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from archive_shared.errors import Unavailable


class WorkDiskFull(Unavailable):
    """No file is to blame, but trying on and on would fill the disk again each time."""

    def __init__(self) -> None:
        super().__init__("The disk the converter works on is full.")


@contextmanager
def on_work_disk() -> Iterator[None]:
    """Say so when the disk has no room, or no quota, for a file or folder that is made here."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise WorkDiskFull from error
        raise
