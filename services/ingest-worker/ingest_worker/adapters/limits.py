"""Limits a child sets on itself before it touches uploaded bytes (Linux: setrlimit(2), prctl(2))."""

import ctypes
import os
import resource
import signal
import time
from pathlib import Path

from ingest_worker.domain.budget import Budget

PR_SET_PDEATHSIG = 1
GRACE_CPU_S = 5
MUCH = 8  # an eighth

# Loaded before any fork: dlopen in a child whose memory is limited could fail.
_libc = ctypes.CDLL(None, use_errno=True)


def confine(budget: Budget, *, parent: int) -> None:
    """Lead a session of its own, die with the parent, and accept the budget's limits."""
    os.setsid()
    _die_with(parent)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, budget.open_files)
    _limit(resource.RLIMIT_FSIZE, min(budget.file_bytes, budget.disk_bytes))
    _limit(resource.RLIMIT_AS, _occupied_bytes() + budget.memory_bytes)
    resource.setrlimit(resource.RLIMIT_CPU, (budget.cpu_time_s, budget.cpu_time_s + GRACE_CPU_S))


class Spent:
    """What the process has used of its budget since this was made."""

    def __init__(self) -> None:
        self._occupied_bytes = _occupied_bytes()

    def much_of(self, budget: Budget) -> bool:
        """Tell whether what comes next had noticeably less than the budget: limits are never raised again."""
        grown = _occupied_bytes() - self._occupied_bytes
        return grown > budget.memory_bytes // MUCH or time.process_time() * MUCH > budget.cpu_time_s


def _limit(kind: int, most: int) -> None:
    """Lower a limit; one that is lower already, by decision of whoever started us, stays."""
    _, hard = resource.getrlimit(kind)
    allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (allowed, allowed))


def _die_with(parent: int) -> None:
    if _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:  # it died between fork and prctl
        os.kill(os.getpid(), signal.SIGKILL)


def _occupied_bytes() -> int:
    """Return the address space in use, which is mostly code of libraries (proc(5), statm, first field)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()
