"""What every reader is given."""

from dataclasses import dataclass
from pathlib import Path

from ingest_worker.domain.budget import Budget
from ingest_worker.domain.deidentification import Deidentification
from ingest_worker.domain.files import SourceFile


@dataclass(frozen=True)
class ConversionInput:
    """One candidate, the budget of its conversion, and an empty folder for scratch files.

    Parameters
    ----------
    deidentification
        If the images are to be nobody's.
    """

    files: tuple[SourceFile, ...]
    budget: Budget
    scratch: Path
    deidentification: Deidentification | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(file.name for file in self.files)
