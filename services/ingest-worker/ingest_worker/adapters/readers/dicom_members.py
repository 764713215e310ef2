"""The files of one series as frames. Headers that say the same of pixels and place are read in full only once."""

import math
from collections.abc import Iterator
from typing import NamedTuple

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
    FRAME_OF_REFERENCE,
    NUMBER,
    POSITION,
    REFERENCE_TIME,
    SOP_INSTANCE,
    TIME,
    TIME_IDENTIFIER,
    TIME_INDEX,
    TRIGGER_TIME,
    QuickHeader,
)
from ingest_worker.adapters.readers.dicom_samples import SampleFormat, sample_format
from ingest_worker.adapters.readers.dicom_values import text
from ingest_worker.adapters.volumes import RefusedReading
from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.geometry import Vector
from ingest_worker.domain.refusals import Refused

UNSIGNED_LONG_BYTES = 4


class Member(NamedTuple):
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
    templates = _Templates()
    for file in given.files:
        quick = given.headers.read(file.path)
        template = templates.of(quick) if quick else None
        try:
            member = _like(template, file, quick) if quick and template else None
            if member is None:
                member = _in_full(file)
                if quick and len(member.frames) == 1:
                    templates.note(quick, member)
            yield member
        except Refused as refusal:
            yield RefusedReading((file.name,), refusal.reason)
        except PARSING_ERRORS:
            yield RefusedReading((file.name,), f"The DICOM header of {file.base_name} is damaged.")


class _Templates:
    """Files that were read in full, by what those like them have in common."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], Member] = {}
        self._last: tuple[QuickHeader, Member] | None = None

    def of(self, quick: QuickHeader) -> Member | None:
        """Return the file that differs from this one in nothing but a slice's own elements, if there is one."""
        # That of most is the very same, as one outline read them.
        if self._last and quick.shared is self._last[0].shared:
            return self._last[1]
        template = self._known.get(_kind(quick))
        if template:
            self._last = quick, template
        return template

    def note(self, quick: QuickHeader, member: Member) -> None:
        """Take down a file for others like it."""
        self._known[_kind(quick)] = member
        self._last = quick, member


def _kind(quick: QuickHeader) -> tuple[object, ...]:
    return (quick.transfer_syntax, *quick.shared.items())


def _in_full(file: SourceFile) -> Member:
    header = read_dicom_header(file)
    form = sample_format(header)
    frames = frames_of(header, channels=form.channels)
    return Member(header, form, frames, text(header.dataset, "SOPInstanceUID"))


def _like(template: Member, file: SourceFile, quick: QuickHeader) -> Member | None:
    """Return a file that differs from another one in number, place and time alone, None if one of these is odd."""
    (frame,) = template.frames
    instance = quick.text(SOP_INSTANCE)
    if instance is None or frame.slice.position is None:
        return None
    try:
        own = frame.slice._replace(
            file=file.name,
            number=_whole(quick, NUMBER),
            position=_position(quick),
            frame_of_reference=quick.own.get(FRAME_OF_REFERENCE, b"").decode("ascii").strip(" \0"),
            times=_times(quick),
            trigger_ms=_number(quick, TRIGGER_TIME),
            reference_ms=_number(quick, REFERENCE_TIME),
            acquired=(quick.text(DATE) or "") + (quick.text(TIME) or ""),
        )
    except ValueError:
        return None
    pixels = PixelElement("integer", quick.pixel_offset, quick.pixel_length)
    header = DicomHeader(file, template.header.dataset, pixels, template.header.transfer_syntax, quick)
    return Member(header, template.form, [Frame(own, frame.rescale)], instance)


def _position(quick: QuickHeader) -> Vector:
    x, y, z = (float(part) for part in (quick.text(POSITION) or "").split("\\"))
    if not (math.isfinite(x) and math.isfinite(y) and math.isfinite(z)):
        raise ValueError
    return (x, y, z)


def _times(quick: QuickHeader) -> dict[str, float | None]:
    index = quick.own.get(TIME_INDEX)
    if index is not None and len(index) != UNSIGNED_LONG_BYTES:
        raise ValueError
    identifier = _whole(quick, TIME_IDENTIFIER) if quick.own.get(TIME_IDENTIFIER) else None
    return {
        "index": None if index is None else float(int.from_bytes(index, "little")),
        "identifier": None if identifier is None else float(identifier),
    }


def _whole(quick: QuickHeader, wanted: int) -> int:
    found = quick.text(wanted) or ""
    if not found.removeprefix("-").isdecimal():
        raise ValueError
    return int(found)


def _number(quick: QuickHeader, wanted: int) -> float | None:
    if wanted not in quick.own:
        return None
    found = float(quick.text(wanted) or "none")
    if not math.isfinite(found):
        raise ValueError
    return found
