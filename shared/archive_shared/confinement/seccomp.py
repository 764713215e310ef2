"""Has the kernel refuse system calls to a process and all it starts, for good (Linux: seccomp(2), classic BPF).

A filter needs no privilege and works inside containers, where namespaces usually may not be made.
"""

import ctypes
import errno
import platform
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

PR_SET_NO_NEW_PRIVS: Final = 38
_PR_SET_SECCOMP: Final = 22
_SECCOMP_MODE_FILTER: Final = 2
_OTHER_ABI: Final = 0x40000000  # x32 has numbers of its own, from here on

_MACHINES: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""Their names in the audit system (linux/audit.h)."""

_LOAD, _EQUAL, _AT_LEAST, _HAS_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _MACHINE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16  # in struct seccomp_data
_ALLOW, _FAIL = 0x7FFF0000, 0x00050000

_Instruction = tuple[int, int, int, int]
"""Operation, how far to jump if it is so and if not, counted from the next one, and operand."""

# Loaded before any fork: dlopen in a child whose memory is limited could fail.
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Refused:
    """A system call that fails.

    Parameters
    ----------
    x86_64, aarch64
        Its number; None where there is no such call.
    unless_first_is, unless_first_has
        It is done all the same if its first argument is this, or has this bit; at most one of them is given.
    error
        What it fails with.
    """

    x86_64: int | None
    aarch64: int | None
    unless_first_is: int | None = None
    unless_first_has: int | None = None
    error: int = errno.EPERM


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def refuse(calls: Sequence[Refused]) -> bool:
    """Refuse calls from now on, in this thread and all it starts; False where the system has no such filters."""
    machine = platform.machine()
    if machine not in _MACHINES:
        return False
    code = b"".join(struct.pack("<HBBI", *line) for line in _filter(machine, calls))
    program = _Program(len(code) // 8, code)
    unprivileged: int = _libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    filtered: int = _libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0)
    return unprivileged == 0 and filtered == 0


def _filter(machine: str, calls: Sequence[Refused]) -> Iterator[_Instruction]:
    """Yield the instructions; calls by the conventions of another machine fail, whatever they are."""
    yield (_LOAD, 0, 0, _MACHINE_AT)
    yield (_EQUAL, 1, 0, _MACHINES[machine])
    yield (_RETURN, 0, 0, _FAIL | errno.EPERM)
    yield (_LOAD, 0, 0, _NUMBER_AT)
    yield (_AT_LEAST, 0, 1, _OTHER_ABI)
    yield (_RETURN, 0, 0, _FAIL | errno.EPERM)
    for call in calls:
        number: int | None = getattr(call, machine)
        if number is not None:
            exception = list(_exception(call))
            yield (_EQUAL, 0, len(exception) + 1, number)
            yield from exception
            yield (_RETURN, 0, 0, _FAIL | call.error)
    yield (_RETURN, 0, 0, _ALLOW)


def _exception(call: Refused) -> Iterator[_Instruction]:
    """Yield what lets a call through that has the right first argument: no later instruction is about the same call."""
    for operation, operand in ((_EQUAL, call.unless_first_is), (_HAS_BIT, call.unless_first_has)):
        if operand is not None:
            yield (_LOAD, 0, 0, _FIRST_ARGUMENT_AT)
            yield (operation, 0, 1, operand)
            yield (_RETURN, 0, 0, _ALLOW)
