"""The environment of programs that read what strangers uploaded: where Python finds our code, and none of our secrets."""

import os
import sys
from pathlib import Path


def bare_environment() -> dict[str, str]:
    """Return all variables such a program is started with."""
    return {
        "PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path),
        "LC_ALL": "C.UTF-8",
        "OPENBLAS_NUM_THREADS": "1",  # its threads spin for a while, take address space, and would not survive a fork
        "MALLOC_ARENA_MAX": "2",  # an arena per thread reserves address space that counts against the limit
    }
