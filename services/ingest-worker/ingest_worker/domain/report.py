"""What became of the files of one conversion, and how far a running one is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ingest_worker.domain.files import Source, natural_order
from ingest_worker.domain.images import ConvertedImage
from ingest_worker.domain.slides import FoundSlide


@dataclass(frozen=True)
class Rejection:
    """A file that became part of no image.

    Parameters
    ----------
    file
        Its name.
    reasons
        Whole sentences for its uploader, the most helpful first; without patient data.
    """

    file: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class ConversionReport:
    """The outcome of one conversion, in the order of file names.

    Every file handed in, and every file found inside an archive, is a source of an image, or rejected, or
    an archive whose files are listed by themselves.

    Parameters
    ----------
    archives
        The archives that were unpacked; their files are named "<archive>/<name inside>".
    slides
        Whole-slide images, which are not converted here.
    """

    images: tuple[ConvertedImage, ...]
    rejected: tuple[Rejection, ...]
    archives: tuple[Source, ...] = ()
    slides: tuple[FoundSlide, ...] = ()


def rejection_from_document(document: Mapping[str, Any]) -> Rejection:
    """Read a rejection from JSON values."""
    return Rejection(document["file"], tuple(document["reasons"]))


@dataclass(frozen=True)
class ConversionProgress:
    """How far a conversion is.

    Parameters
    ----------
    phase
        What is being done: "unpacking", "recognising" or "converting"; on the platform "fetching" comes before these and
        "storing" after them. Each counts from the beginning, and the last number of a phase is not always told.
    files_done, files_total
        Uploads fetched, archives unpacked, files recognised, and then files whose fate is known, of all known so far.
    bytes_done, bytes_total
        The same in bytes of these files, the share of those in work included where it is known; of the finished images
        while these are stored.
    """

    phase: str
    files_done: int
    files_total: int
    bytes_done: int
    bytes_total: int


def merged(rejections: Iterable[Rejection]) -> tuple[Rejection, ...]:
    """Return one rejection per file with all its different reasons, ordered by name."""
    reasons: dict[str, list[str]] = {}
    for rejection in rejections:
        known = reasons.setdefault(rejection.file, [])
        known.extend(reason for reason in rejection.reasons if reason not in known)
    return tuple(Rejection(file, tuple(reasons[file])) for file in sorted(reasons, key=natural_order))
