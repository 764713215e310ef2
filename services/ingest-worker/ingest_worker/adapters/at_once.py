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
from ingest_worker.domain.files import SourceFile, natural_order
from ingest_worker.domain.formats import Format


def look_and_convert(arguments: dict[str, Any], *, budget: Budget, on_progress: OnProgress) -> dict[str, Any]:
    """Recognise files by content, and convert them if they are one candidate of those that this child has the libraries for.

    Returns
    -------
    dict
        Under "converted" what `tasks.convert_candidate` returns; if they were not, what `tasks.look_at` does.
    """
    headers = HeadersAlike(remember=True)
    with _ended_after(budget.look_time_s):
        found = [recognised_file(file_from_document(one), budget, headers) for one in arguments["files"]]
    only = _the_only_one(found)
    if only is None:
        return {"recognised": [recognised_document(one) for one in found]}
    kind, files = only
    return {
        "converted": convert_files(
            kind, files, arguments, budget=budget, on_progress=on_progress, headers=headers
        )
    }


def _the_only_one(found: Sequence[Recognised]) -> tuple[Format, tuple[SourceFile, ...]] | None:
    """Return the candidate that all files make together, if there is one and a child like this one converts it."""
    if series := _the_only_series(found):
        return Format.DICOM, series
    candidates, rejections = gather(found)
    if len(candidates) != 1 or rejections:
        return None
    kind = candidates[0].format
    if isinstance(kind, Format) and preload_for(kind) == LIGHT:
        return kind, candidates[0].files
    return None


def _the_only_series(found: Sequence[Recognised]) -> tuple[SourceFile, ...]:
    """Return what `gather` makes of files that are all of one DICOM series, in a tenth of the time; nothing if they are not."""
    series = found[0].series
    if not series or any(
        one.series != series or one.format is not Format.DICOM or one.reason for one in found
    ):
        return ()
    return tuple(sorted((one.file for one in found), key=lambda file: natural_order(file.name)))


@contextmanager
def _ended_after(seconds: float) -> Iterator[None]:
    """End the process if the block takes longer: nobody else knows when files have been looked at."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
