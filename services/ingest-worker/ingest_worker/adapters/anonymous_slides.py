"""Chooses what of a slide is handed on where images have no identity, and says what will not come along.

The tiler makes the canonical slide of pixels, their size, the objective and the colours alone, so nothing is taken out of the
files here. What cannot be left behind that way is writing in the pixels themselves.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ingest_worker.adapters.readers.dicom_description import attributes_of, has_writing
from ingest_worker.adapters.readers.dicom_headers import DicomHeader, read_dicom_header
from ingest_worker.adapters.readers.dicom_values import text, values
from ingest_worker.adapters.readers.slide_texts import said_in_files
from ingest_worker.domain.deidentification import BURNED_IN, NO_SLIDE, removed_of_slide
from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.formats import SlideFormat
from ingest_worker.domain.refusals import Refused
from ingest_worker.domain.report import Rejection
from ingest_worker.domain.slide_texts import LABEL, MACRO

LEVEL = "VOLUME"
PICTURES = {"LABEL": LABEL, "OVERVIEW": MACRO, "THUMBNAIL": MACRO}
"""Kinds of pictures by the third value of Image Type (PS3.3 C.8.12.4.1.1)."""


@dataclass(frozen=True)
class AnonymousSlide:
    """What is handed on.

    Parameters
    ----------
    files
        The first is the one to open; none if the slide is refused.
    removed
        Names of what does not come along, sorted.
    """

    files: tuple[SourceFile, ...]
    removed: tuple[str, ...] = ()
    rejections: tuple[Rejection, ...] = ()

    def to_document(self) -> dict[str, Any]:
        """Return removed and rejections as JSON values."""
        return {"removed": self.removed, "rejections": [asdict(one) for one in self.rejections]}


def without_identity(kind: SlideFormat, files: tuple[SourceFile, ...]) -> AnonymousSlide:
    """Return what of a slide may be handed on."""
    if kind is not SlideFormat.DICOM:
        return AnonymousSlide(files, tuple(sorted(said_in_files(kind, files))))
    try:
        return _of_dicom([read_dicom_header(file) for file in files])
    except Refused as refusal:
        return _refused(files, refusal.reason)


def _of_dicom(headers: Sequence[DicomHeader]) -> AnonymousSlide:
    """Keep the levels: the other files of a series show label and glass."""
    levels = [header for header in headers if _flavour(header) == LEVEL]
    if any(map(_shows_writing, levels)):
        return _refused([header.file for header in headers], BURNED_IN)
    others = [header for header in headers if header not in levels]
    pictures = {PICTURES[_flavour(header)] for header in others if _flavour(header) in PICTURES}
    return AnonymousSlide(
        tuple(header.file for header in levels),
        tuple(sorted({*removed_of_slide(attributes_of(levels)), *pictures})),
        tuple(Rejection(header.file.name, (NO_SLIDE,)) for header in others),
    )


def _flavour(header: DicomHeader) -> str:
    kinds = _kinds(header)
    return kinds[2] if len(kinds) > 2 else ""


def _kinds(header: DicomHeader) -> list[str]:
    return [str(value).strip().upper() for value in values(header.dataset, "ImageType")]


def _shows_writing(header: DicomHeader) -> bool:
    """Tell whether a level says that it has writing in its pixels, or that it shows the label (PS3.3 C.8.12.4 and C.7.6.1)."""
    shows_label = text(header.dataset, "SpecimenLabelInImage").upper() == "YES"
    return has_writing(header) or shows_label or not PICTURES.keys().isdisjoint(_kinds(header))


def _refused(files: Sequence[SourceFile], reason: str) -> AnonymousSlide:
    return AnonymousSlide((), (), tuple(Rejection(file.name, (reason,)) for file in files))
