"""The Modality LUT: a table of real values where slope and intercept cannot say them (PS3.3 C.11.1.1)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.uid import ExplicitVRBigEndian

from ingest_worker.adapters.readers.dicom_headers import DicomHeader
from ingest_worker.adapters.readers.dicom_tables import MOST_ENTRIES, entries_of, first_mapped
from ingest_worker.adapters.readers.dicom_values import first_items, values
from ingest_worker.adapters.volumes import Pixels
from ingest_worker.domain.refusals import Refused

TABLE = "ModalityLUTSequence"


@dataclass(frozen=True)
class ModalityTable:
    """The real value of `first`, of the stored value after it, and so on; what lies outside has that of the nearest.

    Parameters
    ----------
    bits
        Of a real value, which is never negative.
    packed
        The real values, two bytes each.
    """

    first: int
    bits: int
    packed: bytes

    def real(self, stored: Pixels) -> Pixels:
        """Return the real values of stored integers."""
        table = np.frombuffer(self.packed, "<u2").astype(f"uint{8 if self.bits == 8 else 16}")
        index = np.clip(stored.astype(np.int64) - self.first, 0, len(table) - 1)
        found: Pixels = table[index]
        return found


def modality_table(header: DicomHeader, *, signed: bool) -> ModalityTable | None:
    """Return the file's table, if it has one.

    Parameters
    ----------
    signed
        Whether stored values are.

    Raises
    ------
    Refused
        The table is shorter than it says, or contradicts itself.
    """
    item = next(first_items(header.dataset, TABLE), None)
    if item is None:
        return None
    descriptor = values(item, "LUTDescriptor")
    if len(descriptor) != 3 or not all(isinstance(number, int) for number in descriptor):
        raise _unreadable(header)
    entries, bits = entries_of(descriptor[0]), descriptor[2]
    big_endian = header.transfer_syntax == ExplicitVRBigEndian
    table = _numbers(values(item, "LUTData"), entries, bits, big_endian=big_endian)
    if not 8 <= bits <= 16 or len(table) < entries or int(table.max()) >> bits:
        raise _unreadable(header)
    return ModalityTable(
        first_mapped(descriptor[1], entries, signed=signed), bits, table.astype("<u2").tobytes()
    )


def _numbers(found: list[Any], entries: int, bits: int, *, big_endian: bool) -> NDArray[Any]:
    """Return a table read as numbers, or as bytes: two for each number, or one if that has no more than 8 bits."""
    if not (found and isinstance(found[0], bytes)):
        words = (np.asarray(found, np.int64) % MOST_ENTRIES).astype("<u2")
        # Of bytes there are two in a number, the first one in its lower half.
        is_packed = bits == 8 and len(words) == (entries + 1) // 2
        return (words.view(np.uint8) if is_packed else words)[:entries]
    (data,) = found
    if bits == 8 and len(data) < 2 * entries:
        return np.frombuffer(data, np.uint8)[:entries]
    return np.frombuffer(data[: len(data) // 2 * 2], ">u2" if big_endian else "<u2")[:entries]


def _unreadable(header: DicomHeader) -> Refused:
    return Refused(f"The look-up table of {header.file.base_name} (Modality LUT) is not readable.")
