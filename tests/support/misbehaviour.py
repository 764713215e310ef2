"""Tasks that behave as hostile files make converters behave; run inside confined children by the isolation tests."""

import os
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ingest_worker.domain.budget import Budget

Arguments = dict[str, Any]
OnProgress = Callable[[int], None]


def behave(arguments: Arguments, *, budget: Budget, on_progress: OnProgress) -> Arguments:
    return {"echo": arguments, "pid": os.getpid(), "parent": os.getppid()}


def spoil(arguments: Arguments, *, budget: Budget, on_progress: OnProgress) -> Arguments:
    """Leave something in memory, the first time, at which every later task here dies."""
    if _spoilt:
        os.kill(os.getpid(), signal.SIGSEGV)
    _spoilt.append(True)
    return {"pid": os.getpid()}


_spoilt: list[bool] = []


def look_and_convert(arguments: Arguments, *, budget: Budget, on_progress: OnProgress) -> Arguments:
    """Die in the middle, with something written."""
    Path(arguments["folder"], "half").write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGSEGV)
    return {}


def tell_pids_once(arguments: Arguments, *, budget: Budget, on_progress: OnProgress) -> Arguments:
    """Note who we are and wait to be killed, the first time; the second time say how often we were here."""
    note = Path(arguments["path"])
    if note.name == "pids" and not note.exists():
        note.write_text(f"{os.getpid()} {os.getppid()}", encoding="ascii")
        time.sleep(3600)
    return {"looks": 1 + note.exists()}


def kill_itself(arguments: Arguments, *, budget: Budget, on_progress: OnProgress) -> Arguments:
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def play(arguments: Arguments, *, budget: Budget, on_progress: OnProgress) -> Arguments:
    """Behave as asked: so that tasks of one function differ."""
    played: Callable[..., Arguments] = globals()[arguments.pop("part")]
    return played(arguments, budget=budget, on_progress=on_progress)


def report_progress(arguments: Arguments, *, budget: Budget, on_progress: OnProgress) -> Arguments:
    for step in range(5):
        time.sleep(0.21)
        on_progress(step)
    return {}


def allocate(arguments: Arguments, *, budget: Budget, on_progress: OnProgress) -> Arguments:
    held = [np.ones(2**20, np.uint8) for _ in range(arguments["mebibytes"])]
    return {"held": len(held)}


def keep(arguments: Arguments, *, budget: Budget, on_progress: OnProgress) -> Arguments:
    """Allocate and never free."""
    _kept.extend(np.ones(2**20, np.uint8) for _ in range(arguments["mebibytes"]))
    return {"pid": os.getpid()}


_kept: list[Any] = []


def meet(arguments: Arguments, *, budget: Budget, on_progress: OnProgress) -> Arguments:
    """Wait for another task, which must run at the same time."""
    Path(arguments["folder"], arguments["me"]).touch()
    while not Path(arguments["folder"], arguments["other"]).exists():
        time.sleep(0.02)
    return {}


def spin(arguments: Arguments, *, budget: Budget, on_progress: OnProgress) -> Arguments:
    while True:
        pass


def sleep(arguments: Arguments, *, budget: Budget, on_progress: OnProgress) -> Arguments:
    time.sleep(3600)
    return {}


def sleep_a_little(arguments: Arguments, *, budget: Budget, on_progress: OnProgress) -> Arguments:
    """Say from when to when it slept; the clock is the whole machine's."""
    began_s = time.monotonic()
    time.sleep(1)
    return {"began_s": began_s, "ended_s": time.monotonic()}


def crash(arguments: Arguments, *, budget: Budget, on_progress: OnProgress) -> Arguments:
    os.kill(os.getpid(), signal.SIGSEGV)
    return {}


def kill_parent(arguments: Arguments, *, budget: Budget, on_progress: OnProgress) -> Arguments:
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(3600)
    return {}


def leave(arguments: Arguments, *, budget: Budget, on_progress: OnProgress) -> Arguments:
    os._exit(3)


def raise_with_secret(arguments: Arguments, *, budget: Budget, on_progress: OnProgress) -> Arguments:
    raise KeyError("Muster^Erika")


def fill_file(arguments: Arguments, *, budget: Budget, on_progress: OnProgress) -> Arguments:
    Path(arguments["path"]).write_bytes(bytes(arguments["bytes"]))
    return {}


def fill_folder(arguments: Arguments, *, budget: Budget, on_progress: OnProgress) -> Arguments:
    """Write small files, as many as it may."""
    for number in range(arguments["files"]):
        Path(arguments["folder"], str(number)).write_bytes(os.urandom(2**20))
        time.sleep(0.01)
    return {}


def open_sockets(arguments: Arguments, *, budget: Budget, on_progress: OnProgress) -> Arguments:
    """Return what comes of opening sockets to the world and to the machine."""
    return {family.name: _opened(family) for family in (socket.AF_INET, socket.AF_UNIX)}


def find_pipes(arguments: Arguments, *, budget: Budget, on_progress: OnProgress) -> Arguments:
    """Return how many pipes there are to read others' words from, or to write into."""
    return {"pipes": sum(map(_is_pipe, range(budget.open_files)))}


def _is_pipe(descriptor: int) -> bool:
    try:
        return stat.S_ISFIFO(os.fstat(descriptor).st_mode)
    except OSError:
        return False


def open_each(arguments: Arguments, *, budget: Budget, on_progress: OnProgress) -> Arguments:
    """Return what comes of opening each of some paths."""
    return {path: _error_of(partial(os.open, path, os.O_RDONLY)) for path in arguments["paths"]}


def write_each(arguments: Arguments, *, budget: Budget, on_progress: OnProgress) -> Arguments:
    """Write a file of one's own, and return what comes of writing to each of some paths."""
    Path(arguments["folder"], "own").write_bytes(b"own")
    return {path: _error_of(partial(Path(path).write_bytes, b"!")) for path in arguments["paths"]}


def start_program(arguments: Arguments, *, budget: Budget, on_progress: OnProgress) -> Arguments:
    subprocess.run(["/bin/true"], check=True)
    return {}


def _opened(family: socket.AddressFamily) -> str:
    return _error_of(lambda: socket.socket(family).close())


def _error_of(do: Callable[[], object]) -> str:
    try:
        do()
    except OSError as error:
        return type(error).__name__
    return "opened"


def open_files(arguments: Arguments, *, budget: Budget, on_progress: OnProgress) -> Arguments:
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(arguments["count"])]
    return {"held": len(held)}


def print_secret(arguments: Arguments, *, budget: Budget, on_progress: OnProgress) -> Arguments:
    os.write(1, b"Muster^Erika")
    os.write(2, b"Muster^Erika")
    return {}


def start_processes(arguments: Arguments, *, budget: Budget, on_progress: OnProgress) -> Arguments:
    """Return what comes of forking, and of a group and a session that nobody would end with this process."""
    ways: dict[str, Callable[[], object]] = {
        "fork": _forked,
        "setpgid": partial(os.setpgid, 0, 0),
        "setsid": os.setsid,
    }
    return {name: _error_of(do) for name, do in ways.items()}


def _forked() -> None:
    if os.fork() == 0:
        os._exit(0)


def leave_a_grandchild(arguments: Arguments, *, budget: Budget, on_progress: OnProgress) -> Arguments:
    grandchild = os.fork()
    if grandchild:
        Path(arguments["path"]).write_text(str(grandchild), encoding="ascii")
    time.sleep(3600)
    return {}


def tell_environment(arguments: Arguments, *, budget: Budget, on_progress: OnProgress) -> Arguments:
    return {"environment": dict(os.environ), "cwd": str(Path.cwd()), "session": os.getsid(0) == os.getpid()}


def tell_pid_and_sleep(arguments: Arguments, *, budget: Budget, on_progress: OnProgress) -> Arguments:
    Path(arguments["path"]).write_text(str(os.getpid()), encoding="ascii")
    time.sleep(3600)
    return {}


def flood(arguments: Arguments, *, budget: Budget, on_progress: OnProgress) -> Arguments:
    return {"text": "x" * arguments["bytes"]}
