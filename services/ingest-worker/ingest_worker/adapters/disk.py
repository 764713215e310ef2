"""How much of the disk a conversion takes, looked at from outside: what files weigh together, no process can limit for itself."""

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass
class Disk:
    """What the tasks of one conversion may hold on disk together.

    Parameters
    ----------
    kept_bytes
        Of what earlier tasks left; whoever runs them keeps count.
    """

    most_bytes: int
    kept_bytes: int = 0

    def greediest(self, folders: Mapping[int, str]) -> int | None:
        """Return the task whose folder holds most if all hold too much together, None if they do not.

        Costs a look at every file in the folders.
        """
        sizes = {index: folder_bytes(folder) for index, folder in folders.items()}
        if not sizes or self.kept_bytes + sum(sizes.values()) <= self.most_bytes:
            return None
        return max(sizes, key=lambda index: sizes[index])


def folder_bytes(folder: str) -> int:
    """Return what the files in a folder and below take on disk; those that vanish meanwhile count nothing."""
    try:
        with os.scandir(folder) as entries:
            return sum(_entry_bytes(entry) for entry in entries)
    except FileNotFoundError:
        return 0


def _entry_bytes(entry: "os.DirEntry[str]") -> int:
    if entry.is_dir(follow_symlinks=False):
        return folder_bytes(entry.path)
    try:
        return (
            entry.stat(follow_symlinks=False).st_blocks * 512
        )  # its unit, whatever the file system's is (stat(2))
    except FileNotFoundError:
        return 0
