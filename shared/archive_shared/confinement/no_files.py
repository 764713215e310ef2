"""Takes away from a process, and all it starts, every file but those it was given (Linux 5.13: landlock(7)).

It holds for whoever asks, root included, takes no privilege and works inside containers. What was opened before stays open, and
descriptors that others send can be used; to ask whether a file exists, and how large it is, is not refused.
"""

import ctypes
import os
import struct
import sysconfig
from collections.abc import Iterable
from enum import IntFlag
from functools import cache
from importlib import import_module
from itertools import chain
from stat import S_ISDIR
from typing import Final

from archive_shared.confinement.seccomp import PR_SET_NO_NEW_PRIVS

_CREATE, _ADD_RULE, _RESTRICT = 444, 445, 446
"""Numbers of the three calls, the same on every machine (landlock_create_ruleset(2) and so on)."""

_TELL_VERSION: Final = 1
_BENEATH: Final = 1
_RULESET: Final = struct.Struct(
    "=QQQ"
)  # rights to files, to the network, and what reaches beyond the own domain
_RULE: Final = struct.Struct("=Qi")
_SIZES: Final = {1: 8, 2: 8, 3: 8, 4: 16, 5: 16}
"""Bytes of a rule set by version; all later ones know the whole of it."""

_ABSTRACT_SOCKETS_AND_SIGNALS: Final = 3
_SCOPES_SINCE: Final = 6


class _Right(IntFlag):
    EXECUTE = 1 << 0
    WRITE_FILE = 1 << 1
    READ_FILE = 1 << 2
    READ_DIR = 1 << 3
    REMOVE_DIR = 1 << 4
    REMOVE_FILE = 1 << 5
    MAKE_DIR = 1 << 7
    MAKE_REG = 1 << 8
    REFER = 1 << 13
    TRUNCATE = 1 << 14


_ALL_RIGHTS: Final = {1: 13, 2: 14, 3: 15, 4: 15}
"""How many there are by version, 16 later: all are taken, also those that have no name here because nobody gets them."""

# Plain numbers, as joining flags takes a microsecond, and one upload has thousands of files.
_OF_FILES: Final = int(_Right.WRITE_FILE | _Right.READ_FILE | _Right.TRUNCATE)
_READ: Final = int(_Right.READ_FILE | _Right.READ_DIR)
_WRITE: Final = (
    _READ
    | _OF_FILES
    | int(_Right.REMOVE_DIR | _Right.REMOVE_FILE | _Right.MAKE_DIR | _Right.MAKE_REG | _Right.REFER)
)

_OF_THE_MACHINE: Final = (
    *("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache"),
    *(
        "/dev/null",
        "/dev/urandom",
        "/proc/self/statm",
        "/proc/cpuinfo",
        "/proc/meminfo",
        "/sys/devices/system/cpu",
    ),
)
"""Shared libraries, and what these ask about the machine."""

# Loaded before any fork: dlopen in a child whose memory is limited could fail.
_libc = ctypes.CDLL(None, use_errno=True)


@cache
def landlock_version() -> int:
    """Return which version of Landlock the kernel has; 0 for none, also where it is switched off or a container forbids it."""
    return max(0, int(_libc.syscall(_CREATE, None, 0, _TELL_VERSION)))


def prepare() -> None:
    """Find out what takes a moment, so that the children of this process need not."""
    landlock_version()
    _libraries()


def give_up_files(*, packages: Iterable[str], read: Iterable[str], write: Iterable[str]) -> bool:
    """Refuse to open, and to start, everything from now on but what is named; False where the system has no Landlock.

    To be called while there is no other thread, which would keep what it has.

    Parameters
    ----------
    packages
        Names of our own, beside Python's library and all that is installed.
    read
        Files and folders that may be read; those that are not there are passed over.
    write
        Folders, with all that is in them.

    Raises
    ------
    OSError
        The kernel has Landlock and refused; nobody should go on then.
    """
    version = landlock_version()
    if version == 0:
        return False
    handled = (1 << _ALL_RIGHTS.get(version, 16)) - 1
    ruleset = _new_ruleset(version, handled)
    try:
        ours = chain.from_iterable(import_module(package).__path__ for package in packages)
        for path in (*_libraries(), *_OF_THE_MACHINE, *ours, *read):
            _allow(ruleset, path, _READ & handled)
        for path in write:
            _allow(ruleset, path, _WRITE & handled)
        _allow(ruleset, os.devnull, _OF_FILES & handled)
        _checked(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        _checked(_libc.syscall(_RESTRICT, ruleset, 0))
    finally:
        os.close(ruleset)
    return True


def _new_ruleset(version: int, handled: int) -> int:
    scopes = _ABSTRACT_SOCKETS_AND_SIGNALS if version >= _SCOPES_SINCE else 0
    attributes = _RULESET.pack(handled, 0, scopes)[: _SIZES.get(version, _RULESET.size)]
    return _checked(_libc.syscall(_CREATE, attributes, len(attributes), 0))


def _allow(ruleset: int, path: str, rights: int) -> None:
    """Allow something to be done to a file, or to a folder and all in it, if there is one."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return
    try:
        allowed = rights if S_ISDIR(os.fstat(place).st_mode) else rights & _OF_FILES
        _checked(_libc.syscall(_ADD_RULE, ruleset, _BENEATH, _RULE.pack(allowed, place), 0))
    finally:
        os.close(place)


@cache
def _libraries() -> tuple[str, ...]:
    """Return the folders of Python's own modules and of installed packages; none of those it was started in or told of."""
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    shared = sysconfig.get_config_var("LIBDIR")
    return tuple({*(sysconfig.get_paths()[name] for name in names), *([shared] if shared else [])})


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"Landlock: {os.strerror(number)}")
    return result
