"""How keys become file names in the folder store, and file names keys again, in the order of keys.

Key `a/b` is the file `a.dir/b.blob`. As folders and objects have suffixes of their own, `a` and `a/b` exist
side by side, and since a suffix follows every name, none of them can be `..` or one of our own files.
"""

import os
from collections.abc import Iterator
from pathlib import Path

FOLDER_SUFFIX = ".dir"
OBJECT_SUFFIX = ".blob"


def object_path(root: Path, key: str) -> Path:
    """Return where the object of a (checked) key lies."""
    *folders, name = key.split("/")
    return _folder_path(root, folders) / (name + OBJECT_SUFFIX)


def walk(root: Path, prefix: str, after: str) -> Iterator[tuple[str, os.stat_result]]:
    """Yield the objects whose key begins with `prefix` and sorts behind `after`, in UTF-8 order.

    Reads one folder at a time, and none that the prefix or `after` rules out.
    """
    *folders, _ = prefix.split("/")
    base = "".join(f"{folder}/" for folder in folders)
    return _walk(_folder_path(root, folders), base, prefix, after.encode())


def _walk(folder: Path, base: str, prefix: str, after: bytes) -> Iterator[tuple[str, os.stat_result]]:
    for order, path in sorted(_named(folder, base)):
        key = order.decode()
        if not key.startswith(prefix):
            continue
        if not key.endswith("/"):
            if order > after and (status := _status(path)):
                yield key, status
        elif order > after or after.startswith(order):
            yield from _walk(path, key, prefix, after)


def _named(folder: Path, base: str) -> Iterator[tuple[bytes, Path]]:
    """Yield what a folder holds, by key; subfolders end in a slash, which is how their objects sort."""
    for path in _contents(folder):
        if path.suffix == OBJECT_SUFFIX:
            yield f"{base}{path.stem}".encode(), path
        elif path.suffix == FOLDER_SUFFIX:
            yield f"{base}{path.stem}/".encode(), path


def _contents(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except FileNotFoundError:  # nothing has this prefix, or its last object was deleted just now
        return []


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _folder_path(root: Path, folders: list[str]) -> Path:
    return root.joinpath(*(folder + FOLDER_SUFFIX for folder in folders))
