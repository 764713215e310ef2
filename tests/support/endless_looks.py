"""The converter's tasks, but for files that nobody can look at to the end."""

import time
from collections.abc import Callable
from typing import Any

from ingest_worker.adapters import tasks
from ingest_worker.domain.budget import Budget

convert_candidate = tasks.convert_candidate


def look_at(
    arguments: dict[str, Any], *, budget: Budget, on_progress: Callable[[int], None]
) -> dict[str, Any]:
    """Never come back from a file that is called endless."""
    if any(name.startswith("endless") for name, *_ in arguments["files"]):
        time.sleep(3600)
    return tasks.look_at(arguments, budget=budget, on_progress=on_progress)
