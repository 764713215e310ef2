"""Takes from a process that it may start others, so that whoever ends it ends all there is of it."""

import errno
from typing import Final

from archive_shared.confinement.seccomp import Refused, refuse

_CLONE_THREAD: Final = 0x10000

_STARTING: Final = (
    Refused(x86_64=57, aarch64=None),  # fork
    Refused(x86_64=58, aarch64=None),  # vfork
    Refused(x86_64=56, aarch64=220, unless_first_has=_CLONE_THREAD),  # clone
    # clone3 says in memory, which no filter sees, what is to be started. Without it the C library uses clone.
    Refused(x86_64=435, aarch64=435, error=errno.ENOSYS),
)
_LEAVING: Final = (
    Refused(x86_64=109, aarch64=154),  # setpgid
    Refused(x86_64=112, aarch64=157),  # setsid
)


def give_up_processes() -> bool:
    """Refuse to start a process, and to leave group or session, from now on; False where the system has no such filters.

    Threads may be started as before.
    """
    return refuse([*_STARTING, *_LEAVING])
