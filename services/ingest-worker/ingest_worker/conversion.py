"""The conversion as a library: files in, canonical images and a report out. No service, no store, no network."""

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

from archive_shared.errors import Invalid
from archive_shared.processors import usable_processors
from ingest_worker.adapters.conversion_run import ConversionRun, OnProgress
from ingest_worker.adapters.isolation import Isolation
from ingest_worker.domain.budget import Budget
from ingest_worker.domain.deidentification import Deidentification
from ingest_worker.domain.files import SourceFile, natural_order
from ingest_worker.domain.report import ConversionProgress, ConversionReport
from ingest_worker.domain.work_disk import on_work_disk


def convert(
    files: Sequence[SourceFile | Path],
    output: Path,
    *,
    budget: Budget | None = None,
    jobs: int = 1,
    on_progress: OnProgress | None = None,
    keep_slides: bool = False,
    deidentification: Deidentification | None = None,
    isolation: Isolation | None = None,
) -> ConversionReport:
    """Convert files into canonical images, each candidate in a confined process of its own.

    Parameters
    ----------
    files
        What to convert. A bare path is known by its base name; names must differ.
    output
        Folder for the results, created if missing; scratch files live in it while the conversion runs.
    budget
        Limits of each child process and of unpacking; the defaults suit a machine with 16 GB of memory.
    jobs
        Candidates converted at the same time.
    on_progress
        Called several times per second with how far everything is, from this thread. What it raises stops the
        conversion, kills its processes, removes unfinished files, and comes out of this call: the way to cancel.
    keep_slides
        Whether whole-slide images are returned as they came, for the tiler, rather than rejected. Those found
        inside archives are moved into the output folder.
    deidentification
        Given if the images are to be nobody's: names, dates and descriptions are left out, identifiers replaced.
    isolation
        Processes to use, so that several conversions share the cost of starting them, and what `jobs` they were
        made for counts; by default own ones.

    Returns
    -------
    ConversionReport
        Unreadable files are part of it, not errors. The same files give the same report.

    Raises
    ------
    Invalid
        Two files have the same name, or there are none.
    Unavailable
        The disk is full.
    OSError
        A file went away, or its disk does not give it out.
    """
    sources = _named(files)
    with (
        on_work_disk(),
        _scratch_in(output) as scratch,
        nullcontext(isolation) if isolation else Isolation(jobs=jobs) as processes,
    ):
        return ConversionRun(
            isolation=processes,
            budget=budget or Budget(),
            output=output,
            scratch=scratch,
            threads=max(1, usable_processors() // max(1, jobs)),
            on_progress=on_progress or _ignore,
            keep_slides=keep_slides,
            key=deidentification.key.hex() if deidentification else "",
        ).run(sources)


@contextmanager
def _scratch_in(output: Path) -> Iterator[Path]:
    """Make a folder in the output folder, so that results are moved out of it rather than copied, and remove it."""
    output.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".conversion-", dir=output.resolve()))
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _ignore(_: ConversionProgress) -> None:
    """Nobody asked."""


def _named(files: Sequence[SourceFile | Path]) -> list[SourceFile]:
    given = [file if isinstance(file, SourceFile) else SourceFile(file.name, file) for file in files]
    sources = [one if one.path.is_absolute() else replace(one, path=one.path.absolute()) for one in given]
    doubles = [name for name, times in Counter(source.name for source in sources).items() if times > 1]
    if not sources:
        raise Invalid({"files": ["There are no files."]})
    if doubles:
        raise Invalid({"files": [f"Two files are called {min(doubles)}."]})
    return sorted(sources, key=lambda source: natural_order(source.name))
