"""The files of one series as frames. Headers that say the same of pixels and place are read in full only once."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ingest_worker.adapters.readers.conversion_input import ConversionInput
from ingest_worker.adapters.readers.dicom_frames import Frame, frames_of
from ingest_worker.adapters.readers.dicom_headers import (
    PARSING_ERRORS,
    DicomHeader,
    PixelElement,
    read_dicom_header,
)
from ingest_worker.adapters.readers.dicom_quick import (
    DATE,
    NUMBER,
    POSITION,
    SOP_INSTANCE,
    TIME,
    QuickHeader,
    quick_header,
)
from ingest_worker.adapters.readers.dicom_samples import SampleFormat, sample_format
from ingest_worker.adapters.readers.dicom_values import text
from ingest_worker.adapters.volumes import RefusedReading
from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.geometry import Vector
from ingest_worker.domain.refusals import Refused


@dataclass(frozen=True)
class Member:
    """A file of the series.

    Parameters
    ----------
    instance
        SOPInstanceUID: copies of one file have the same.
    """

    header: DicomHeader
    form: SampleFormat
    frames: list[Frame]
    instance: str


def members_of(given: ConversionInput) -> Iterator[Member | RefusedReading]:
    """Yield every file with its frames, or why it has none."""
    templates: dict[tuple[object, ...], Member] = {}
    for file in given.files:
        quick = quick_header(file.path)
        kind = (quick.transfer_syntax, *quick.shared.items()) if quick else ()
        try:
            member = _like(templates[kind], file, quick) if quick and kind in templates else None
            if member is None:
                member = _in_full(file)
                if quick and len(member.frames) == 1:
                    templates[kind] = member
            yield member
        except Refused as refusal:
            yield RefusedReading((file.name,), refusal.reason)
        except PARSING_ERRORS:
            yield RefusedReading((file.name,), f"The DICOM header of {file.base_name} is damaged.")


def _in_full(file: SourceFile) -> Member:
    header = read_dicom_header(file)
    form = sample_format(header)
    frames = frames_of(header, channels=form.channels)
    return Member(header, form, frames, text(header.dataset, "SOPInstanceUID"))


def _like(template: Member, file: SourceFile, quick: QuickHeader) -> Member | None:
    """Return a file that differs from another one in number, position and time alone, None if the first are odd."""
    place, number, instance = _position(quick), _number(quick), quick.text(SOP_INSTANCE)
    (frame,) = template.frames
    if place is None or number is None or instance is None or frame.slice.position is None:
        return None
    return Member(
        header=DicomHeader(
            file,
            template.header.dataset,
            PixelElement("integer", quick.pixel_offset, quick.pixel_length),
            template.header.transfer_syntax,
            is_own=False,
        ),
        form=template.form,
        frames=[
            replace(
                frame,
                slice=replace(
                    frame.slice,
                    file=file.name,
                    number=number,
                    position=place,
                    acquired=(quick.text(DATE) or "") + (quick.text(TIME) or ""),
                ),
            )
        ],
        instance=instance,
    )


def _position(quick: QuickHeader) -> Vector | None:
    try:
        found = [float(part) for part in (quick.text(POSITION) or "").split("\\")]
    except ValueError:
        return None
    return (found[0], found[1], found[2]) if len(found) == 3 and all(map(math.isfinite, found)) else None


def _number(quick: QuickHeader) -> int | None:
    found = quick.text(NUMBER) or ""
    return int(found) if found.removeprefix("-").isdecimal() else None
