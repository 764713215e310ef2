"""Folders on the disk that programs work on, one per attempt at a job; what attempts that were killed left goes with the next.

Which those are tells the lock (flock(2)) that an attempt holds on its folder: it ends with its process, however that ends. An
attempt whose job was cancelled or deleted is killed, and no other one at the same job ever follows.
"""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ATTEMPT = re.compile(r"(?:[a-z]+-)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}-\d+")
"""What folders are called that may be removed; others may keep something else beside them."""


@contextmanager
def work_folder(root: Path, job: str, epoch: int, *, kind: str = "") -> Iterator[Path]:
    """Make a folder for an attempt at a job, and remove it afterwards; first, remove those of attempts that were killed.

    Parameters
    ----------
    kind
        A word of small letters that tells jobs of one identifier apart.
    """
    root.mkdir(parents=True, exist_ok=True)
    folder = root / f"{kind}{'-' if kind else ''}{job}-{epoch}"
    with _locked(root):  # else somebody could take the folder for abandoned before it is locked
        _remove_abandoned(root)
        folder.mkdir()
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(held, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def remove_abandoned(root: Path) -> None:
    """Remove the folders of attempts that were killed; for programs that start, since their next job may be long in coming."""
    if root.is_dir():
        with _locked(root):
            _remove_abandoned(root)


def _remove_abandoned(root: Path) -> None:
    for folder in root.iterdir():
        if _ATTEMPT.fullmatch(folder.name) and _is_abandoned(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_abandoned(folder: Path) -> bool:
    try:
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:  # its attempt is over just now, or it is no folder
        return False
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(held)
    return True


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    held = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)
