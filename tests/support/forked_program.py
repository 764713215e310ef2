"""A program that forks for each job, and jobs that behave well or badly. `python -m tests.support.forked_program`."""

import ctypes
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from archive_shared.jobs.child import NotThisTime, Report, Unprocessable
from archive_shared.jobs.forks import run_in_forks

PR_GET_DUMPABLE = 3
THREADS_OF_THE_PROGRAM = Path(f"/proc/{os.getpid()}/task")


def tell(order: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """Say who does it."""
    report.progress({"job": order.get("number")})
    return {
        "number": order.get("number"),
        "process": os.getpid(),
        "program": os.getppid(),
        "threads": len(list(THREADS_OF_THE_PROGRAM.iterdir())),
    }


def die(order: Mapping[str, Any], report: Report) -> None:
    os.kill(os.getpid(), order["signal"])


def leave(order: Mapping[str, Any], report: Report) -> None:
    os._exit(order["code"])


def count(order: Mapping[str, Any], report: Report) -> dict[str, Any]:
    for number in range(1000):
        report.progress({"number": number})
    return {}


def refuse(order: Mapping[str, Any], report: Report) -> None:
    raise Unprocessable("no such image")


def put_off(order: Mapping[str, Any], report: Report) -> None:
    raise NotThisTime("no memory left")


def spin(order: Mapping[str, Any], report: Report) -> None:
    while True:
        pass


def hang(order: Mapping[str, Any], report: Report) -> None:
    """Go on for ever, whatever becomes of the parent."""
    prctl = ctypes.CDLL(None).prctl
    prctl(1, 0)
    report.progress({"process": os.getpid()})
    signal.pause()


def forge(order: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """Speak as the program does, of this job and of others."""
    for line in ({"ended": 0}, {"result": {"forged": 1}, "ended": 0}, {"progress": {}, "ended": 0}):
        report.write(line)  # type: ignore[attr-defined]
    return {"forged": 2}


def chatter(order: Mapping[str, Any], report: Report) -> None:
    """Say something that is no JSON."""
    os.write(report.descriptor, b"[[[\n")  # type: ignore[attr-defined]


def start(order: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """Try to start processes, in all ways, and to leave the group; and start a thread."""
    attempts: dict[str, Callable[[], Any]] = {
        "fork": os.fork,
        "program": lambda: subprocess.run(["true"], check=False),
        "spawned": lambda: os.posix_spawn("/bin/true", ["true"], {}),
        "session": os.setsid,
        "group": lambda: os.setpgid(0, 0),
    }
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()
    return {name: _came_of(do) for name, do in attempts.items()}


def _came_of(do: Callable[[], Any]) -> str:
    try:
        do()
    except OSError as error:
        return type(error).__name__
    return "done"


def read_orders(order: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """Look for what the worker says, and for ways to speak to it."""
    return {"heard": os.read(0, 1).decode(), "open": [each.name for each in Path("/proc/self/fd").iterdir()]}


def hide(order: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """Say whether the kernel keeps other processes from looking in; a fork has that of the program."""
    return {"readable": ctypes.CDLL(None).prctl(PR_GET_DUMPABLE)}


if __name__ == "__main__":
    run_in_forks(lambda order, report: globals()[order["do"]](order, report))
