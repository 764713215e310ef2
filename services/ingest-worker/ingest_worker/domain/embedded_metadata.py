"""What headers say about patient, study and display, by DICOM keyword; used for DICOM and for MetaImage keys.

A value that breaks the rules of its DICOM type (PS3.5 section 6.2) is left out with a note that names the field,
never the value: one odd age must not cost a patient's whole series.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from ingest_worker.domain.images import ImageMetadata

SEXES = ("M", "F", "O", "")
LIST = re.compile(r"\[([^\]]*)\]")
TIME = re.compile(r"\d{6}(\.\d{1,6})?")


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


def _day(text: str) -> date | None:
    if not text:
        return None
    text = text.replace(
        ".", ""
    )  # "1993.08.22" is how ACR-NEMA wrote dates, and still allowed (PS3.5 table 6.2-1)
    if not re.fullmatch(r"\d{8}", text):
        raise Unusable
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError as error:
        raise Unusable from error


FIELDS: dict[str, tuple[str, Callable[[str], Any]]] = {
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


def described(metadata: ImageMetadata, texts: Mapping[str, str]) -> tuple[ImageMetadata, tuple[str, ...]]:
    """Return the metadata completed from header texts by DICOM keyword, and notes on what was left out."""
    found: dict[str, Any] = {}
    notes = []
    for keyword, (name, parse) in FIELDS.items():
        try:
            found[name] = parse(texts.get(keyword, "").strip())
        except Unusable:
            notes.append(f"The field {keyword} is not written as DICOM requires and was left out.")
    center, width = window(texts)
    return replace(metadata, **found, window_center=center, window_width=width), tuple(notes)


def window(texts: Mapping[str, str]) -> tuple[float | None, float | None]:
    """Return the first pair of window centre and width, or two times None."""
    center, width = numbers(texts.get("WindowCenter", "")), numbers(texts.get("WindowWidth", ""))
    return (center[0], width[0]) if center and width else (None, None)


def numbers(text: str) -> tuple[float, ...]:
    """Return the finite numbers of "1.5" or "[1.5, 2]"; nothing if any of them is none."""
    inside = LIST.fullmatch(text.strip())
    try:
        found = tuple(float(part) for part in (inside[1] if inside else text).split(","))
    except ValueError:
        return ()
    return found if all(math.isfinite(value) for value in found) else ()


def header_fields(texts: Mapping[str, str]) -> dict[str, str]:
    """Return what goes into the header of the canonical file: display and acquisition, never the patient."""
    rules: dict[str, Callable[[str], bool]] = {
        "Laterality": lambda text: 0 < len(text) <= 128 and text.isprintable(),
        "SliceThickness": lambda text: len(numbers(text)) == 1,
        "WindowCenter": lambda _: window(texts) != (None, None),
        "WindowWidth": lambda _: window(texts) != (None, None),
        "ContentTimes": lambda text: all(TIME.fullmatch(part) for part in text.split(" ")),
        "Exposures": lambda text: all(numbers(part) for part in text.split(" ")),
        "t0": lambda text: len(numbers(text)) == 1,
        "t1": lambda text: len(numbers(text)) == 1,
    }
    return {
        keyword: texts[keyword]
        for keyword, rule in rules.items()
        if keyword in texts and rule(texts[keyword])
    }
