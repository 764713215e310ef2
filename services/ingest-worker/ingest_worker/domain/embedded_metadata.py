"""What headers say about patient, study and display, by DICOM keyword; used for DICOM and for MetaImage keys.

A value that breaks the rules of its DICOM type (PS3.5 section 6.2) is left out with a note that names the field,
never the value: one odd age must not cost a patient's whole series.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from ingest_worker.domain.images import ImageMetadata

SEXES = ("M", "F", "O", "")
LIST = re.compile(r"\[([^\]]*)\]")
TIME = re.compile(r"\d{6}(\.\d{1,6})?")
META_IMAGE_MODALITY = "MET_MOD_"
NO_MODALITY = ("", "UNKNOWN", "OTHER")


class Unusable(Exception):
    """The value breaks the rules of its field."""


def _short_text(limit: int) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if len(text) > limit or not text.isprintable() or "\\" in text:
            raise Unusable
        return text

    return parse


def _identifier(text: str) -> str:
    if not re.fullmatch(r"[0-9.]{0,64}", text):
        raise Unusable
    return text


def _age(text: str) -> str:
    if not re.fullmatch(r"(\d{3}[DWMY])?", text):
        raise Unusable
    return text


def _sex(text: str) -> str:
    if text not in SEXES:
        raise Unusable
    return text


def _modality(text: str) -> str | None:
    """Return the code; MetaImage has it with a prefix, and words for none."""
    code = text.removeprefix(META_IMAGE_MODALITY)
    if not re.fullmatch(r"[A-Z0-9 _]{0,16}", code):
        raise Unusable
    return None if code in NO_MODALITY else code


def _day(text: str) -> date | None:
    if not text:
        return None
    text = text.replace(".", "")  # "1993.08.22" is how ACR-NEMA wrote dates (PS3.5 table 6.2-1)
    if not re.fullmatch(r"\d{8}", text):
        raise Unusable
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError as error:
        raise Unusable from error


FIELDS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "Modality": ("modality", _modality),
    "PatientID": ("patient_id", _short_text(64)),
    "PatientName": ("patient_name", _short_text(324)),
    "PatientBirthDate": ("patient_birth_date", _day),
    "PatientAge": ("patient_age", _age),
    "PatientSex": ("patient_sex", _sex),
    "StudyDate": ("study_date", _day),
    "StudyInstanceUID": ("study_instance_uid", _identifier),
    "SeriesInstanceUID": ("series_instance_uid", _identifier),
    "StudyDescription": ("study_description", _short_text(64)),
    "SeriesDescription": ("series_description", _short_text(64)),
}


@dataclass(frozen=True)
class Described:
    """What header texts say of an image.

    Parameters
    ----------
    header_fields
        What goes into the header of the canonical file: display and acquisition, never the patient.
    notes
        On what was left out.
    """

    metadata: ImageMetadata
    header_fields: dict[str, str]
    notes: tuple[str, ...]


def described(metadata: ImageMetadata, texts: Mapping[str, str]) -> Described:
    """Complete the metadata from header texts by DICOM keyword."""
    found: dict[str, Any] = {}
    notes = []
    for keyword, (name, parse) in FIELDS.items():
        try:
            found[name] = parse(texts.get(keyword, "").strip())
        except Unusable:
            notes.append(f"The field {keyword} is not written as DICOM requires and was left out.")
    center, width = window(texts)
    kept, remarks = _header_fields(texts, metadata.timepoints or 1)
    metadata = replace(metadata, **found, window_center=center, window_width=width)
    return Described(metadata, kept, (*notes, *remarks))


def window(texts: Mapping[str, str]) -> tuple[float | None, float | None]:
    """Return the first pair of window centre and width; two times None unless both are numbers, or lists of one length."""
    center, width = texts.get("WindowCenter", ""), texts.get("WindowWidth", "")
    centers, widths = numbers(center), numbers(width)
    alike = len(centers) == len(widths) and _is_list(center) == _is_list(width)
    return (centers[0], widths[0]) if alike and centers else (None, None)


def numbers(text: str) -> tuple[float, ...]:
    """Return the finite numbers of "1.5" or "[1.5, 2]"; nothing if any of them is none."""
    inside = LIST.fullmatch(text.strip())
    try:
        found = tuple(float(part) for part in (inside[1].split(",") if inside else [text]))
    except ValueError:
        return ()
    return found if all(math.isfinite(value) for value in found) else ()


def _is_list(text: str) -> bool:
    return LIST.fullmatch(text.strip()) is not None


def _is_number(text: str) -> bool:
    return len(numbers(text)) == 1 and not _is_list(text)


def _is_time(text: str) -> bool:
    return TIME.fullmatch(text) is not None


def _header_fields(texts: Mapping[str, str], timepoints: int) -> tuple[dict[str, str], list[str]]:
    """Return the fields of a canonical header, and notes on those that break the rules (panimg's, with finer times)."""

    def one_each(text: str, is_one: Callable[[str], bool]) -> bool:
        parts = text.split(" ")
        return len(parts) == timepoints and all(map(is_one, parts))

    has_window = window(texts) != (None, None)
    rules: dict[str, Callable[[str], bool]] = {
        "Laterality": lambda text: len(text) <= 128 and text.isprintable(),
        "SliceThickness": _is_number,
        "WindowCenter": lambda _: has_window,
        "WindowWidth": lambda _: has_window,
        "ContentTimes": lambda text: one_each(text, _is_time),
        "Exposures": lambda text: one_each(text, _is_number),
        "t0": _is_number,
        "t1": _is_number,
    }
    given = [keyword for keyword in rules if texts.get(keyword)]
    kept = {keyword: texts[keyword] for keyword in given if rules[keyword](texts[keyword])}
    return kept, [
        f"The field {keyword} is not usable and was left out." for keyword in given if keyword not in kept
    ]
