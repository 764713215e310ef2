"""Names for images, made for people: never used to open or create anything."""

import re

LONGEST_NAME = 128
UID_DIGITS = 8


def series_name(*, description: str, modality: str, series_uid: str) -> str:
    """Return the name of a volume made of many files, such as "Thorax 1.0 B30f-26031337".

    The last digits of the series' identifier tell series of one description apart.
    """
    base = _tidy(description) or _tidy(modality) or "DICOM"
    tail = re.sub(r"\D", "", series_uid)[-UID_DIGITS:]
    return f"{base[:LONGEST_NAME]}-{tail}" if tail else base[:LONGEST_NAME]


def segment_name(file: str, number: str, label: str) -> str:
    """Return the name of the mask of one segment of a segmentation, such as "seg.dcm, Liver"."""
    return f"{file}, {_tidy(label)[:LONGEST_NAME] or f'segment {_tidy(number)}'}"


def numbered(name: str, before: int) -> str:
    """Return the name of an image when so many from the same files have that name already."""
    return name if before == 0 else f"{name} ({before + 1})"


def _tidy(text: str) -> str:
    return " ".join(re.sub(r"[/\\\x00-\x1f\x7f]", " ", text).split())
