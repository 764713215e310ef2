"""The life of a confined child: accept limits, do the pieces of a task, say how each ended. Runs right after a fork."""

import importlib
import json
import os
import traceback
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any, Final, NoReturn

from archive_shared.confinement.no_files import give_up_files
from archive_shared.confinement.no_processes import give_up_processes
from ingest_worker.adapters.limits import Spent, confine
from ingest_worker.adapters.refused_by_system import STOPPED_BY_ERRNO
from ingest_worker.domain.budget import Budget

PACKAGES: Final = ("archive_shared", "ingest_worker")
PROGRESS: Final = b"P"
RESULT: Final = b"R"
SECONDS_BETWEEN_PROGRESS: Final = 0.2

SIGNS_OF_LACKING_MEMORY: Final = ("bad_alloc", "can't start new thread")  # of C++, and of Python for a stack


def live(task: dict[str, Any], pipe: int, parent: int) -> NoReturn:
    """Do the task and end the process without returning into the code of the parent.

    It ends before all pieces are done when one goes wrong or much of the budget is spent; those left are for a new child.

    Parameters
    ----------
    task
        With "function" ("module:name"), "pieces", a list of its arguments, "budget", and in "reads" and "writes" the files and
        folders that are all it can open.
    pipe
        Where progress and results go, one line each.
    """
    status = 1
    try:
        budget = Budget(**task["budget"])
        confine(budget, parent=parent)
        if refused := _refused_folder(task["writes"]):
            _say(pipe, RESULT, json.dumps(refused))
        else:
            give_up_files(packages=PACKAGES, read=task["reads"], write=task["writes"])
            give_up_processes()
            _do(task, budget, pipe)
        status = 0
    finally:
        os._exit(status)


def _refused_folder(folders: list[str]) -> dict[str, Any] | None:
    """Make the folders, or return why one of them cannot be: the disk may be full."""
    try:
        for folder in folders:
            Path(folder).mkdir(exist_ok=True)
    except OSError as error:
        return _stopped_by(error)
    return None


def _do(task: dict[str, Any], budget: Budget, pipe: int) -> None:
    spent = Spent()
    for number, arguments in enumerate(task["pieces"]):
        if folder := arguments.get("folder"):
            os.environ["TMPDIR"] = folder  # libvips puts the levels of a pyramid there first
        ended = _ended(task["function"], arguments, budget, pipe)
        if "done" not in ended and number > 0:
            return  # what came before it may be to blame, so it is left for a new child
        _say(pipe, RESULT, json.dumps(ended))
        if "done" not in ended or spent.much_of(budget):
            return


def _ended(function: str, arguments: dict[str, Any], budget: Budget, pipe: int) -> dict[str, Any]:
    """Return the result of a piece or why there is none.

    This is the wall around decoders of a dozen libraries fed with bytes from strangers: whatever they raise ends
    this one piece with a reason, and the process with it.
    """
    try:
        return {"done": _function(function)(arguments, budget=budget, on_progress=_Reporter(pipe))}
    except MemoryError:
        return {"stopped": "memory", "detail": ""}
    except OSError as error:
        return _stopped_by(error)
    except Exception as error:
        lacks_memory = any(sign in str(error) for sign in SIGNS_OF_LACKING_MEMORY)
        return {"stopped": "memory" if lacks_memory else "error", "detail": _where(error)}


def _stopped_by(error: OSError) -> dict[str, Any]:
    return {"stopped": STOPPED_BY_ERRNO.get(error.errno or 0, "error"), "detail": _where(error)}


def _function(path: str) -> Callable[..., dict[str, Any]]:
    module, _, name = path.partition(":")
    function: Callable[..., dict[str, Any]] = getattr(importlib.import_module(module), name)
    return function


def _where(error: BaseException) -> str:
    """Return class and place of an error, without its text: that may quote the file."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


class _Reporter:
    """Passes on how far a task is, a few times per second."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._last = monotonic()

    def __call__(self, done: int) -> None:
        if monotonic() - self._last >= SECONDS_BETWEEN_PROGRESS:
            self._last = monotonic()
            _say(self._pipe, PROGRESS, str(done))


def _say(pipe: int, kind: bytes, text: str) -> None:
    message = memoryview(kind + text.encode() + b"\n")
    while message:
        message = message[os.write(pipe, message) :]
