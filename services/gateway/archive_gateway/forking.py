"""Starts Python modules as forks of a process that has loaded their code: the libraries of fifteen parts are loaded once.

Loading them takes a new interpreter a second and 70 MB; a fork takes milliseconds, and shares what nobody changes. It takes no
threads along, so who forks must have none beside its own.
"""

import atexit
import ctypes
import gc
import os
import runpy
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fcntl import F_DUPFD, fcntl
from importlib import import_module
from typing import NoReturn

from setproctitle import setproctitle

_PR_SET_PDEATHSIG = 1
_STREAMS = 3
_USUAL_SIGNALS: Mapping[signal.Signals, Callable[..., object] | signal.Handlers] = {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
    signal.SIGHUP: signal.SIG_DFL,
}
_libc = ctypes.CDLL(None)


def load(modules: Iterable[str]) -> None:
    """Load what forks will need; the code base connects to nothing and starts nothing when it is loaded.

    A module that cannot be loaded is left to the one that needs it, which says so in its own name.
    """
    for module in modules:
        with suppress(Exception):
            import_module(module)
    gc.collect()
    gc.freeze()  # a collection in a fork would touch, and so copy, every page it shares


@dataclass(frozen=True)
class Forked:
    """What a fork becomes.

    Parameters
    ----------
    title
        What `ps` and `top` call it.
    arguments
        Of `python -m`: a module, and what it is told.
    output, errors
        File descriptors of its standard output and error.
    niceness
        Added to ours (nice(2)).
    inherited
        File descriptors it keeps, besides those of its streams.
    """

    title: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    output: int
    errors: int
    niceness: int = 0
    inherited: Sequence[int] = ()

    def start(self) -> int:
        """Return its process number. It leads a session, and is killed by the kernel when we die, even if we are killed."""
        parent = os.getpid()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _USUAL_SIGNALS)
        try:
            pid = os.fork()
            if pid == 0:
                _live(lambda: self._become(parent, before))
            return pid
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _become(self, parent: int, signals: Iterable[int]) -> None:
        """Tie the process to its parent, take nothing else of it along, and run the module."""
        atexit._clear()  # what the parent does at its end is not for us to do
        _die_with(parent)
        os.setsid()
        for number, usual in _USUAL_SIGNALS.items():
            signal.signal(number, usual)
        signal.pthread_sigmask(signal.SIG_SETMASK, signals)
        self._open_streams()
        os.nice(self.niceness)
        setproctitle(self.title)  # finds its place by the environment, while that is where it was
        os.environ.clear()
        os.environ.update(self.environment)
        module, *arguments = self.arguments
        sys.argv = [module, *arguments]
        _forget(module)
        runpy.run_module(module, run_name="__main__", alter_sys=True)

    def _open_streams(self) -> None:
        nowhere = os.open(os.devnull, os.O_RDONLY)
        streams = [fcntl(descriptor, F_DUPFD, _STREAMS) for descriptor in (nowhere, self.output, self.errors)]
        for number, descriptor in enumerate(streams):
            os.dup2(descriptor, number)
        _close_all_but(self.inherited)
        sys.stdin = open(0, closefd=False)  # noqa: SIM115 (kept for good)
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115


def _close_all_but(kept: Iterable[int]) -> None:
    for descriptor in map(int, os.listdir("/dev/fd")):  # noqa: PTH208 (names, as numbers)
        if descriptor >= _STREAMS and descriptor not in kept:
            with suppress(OSError):  # the one that this list was read from is closed already
                os.close(descriptor)


def _forget(module: str) -> None:
    """Let a module be run as `__main__` that was loaded under its own name; of a package that is another one in it."""
    if not hasattr(sys.modules.get(module), "__path__"):
        sys.modules.pop(module, None)


def _die_with(parent: int) -> None:
    """Be killed as soon as the parent ends (prctl(2); Linux only)."""
    if sys.platform != "linux":
        return
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the kernel knew
        sys.exit("the supervisor is gone")


def _live(life: Callable[[], None]) -> NoReturn:
    """Live and end as an interpreter does, without ever returning into the code of the parent."""
    code = 1
    try:
        code = _exit_code(life)
        threading._shutdown()  # type: ignore[attr-defined]  # both as `multiprocessing` ends its forks
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _exit_code(life: Callable[[], None]) -> int:
    try:
        life()
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)  # noqa: T201 (as the interpreter does)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0
