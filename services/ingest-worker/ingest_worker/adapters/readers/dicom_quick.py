"""Finds the few elements of a DICOM header that differ within a series, twenty times faster than a whole header is read.

For plain files of one frame only; for everything else, and everything odd, the answer is None and pydicom's turn. A
sequence is stepped over, not looked into. Encoding: DICOM PS3.5 section 7.
"""

import struct
from collections.abc import Iterable
from typing import Final, NamedTuple

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
CONTENT_TIME: Final = tag(0x0008, 0x0033)
EXPOSURE: Final = tag(0x0018, 0x1152)
TRIGGER_TIME: Final = tag(0x0018, 0x1060)
TIME_IDENTIFIER: Final = tag(0x0020, 0x0100)
FRAME_OF_REFERENCE: Final = tag(0x0020, 0x0052)
TIME_INDEX: Final = tag(0x0020, 0x9128)
REFERENCE_TIME: Final = tag(0x0054, 0x1300)
OWN: Final = frozenset(
    {
        SOP_INSTANCE, NUMBER, POSITION, DATE, TIME, CONTENT_TIME, EXPOSURE,
        TRIGGER_TIME, TIME_IDENTIFIER, TIME_INDEX, REFERENCE_TIME, FRAME_OF_REFERENCE,
    }
)  # fmt: skip
"""What every slice, or every time point, may have for itself."""

SOP_CLASS: Final = tag(0x0008, 0x0016)
STUDY: Final = tag(0x0020, 0x000D)
SERIES: Final = tag(0x0020, 0x000E)
STACK: Final = tag(0x0020, 0x9056)
ROWS: Final = tag(0x0028, 0x0010)
COLUMNS: Final = tag(0x0028, 0x0011)

SHARED: Final = frozenset(
    {
        SOP_CLASS, STUDY, SERIES, STACK, ROWS, COLUMNS,
        tag(0x0008, 0x0005),  # SpecificCharacterSet
        tag(0x0008, 0x0008),  # ImageType
        tag(0x0008, 0x0060),  # Modality
        tag(0x0010, 0x0010),  # PatientName
        tag(0x0010, 0x0020),  # PatientID
        tag(0x0010, 0x0030),  # PatientBirthDate
        tag(0x0018, 0x0060),  # KVP
        tag(0x0018, 0x0081),  # EchoTime
        tag(0x0018, 0x0082),  # InversionTime
        tag(0x0018, 0x0086),  # EchoNumbers
        tag(0x0018, 0x0088),  # SpacingBetweenSlices
        tag(0x0018, 0x1164),  # ImagerPixelSpacing
        tag(0x0018, 0x1210),  # ConvolutionKernel
        tag(0x0018, 0x1314),  # FlipAngle
        tag(0x0018, 0x2010),  # NominalScannedPixelSpacing
        tag(0x0018, 0x9079),  # InversionTimes
        tag(0x0018, 0x9082),  # EffectiveEchoTime
        tag(0x0018, 0x9087),  # DiffusionBValue
        tag(0x0018, 0x9089),  # DiffusionGradientOrientation
        tag(0x0018, 0x9090),  # VelocityEncodingDirection
        tag(0x0020, 0x0012),  # AcquisitionNumber
        tag(0x0020, 0x0037),  # ImageOrientationPatient
        tag(0x0020, 0x9156),  # FrameAcquisitionNumber
        tag(0x0020, 0x9157),  # DimensionIndexValues
        tag(0x0020, 0x9222),  # DimensionIndexSequence
        tag(0x0028, 0x0002),  # SamplesPerPixel
        tag(0x0028, 0x0004),  # PhotometricInterpretation
        tag(0x0028, 0x0006),  # PlanarConfiguration
        tag(0x0028, 0x0030),  # PixelSpacing
        tag(0x0028, 0x0034),  # PixelAspectRatio
        tag(0x0028, 0x0100),  # BitsAllocated
        tag(0x0028, 0x0101),  # BitsStored
        tag(0x0028, 0x0102),  # HighBit
        tag(0x0028, 0x0103),  # PixelRepresentation
        tag(0x0028, 0x0301),  # BurnedInAnnotation
        tag(0x0028, 0x1052),  # RescaleIntercept
        tag(0x0028, 0x1053),  # RescaleSlope
        tag(0x3002, 0x0011),  # ImagePlanePixelSpacing
        *(tag(group, 0x0010) for group in range(0x6000, 0x6020, 2)),  # OverlayRows
    }
)  # fmt: skip
"""Whatever pixels, place and owner of a slice depend on, and what tells it apart or lies above it; usually the same in its series."""

BEYOND: Final = frozenset(
    {
        tag(0x0048, 0x0006),  # TotalPixelMatrixColumns
        tag(0x0048, 0x0007),  # TotalPixelMatrixRows
        tag(0x0018, 0x6011),  # SequenceOfUltrasoundRegions
        tag(0x0018, 0x9074),  # FrameAcquisitionDateTime
        tag(0x0018, 0x9076),  # DiffusionGradientDirectionSequence
        tag(0x0018, 0x9117),  # MRDiffusionSequence
        tag(0x0020, 0x930D),  # TemporalPositionTimeOffset
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

LOOKED_AT: Final = OWN | SHARED | BEYOND


class Element(NamedTuple):
    """Where the value of an element lies in a file, and in how many bytes before it its length; 0 if that is undefined."""

    key: int
    start: int
    end: int
    length_bytes: int


class QuickHeader(NamedTuple):
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


class Odd(Exception):
    """Something pydicom has to decide about."""


def elements_of(head: bytes) -> list[Element]:
    """Return all elements from the file's meta information up to its pixels, in order.

    Raises
    ------
    Odd, struct.error, RecursionError
        The file is not encoded in a plain way, `head` ends before its pixels, or sequences lie in one another without end.
    """
    if head[PREAMBLE : PREAMBLE + 4] != MARK:
        raise Odd
    found, at = [], PREAMBLE + 4
    while head[at : at + 2] == b"\x02\0":
        found.append(_explicit(head, at))
        at = found[-1].end
    next_element = NEXT_ELEMENT.get(transfer_syntax_of(head, found))
    if next_element is None:
        raise Odd
    key = None
    while key != PIXELS:
        element = next_element(head, at)
        found.append(element)
        key, _, at, _ = element
    return found


def transfer_syntax_of(head: bytes, elements: Iterable[Element]) -> bytes:
    """Return how the elements behind the file's meta information are encoded, "" if that does not say it."""
    return next(
        (head[one.start : one.end].rstrip(b" \0") for one in elements if one.key == TRANSFER_SYNTAX), b""
    )


def header_of(head: bytes, elements: list[Element]) -> QuickHeader:
    """Return what matters of all elements up to the pixels.

    Raises
    ------
    Odd
        The file is no simple slice, says something twice, or ends before its pixels.
    """
    own: dict[int, bytes] = {}
    shared: dict[int, bytes] = {}
    for key, start, end, _ in elements:
        if key not in LOOKED_AT:
            continue
        kept = shared if key in SHARED else own
        if key in BEYOND or key in kept or end > len(head):
            raise Odd
        kept[key] = head[start:end]
    pixels = elements[-1]
    return QuickHeader(
        own, shared, transfer_syntax_of(head, elements), pixels.start, pixels.end - pixels.start
    )


def _explicit(head: bytes, at: int) -> Element:
    """Return the element that begins at `at` and says what kind its value is."""
    key, kind, length = _EXPLICIT.unpack_from(head, at)
    if kind in SHORT_FORM:
        start = at + 8
        return Element(key, start, start + length, 2)
    if kind not in LONG_FORM:
        raise Odd
    return _long(head, key, at + 12, _LENGTH.unpack_from(head, at + 8)[0], explicit=True)


def _implicit(head: bytes, at: int) -> Element:
    key, length = _IMPLICIT.unpack_from(head, at)
    return _long(head, key, at + 8, length, explicit=False)


def _long(head: bytes, key: int, start: int, length: int, *, explicit: bool) -> Element:
    """Return an element whose length has four bytes, which may say that it is undefined."""
    if length != UNDEFINED:
        return Element(key, start, start + length, 4)
    if key == PIXELS:  # compressed ones
        raise Odd
    return Element(key, start, _behind_sequence(head, start, explicit=explicit), 0)


NEXT_ELEMENT: Final = {EXPLICIT_LITTLE_ENDIAN: _explicit, IMPLICIT_LITTLE_ENDIAN: _implicit}


def _behind_sequence(head: bytes, at: int, *, explicit: bool) -> int:
    """Step over the items of a sequence of undefined length (PS3.5 section 7.5)."""
    while True:
        key, length = _IMPLICIT.unpack_from(head, at)
        at += 8
        if key == SEQUENCE_END:
            return at
        if key != ITEM:
            raise Odd
        at = at + length if length != UNDEFINED else _behind_item(head, at, explicit=explicit)


def _behind_item(head: bytes, at: int, *, explicit: bool) -> int:
    element = _explicit if explicit else _implicit
    while _IMPLICIT.unpack_from(head, at)[0] != ITEM_END:
        at = element(head, at).end
    return at + 8
