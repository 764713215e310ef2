"""What every reader is given."""

from dataclasses import dataclass, field
from pathlib import Path

from ingest_worker.adapters.readers.dicom_alike import HeadersAlike
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
    headers
        Reads DICOM headers, and may remember those of these files.
    """

    files: tuple[SourceFile, ...]
    budget: Budget
    scratch: Path
    deidentification: Deidentification | None = None
    headers: HeadersAlike = field(default_factory=HeadersAlike)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(file.name for file in self.files)
