"""What a child does for most uploads: look at all files and, as they are one image, convert them. Their headers are read once.

Whatever else they are, and whatever goes wrong, is left to the children that look at files and convert candidates one by one.
"""

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ingest_worker.adapters.readers.dicom_alike import HeadersAlike
from ingest_worker.adapters.tasks import (
    LIGHT,
    OnProgress,
    convert_files,
    file_from_document,
    preload_for,
    recognised_document,
    recognised_file,
)
from ingest_worker.domain.budget import Budget
from ingest_worker.domain.candidates import Recognised, gather
from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.formats import Format


def look_and_convert(arguments: dict[str, Any], *, budget: Budget, on_progress: OnProgress) -> dict[str, Any]:
    """Recognise files by content, and convert them if they are one candidate of those that this child has the libraries for.

    Returns
    -------
    dict
        What `tasks.look_at` returns and, if they were converted, under "converted" what `tasks.convert_candidate` does.
    """
    headers = HeadersAlike(remember=True)
    with _ended_after(budget.look_time_s):
        found = [recognised_file(file_from_document(one), budget, headers) for one in arguments["files"]]
    told: dict[str, Any] = {"recognised": [recognised_document(one) for one in found]}
    if only := _the_only_one(found):
        kind, files = only
        told["converted"] = convert_files(
            kind, files, arguments, budget=budget, on_progress=on_progress, headers=headers
        )
    return told


def _the_only_one(found: Sequence[Recognised]) -> tuple[Format, tuple[SourceFile, ...]] | None:
    """Return the candidate that all files make together, if there is one and a child like this one converts it."""
    candidates, rejections = gather(found)
    if len(candidates) != 1 or rejections:
        return None
    kind = candidates[0].format
    if isinstance(kind, Format) and preload_for(kind) == LIGHT:
        return kind, candidates[0].files
    return None


@contextmanager
def _ended_after(seconds: float) -> Iterator[None]:
    """End the process if the block takes longer: nobody else knows when files have been looked at."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
