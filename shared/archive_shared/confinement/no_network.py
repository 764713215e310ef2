"""Takes the network away from a process and all it starts (Linux: seccomp(2), classic BPF).

A filter needs no privilege and works inside containers, where namespaces usually may not be made.
"""

import ctypes
import platform
import socket
import struct
from typing import Final

PR_SET_SECCOMP: Final = 22
PR_SET_NO_NEW_PRIVS: Final = 38
SECCOMP_MODE_FILTER: Final = 2
IO_URING_SETUP: Final = 425  # which can open sockets as well; the same number everywhere
_NO_FAMILY: Final = 0xFFFF
OTHER_ABI: Final = 0x40000000  # x32 has numbers of its own, from here on

SOCKET_CALLS: Final = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
"""By machine: its name in the audit system (linux/audit.h), and the number of socket(2)."""

_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER_AT, _MACHINE_AT, _FAMILY_AT = 0, 4, 16  # in struct seccomp_data; the last is the first argument
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | 1  # with EPERM


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def give_up_network(*, but_local: bool = False) -> bool:
    """Refuse every new socket from now on, for this process and its children; False where the system has no such filters.

    Parameters
    ----------
    but_local
        Whether those between processes of one machine are still allowed (AF_UNIX).
    """
    call = SOCKET_CALLS.get(platform.machine())
    if call is None:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    code = _filter(*call, but_local=but_local)
    program = _Program(len(code) // 8, code)
    unprivileged: int = libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    filtered: int = libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0)
    return unprivileged == 0 and filtered == 0


def _filter(machine: int, socket_call: int, *, but_local: bool) -> bytes:
    """Return the instructions; a jump is counted from the next one, first if true, then if not."""
    family = socket.AF_UNIX if but_local else _NO_FAMILY
    lines = [
        (_LOAD, 0, 0, _MACHINE_AT),
        (_EQUAL, 0, 7, machine),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_AT_LEAST, 5, 0, OTHER_ABI),
        (_EQUAL, 4, 0, IO_URING_SETUP),
        (_EQUAL, 0, 2, socket_call),
        (_LOAD, 0, 0, _FAMILY_AT),
        (_EQUAL, 0, 1, family),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    return b"".join(struct.pack("<HBBI", *line) for line in lines)
