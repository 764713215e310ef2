"""Keeps what a process holds, such as secrets in its environment, from other processes of its user."""

import ctypes

_PR_SET_DUMPABLE = 4


def become_unreadable() -> None:
    """Have the kernel refuse others a look at our memory and environment (prctl(2), PR_SET_DUMPABLE); leaves no core either.

    Programs started later begin anew, so each that has something to hide says so itself. Nothing is hidden from root.
    """
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0)
