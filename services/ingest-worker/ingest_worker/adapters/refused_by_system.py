"""What the system refuses a child: room on a full disk, or more than its limits allow. No file is damaged that this happens to."""

import errno
import os
from typing import Final

STOPPED_BY_ERRNO: Final = {
    errno.EFBIG: "file size",
    errno.EMFILE: "open files",
    errno.ENOMEM: "memory",
    errno.ENOSPC: "disk full",
    errno.EDQUOT: "disk full",
}


def refusal_behind(error: Exception) -> OSError | None:
    """Return what the system refused if that is behind an error of a library, which quotes its words (strerror(3))."""
    text = str(error)
    quoted = (number for number in STOPPED_BY_ERRNO if os.strerror(number) in text)
    return next((OSError(number, os.strerror(number)) for number in quoted), None)
