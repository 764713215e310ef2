"""Reads the few elements of a DICOM header that differ within a series, twenty times faster than a whole header.

For plain files of one frame only; for everything else, and everything odd, the answer is None and pydicom's turn. A
sequence is stepped over, not looked into. Encoding: DICOM PS3.5 section 7.
"""

import struct
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Final

HEAD_BYTES: Final = 16 * 1024
MOST_HEAD_BYTES: Final = 1024 * 1024
PREAMBLE: Final = 128
MARK: Final = b"DICM"
UNDEFINED: Final = 0xFFFFFFFF
IMPLICIT_LITTLE_ENDIAN: Final = b"1.2.840.10008.1.2"
EXPLICIT_LITTLE_ENDIAN: Final = b"1.2.840.10008.1.2.1"

SHORT_FORM: Final = frozenset(
    b"AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US".split()
)  # fmt: skip
LONG_FORM: Final = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())

_EXPLICIT: Final = struct.Struct("<I2sH")
_IMPLICIT: Final = struct.Struct("<II")
_LENGTH: Final = struct.Struct("<I")


def tag(group: int, element: int) -> int:
    """Return a tag as it lies in a little-endian file, read as one number."""
    return element << 16 | group


PIXELS: Final = tag(0x7FE0, 0x0010)
TRANSFER_SYNTAX: Final = tag(0x0002, 0x0010)
ITEM: Final = tag(0xFFFE, 0xE000)
ITEM_END: Final = tag(0xFFFE, 0xE00D)
SEQUENCE_END: Final = tag(0xFFFE, 0xE0DD)

SOP_INSTANCE: Final = tag(0x0008, 0x0018)
NUMBER: Final = tag(0x0020, 0x0013)
POSITION: Final = tag(0x0020, 0x0032)
DATE: Final = tag(0x0008, 0x0022)
TIME: Final = tag(0x0008, 0x0032)
OWN: Final = frozenset({SOP_INSTANCE, NUMBER, POSITION, DATE, TIME})
"""What every slice has for itself."""

SOP_CLASS: Final = tag(0x0008, 0x0016)
STUDY: Final = tag(0x0020, 0x000D)
SERIES: Final = tag(0x0020, 0x000E)
STACK: Final = tag(0x0020, 0x9056)
TIME_INDEX: Final = tag(0x0020, 0x9128)
ROWS: Final = tag(0x0028, 0x0010)
COLUMNS: Final = tag(0x0028, 0x0011)

SHARED: Final = frozenset(
    {
        SOP_CLASS, STUDY, SERIES, STACK, TIME_INDEX, ROWS, COLUMNS,
        tag(0x0008, 0x0005),  # SpecificCharacterSet
        tag(0x0008, 0x0008),  # ImageType
        tag(0x0008, 0x0060),  # Modality
        tag(0x0010, 0x0020),  # PatientID
        tag(0x0018, 0x0081),  # EchoTime
        tag(0x0018, 0x0088),  # SpacingBetweenSlices
        tag(0x0018, 0x1060),  # TriggerTime
        tag(0x0018, 0x1164),  # ImagerPixelSpacing
        tag(0x0018, 0x2010),  # NominalScannedPixelSpacing
        tag(0x0018, 0x9087),  # DiffusionBValue
        tag(0x0018, 0x9089),  # DiffusionGradientOrientation
        tag(0x0020, 0x0012),  # AcquisitionNumber
        tag(0x0020, 0x0037),  # ImageOrientationPatient
        tag(0x0020, 0x0100),  # TemporalPositionIdentifier
        tag(0x0028, 0x0002),  # SamplesPerPixel
        tag(0x0054, 0x1300),  # FrameReferenceTime
        tag(0x0028, 0x0004),  # PhotometricInterpretation
        tag(0x0028, 0x0006),  # PlanarConfiguration
        tag(0x0028, 0x0030),  # PixelSpacing
        tag(0x0028, 0x0100),  # BitsAllocated
        tag(0x0028, 0x0101),  # BitsStored
        tag(0x0028, 0x0102),  # HighBit
        tag(0x0028, 0x0103),  # PixelRepresentation
        tag(0x0028, 0x0301),  # BurnedInAnnotation
        tag(0x0028, 0x1052),  # RescaleIntercept
        tag(0x0028, 0x1053),  # RescaleSlope
    }
)  # fmt: skip
"""Whatever pixels, place and owner of a slice depend on, and is usually the same in all of its series."""

BEYOND: Final = frozenset(
    {
        tag(0x0018, 0x6011),  # SequenceOfUltrasoundRegions
        tag(0x0018, 0x9076),  # DiffusionGradientDirectionSequence
        tag(0x0018, 0x9117),  # MRDiffusionSequence
        tag(0x0028, 0x0008),  # NumberOfFrames
        tag(0x0028, 0x1101),  # RedPaletteColorLookupTableDescriptor
        tag(0x0028, 0x3000),  # ModalityLUTSequence
        tag(0x3004, 0x000E),  # DoseGridScaling
        tag(0x0054, 0x0022),  # DetectorInformationSequence
        tag(0x5200, 0x9229),  # SharedFunctionalGroupsSequence
        tag(0x5200, 0x9230),  # PerFrameFunctionalGroupsSequence
        tag(0x7FE0, 0x0008),  # FloatPixelData
        tag(0x7FE0, 0x0009),  # DoubleFloatPixelData
    }
)  # fmt: skip
"""Elements of files that are no simple slices."""

LOOKED_AT: Final = OWN | SHARED | BEYOND | {PIXELS}


@dataclass(frozen=True)
class QuickHeader:
    """Elements as stored, by tag, and where the pixels are."""

    own: dict[int, bytes]
    shared: dict[int, bytes]
    transfer_syntax: bytes
    pixel_offset: int
    pixel_length: int

    def text(self, wanted: int) -> str | None:
        """Return an element as text without padding; None if it is not there, or is not plain ASCII."""
        found = self.own.get(wanted, self.shared.get(wanted))
        return found.decode("ascii").strip(" \0") if found is not None and found.isascii() else None


def quick_header(path: Path, head: bytes = b"") -> QuickHeader | None:
    """Return the header of a plain DICOM file of one frame, None if it is not certain to be one.

    Parameters
    ----------
    head
        The file's beginning, if it was read already.
    """
    head = head or _beginning(path, HEAD_BYTES)
    if head[PREAMBLE : PREAMBLE + 4] != MARK:
        return None
    found = _walked(head)
    if found is None and len(head) >= HEAD_BYTES:
        found = _walked(_beginning(path, MOST_HEAD_BYTES))
    return found


def _beginning(path: Path, size: int) -> bytes:
    with FileIO(path) as stream:
        return stream.read(size)


def _walked(head: bytes) -> QuickHeader | None:
    try:
        syntax, at = _meta(head)
        if syntax == EXPLICIT_LITTLE_ENDIAN:
            return _elements(head, at, syntax, explicit=True)
        return _elements(head, at, syntax, explicit=False) if syntax == IMPLICIT_LITTLE_ENDIAN else None
    except (struct.error, _Odd):  # the header is longer than what was read, or not simple
        return None


class _Odd(Exception):
    """Something pydicom has to decide about."""


def _meta(head: bytes) -> tuple[bytes, int]:
    """Return the transfer syntax, and where the file meta information ends."""
    at, syntax = PREAMBLE + 4, b""
    while head[at : at + 2] == b"\x02\0":
        key, start, length = _explicit(head, at)
        if key == TRANSFER_SYNTAX:
            syntax = head[start : start + length].rstrip(b" \0")
        at = start + length
    return syntax, at


def _explicit(head: bytes, at: int) -> tuple[int, int, int]:
    """Return tag, start and length of the value at `at`."""
    key, kind, length = _EXPLICIT.unpack_from(head, at)
    if kind in SHORT_FORM:
        return key, at + 8, length
    if kind not in LONG_FORM:
        raise _Odd
    return key, at + 12, _LENGTH.unpack_from(head, at + 8)[0]


def _implicit(head: bytes, at: int) -> tuple[int, int, int]:
    key, length = _IMPLICIT.unpack_from(head, at)
    return key, at + 8, length


def _elements(head: bytes, at: int, syntax: bytes, *, explicit: bool) -> QuickHeader:
    """Return what matters of everything up to the pixels; the one loop here that is worth being fast."""
    own: dict[int, bytes] = {}
    shared: dict[int, bytes] = {}
    unpack, short, looked_at = _EXPLICIT.unpack_from, SHORT_FORM, LOOKED_AT
    while True:
        if explicit:
            key, kind, length = unpack(head, at)
            if kind in short:
                start = at + 8
            else:
                key, start, length = _explicit(head, at)
        else:
            key, start, length = _implicit(head, at)
        at = start + length if length != UNDEFINED else _behind_value(head, start, key, explicit=explicit)
        if key not in looked_at:
            continue
        if key == PIXELS:
            return QuickHeader(own, shared, syntax, start, at - start)
        kept = shared if key in SHARED else own
        if key in BEYOND or key in kept or at > len(head):
            raise _Odd
        kept[key] = head[start:at]


def _behind_value(head: bytes, at: int, key: int, *, explicit: bool) -> int:
    if key == PIXELS:  # compressed ones
        raise _Odd
    return _behind_sequence(head, at, explicit=explicit)


def _behind_sequence(head: bytes, at: int, *, explicit: bool) -> int:
    """Step over the items of a sequence of undefined length (PS3.5 section 7.5)."""
    while True:
        key, length = _IMPLICIT.unpack_from(head, at)
        at += 8
        if key == SEQUENCE_END:
            return at
        if key != ITEM:
            raise _Odd
        at = at + length if length != UNDEFINED else _behind_item(head, at, explicit=explicit)


def _behind_item(head: bytes, at: int, *, explicit: bool) -> int:
    element = _explicit if explicit else _implicit
    while _IMPLICIT.unpack_from(head, at)[0] != ITEM_END:
        _, start, length = element(head, at)
        at = start + length if length != UNDEFINED else _behind_sequence(head, start, explicit=explicit)
    return at + 8
