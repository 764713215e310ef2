"""The converter's tasks, but for files that nobody can look at to the end."""

import time
from collections.abc import Callable
from typing import Any

from ingest_worker.adapters import at_once, tasks
from ingest_worker.adapters.readers.dicom_alike import HeadersAlike
from ingest_worker.domain.budget import Budget
from ingest_worker.domain.candidates import Recognised
from ingest_worker.domain.files import SourceFile


def look_at(
    arguments: dict[str, Any], *, budget: Budget, on_progress: Callable[[int], None]
) -> dict[str, Any]:
    """Never come back from a file that is called endless."""
    tasks.recognised_file = _recognised
    return tasks.look_at(arguments, budget=budget, on_progress=on_progress)


def look_and_convert(
    arguments: dict[str, Any], *, budget: Budget, on_progress: Callable[[int], None]
) -> dict[str, Any]:
    """Likewise."""
    at_once.recognised_file = _recognised  # type: ignore[attr-defined]
    return at_once.look_and_convert(arguments, budget=budget, on_progress=on_progress)


_RECOGNISED = tasks.recognised_file


def _recognised(file: SourceFile, budget: Budget, alike: HeadersAlike) -> Recognised:
    if file.name.startswith("endless"):
        time.sleep(3600)
    return _RECOGNISED(file, budget, alike)
