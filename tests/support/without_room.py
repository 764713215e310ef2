"""Makes a nursery that imports it one on a full disk: its children can make no folder."""

import errno
import os
from pathlib import Path
from typing import Any, NoReturn

from ingest_worker.adapters import child


class _OnFullDisk(type(Path())):  # type: ignore[misc]  # the class depends on the system
    def mkdir(self, *_: Any, **__: Any) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


vars(child)["Path"] = _OnFullDisk
