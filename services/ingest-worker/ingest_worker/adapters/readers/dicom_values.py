"""Typed access to DICOM attributes that may be missing, empty or wrong."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

from pydicom import Dataset
from pydicom.errors import BytesLengthException
from pydicom.multival import MultiValue

from ingest_worker.domain.geometry import Vector, dot, length, unit_vector
from ingest_worker.domain.refusals import Refused

UNIT_TOLERANCE = 0.01

CHINESE_FOLLOWS = "\x1b$)A"
"""The escape sequence of ISO 2022 IR 58 (PS3.5 annex K), the only one that pydicom leaves in texts."""

# pydicom converts bytes to values on first access, and says in these ways that it cannot.
CONVERSION_ERRORS = (BytesLengthException, NotImplementedError, OverflowError, TypeError, ValueError)


def values(dataset: Dataset, keyword: str) -> list[Any]:
    """Return all values of an element, none if it is missing, empty or unreadable."""
    try:
        value = dataset.get(keyword)
    except CONVERSION_ERRORS:
        return []
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, MultiValue | list | tuple) else [value]


def text(dataset: Dataset, keyword: str) -> str:
    """Return the first value as text without padding, "" if there is none."""
    found = values(dataset, keyword)
    return str(found[0]).replace(CHINESE_FOLLOWS, "").strip(" \0") if found else ""


def number(dataset: Dataset, keyword: str) -> float | None:
    """Return the first value as a finite number, None if there is none."""
    found = numbers(dataset, keyword)
    return found[0] if found else None


def whole_number(dataset: Dataset, keyword: str) -> int | None:
    """Return the first value as an integer, None if there is none."""
    found = number(dataset, keyword)
    return None if found is None else int(found)


def numbers(dataset: Dataset, keyword: str) -> list[float]:
    """Return all values as finite numbers, none if any of them is not."""
    try:
        found = [float(value) for value in values(dataset, keyword)]
    except (ValueError, TypeError, OverflowError):
        return []
    return found if all(math.isfinite(value) for value in found) else []


def as_list_text(found: Sequence[float]) -> str:
    """Return numbers as MetaImage headers carry them: "1.5" or "[1.5, 2.0]"."""
    return str(found[0]) if len(found) == 1 else "[" + ", ".join(map(str, found)) + "]" if found else ""


def position(dataset: Dataset, name: str, keyword: str = "ImagePositionPatient") -> Vector | None:
    """Return the position of a slice, None if the file has none."""
    found = numbers(dataset, keyword)
    if not found and keyword not in dataset:
        return None
    if len(found) != 3:
        if not values(dataset, keyword):
            return None
        raise Refused(f"The position of the slice in {name} is not readable.")
    return (found[0], found[1], found[2])


def orientation(
    dataset: Dataset, name: str, keyword: str = "ImageOrientationPatient"
) -> tuple[Vector, Vector] | None:
    """Return the orientation of a slice as unit vectors along row and column, None if the file has none."""
    found = numbers(dataset, keyword)
    if not found:
        return None
    if len(found) != 6:
        raise Refused(f"The orientation of the slice in {name} is not readable.")
    row: Vector = (found[0], found[1], found[2])
    column: Vector = (found[3], found[4], found[5])
    if max(abs(length(row) - 1), abs(length(column) - 1), abs(dot(row, column))) > UNIT_TOLERANCE:
        raise Refused(f"The orientation of the slice in {name} is not made of perpendicular unit vectors.")
    return unit_vector(row), unit_vector(column)


def spacing(dataset: Dataset, keyword: str) -> tuple[float, float] | None:
    """Return a pixel spacing as (between columns, between rows), that is x before y.

    DICOM has it the other way round: the first value is the distance between rows (PS3.3 section 10.7.1.3).
    """
    found = numbers(dataset, keyword)
    if len(found) != 2 or min(found) <= 0:
        return None
    return found[1], found[0]


def first_items(dataset: Dataset | None, *keywords: str) -> Iterator[Dataset]:
    """Yield the first item of each of these sequences that is there."""
    if dataset is None:
        return
    for keyword in keywords:
        items = dataset.get(keyword)
        if items:
            yield items[0]
