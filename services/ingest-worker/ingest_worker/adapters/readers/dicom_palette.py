"""The palette of a DICOM file: the colours that its pixels are numbers of (PS3.3 C.7.6.3.1.5, C.7.6.3.1.6 and C.7.9)."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom.pixels.processing import apply_color_lut
from pydicom.uid import ExplicitVRBigEndian

from ingest_worker.adapters.readers.dicom_headers import PARSING_ERRORS, DicomHeader
from ingest_worker.adapters.readers.dicom_tables import entries_of, first_mapped
from ingest_worker.adapters.readers.dicom_values import values
from ingest_worker.adapters.volumes import Pixels
from ingest_worker.domain.refusals import Refused

COLORS: Final = ("Red", "Green", "Blue")
MOST_SEGMENTED_BYTES: Final = 256


@dataclass(frozen=True)
class Palette:
    """The colour of stored value `first`, of the one after it, and so on; what lies outside has that of the nearest.

    Parameters
    ----------
    sample_type
        Of a colour: "uint8" or "uint16".
    packed
        A table each for red, green and blue, little-endian.
    """

    first: int
    sample_type: str
    packed: bytes

    def colored(self, stored: Pixels) -> Pixels:
        """Return the colours of stored integers, with a last axis for red, green and blue."""
        little = np.dtype(self.sample_type).newbyteorder("<")
        tables = np.frombuffer(self.packed, little).reshape(len(COLORS), -1)
        index = np.clip(stored.astype(np.int64) - self.first, 0, tables.shape[1] - 1)
        found: Pixels = tables.T[index]
        return found


def palette_of(header: DicomHeader, *, signed: bool) -> Palette:
    """Return the file's palette.

    Parameters
    ----------
    signed
        Whether stored values are.

    Raises
    ------
    Refused
        There is none, or it is shorter than it says.
    """
    descriptor = values(header.dataset, "RedPaletteColorLookupTableDescriptor")
    if len(descriptor) != 3 or descriptor[2] not in (8, 16):
        raise _unreadable(header)
    try:
        entries, bits = entries_of(int(descriptor[0])), int(descriptor[2])
        tables = _tables(header, entries) if _is_plain(header) else _segmented(header, entries, bits)
    except PARSING_ERRORS as error:
        raise _unreadable(header) from error
    if tables.shape != (len(COLORS), entries):
        raise _unreadable(header)
    tables = _meant(tables, bits)
    return Palette(
        first_mapped(int(descriptor[1]), entries, signed=signed),
        str(tables.dtype),
        tables.astype(tables.dtype.newbyteorder("<")).tobytes(),
    )


def _is_plain(header: DicomHeader) -> bool:
    return all(f"{color}PaletteColorLookupTableData" in header.dataset for color in COLORS)


def _tables(header: DicomHeader, entries: int) -> NDArray[Any]:
    big_endian = header.transfer_syntax == ExplicitVRBigEndian
    found = [values(header.dataset, f"{color}PaletteColorLookupTableData") for color in COLORS]
    return np.stack([_numbers(table, entries, big_endian=big_endian) for table in found])


def _numbers(found: list[Any], entries: int, *, big_endian: bool) -> NDArray[Any]:
    """Return a table read as numbers, or as bytes: two for each number, or one, the lower one of a word first."""
    if not (found and isinstance(found[0], bytes)):
        return np.asarray(found, np.int64)[:entries].astype(np.uint16)
    (data,) = found
    words = np.frombuffer(data + b"\0" * (len(data) % 2), ">u2" if big_endian else "<u2").astype("<u2")
    return words[:entries] if len(data) >= 2 * entries else words.view(np.uint8)[:entries]


def _segmented(header: DicomHeader, entries: int, bits: int) -> NDArray[Any]:
    """Return tables that are described by their segments, as pydicom expands them; it counts bytes in bytes."""
    if bits == 8 and entries > MOST_SEGMENTED_BYTES:
        raise _unreadable(header)
    first = header.dataset.RedPaletteColorLookupTableDescriptor[1]
    colors = apply_color_lut(np.arange(entries, dtype=np.int32) + np.int32(first), header.dataset)
    return np.ascontiguousarray(colors[:, : len(COLORS)].T)


def _meant(tables: NDArray[Any], bits: int) -> NDArray[Any]:
    """Return tables of bytes where words say no more: some pad the lower bits of each, some the higher ones."""
    if tables.itemsize == 1:
        return tables
    if bits == 8:
        return (tables if int(tables.max()) <= 0xFF else tables >> 8).astype(np.uint8)
    low, high = tables & 0xFF, tables >> 8
    return high.astype(np.uint8) if (low == 0).all() or (low == high).all() else tables.astype(np.uint16)


def _unreadable(header: DicomHeader) -> Refused:
    return Refused(f"The palette of {header.file.base_name} is not readable.")
