"""Takes the network away from a process and all it starts."""

import socket
from typing import Final

from archive_shared.confinement.seccomp import Refused, refuse

_IO_URING_SETUP: Final = Refused(x86_64=425, aarch64=425)
"""With it sockets can be opened as well."""


def give_up_network(*, but_local: bool = False) -> bool:
    """Refuse every new socket from now on, for this process and its children; False where the system has no such filters.

    Parameters
    ----------
    but_local
        Whether those between processes of one machine are still allowed (AF_UNIX).
    """
    sockets = Refused(x86_64=41, aarch64=198, unless_first_is=socket.AF_UNIX if but_local else None)
    return refuse([sockets, _IO_URING_SETUP])
