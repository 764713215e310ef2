"""Durable file operations for the folder store: after kill -9 or power loss a file is whole or not there."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import IO

from archive_shared.blobs.port import Data, Readable
from archive_shared.errors import Unavailable

CHUNK_BYTES = 1 << 20
PUBLISH_ATTEMPTS = 100


@contextmanager
def disk_errors() -> Iterator[None]:
    """Translate what the file system refuses (disk full, read-only, input/output error)."""
    try:
        yield
    except OSError as error:
        raise Unavailable(f"the blob folder refuses: {error.strerror or type(error).__name__}") from error


@contextmanager
def new_file(folder: Path) -> Iterator[IO[bytes]]:
    """Open a file with a name of its own; when the block fails, nothing of it stays."""
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        try:
            yield file
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def chunks(data: Data) -> Iterator[bytes]:
    """Cut bytes or a stream into pieces of at most a mebibyte."""
    source: Readable = BytesIO(data) if isinstance(data, bytes) else data
    while chunk := source.read(CHUNK_BYTES):
        yield chunk


def place(file: IO[bytes], target: Path) -> None:
    """Give a file made by `new_file` its name, at once and durably; what stood there before is replaced.

    The folder must be there, on the same file system; FileNotFoundError if not.
    """
    file.flush()
    os.fsync(file.fileno())
    Path(file.name).replace(target)
    with suppress(FileNotFoundError):  # by now it may be deleted again, and its folder with it
        sync_folder(target.parent)


def publish(file: IO[bytes], target: Path) -> None:
    """Place a file, making the folders on the way."""
    for _ in range(PUBLISH_ATTEMPTS):
        # Deleting the last object of a folder removes the folder, perhaps just before the rename.
        with suppress(FileNotFoundError):
            make_folders(target.parent)
            return place(file, target)
    raise Unavailable("the blob folder refuses: its folders vanish while they are made")


def linked(source: Path, target: Path) -> bool:
    """Give a file a second name, at once, replacing what stood there; False where the file system has no such thing."""
    try:
        target.hardlink_to(source)
    except FileExistsError:
        return _linked_over(source, target)
    except OSError:  # another disk, too many links, or a file system without any
        return False
    return True


def _linked_over(source: Path, target: Path) -> bool:
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        name = Path(folder, "link")
        try:
            name.hardlink_to(source)
        except OSError:
            return False
        name.replace(target)
    return True


def make_folders(folder: Path) -> None:
    """Make a folder and those above it, each durably."""
    if folder.is_dir():
        return
    make_folders(folder.parent)
    with suppress(FileExistsError):  # somebody else was faster
        folder.mkdir()
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Write the names in a folder to disk; renaming and removing are not durable before."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_file(path: Path, *, root: Path) -> None:
    """Remove a file durably if it is there, and the folders below `root` it leaves empty."""
    try:
        path.unlink()
        sync_folder(path.parent)
    except FileNotFoundError:
        return
    for folder in path.parents:
        if folder == root or not _removed_empty(folder):
            return


def remove_folder(folder: Path, *, trash: Path) -> None:
    """Remove a folder with its files if it is there; for others it vanishes at once."""
    doomed = Path(tempfile.mkdtemp(dir=trash))
    with suppress(FileNotFoundError):
        folder.replace(doomed)
        sync_folder(folder.parent)
    shutil.rmtree(doomed)


def _removed_empty(folder: Path) -> bool:
    try:
        folder.rmdir()
    except OSError:  # not empty, or removed by somebody else
        return False
    return True
