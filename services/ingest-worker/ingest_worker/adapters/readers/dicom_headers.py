"""Reads DICOM headers with pydicom, up to where the pixels begin. Used to gather series and to convert them."""

import struct
import zlib
from typing import BinaryIO, Final, NamedTuple

from pydicom import Dataset, dcmread
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

from ingest_worker.adapters.readers.dicom_alike import HeadersAlike
from ingest_worker.adapters.readers.dicom_quick import (
    COLUMNS,
    CONTENT_TIME,
    EXPOSURE,
    ROWS,
    SERIES,
    SOP_CLASS,
    STACK,
    STUDY,
    TIME_INDEX,
    QuickHeader,
)
from ingest_worker.adapters.readers.dicom_values import text
from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.refusals import Refused, Truncated

WHOLE_SLIDE: Final = "1.2.840.10008.5.1.4.1.1.77.1.6"
PIXEL_TAGS: Final = {(0x7FE0, 0x0008): "float32", (0x7FE0, 0x0009): "float64", (0x7FE0, 0x0010): "integer"}
UNDEFINED_LENGTH: Final = 0xFFFFFFFF
LONG_FORM: Final = (b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"UN")
OWN_TEXTS: Final = {"ContentTime": CONTENT_TIME, "Exposure": EXPOSURE}
SERIES_TAGS: Final[list[str]] = [
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "SOPClassUID",
    "Rows",
    "Columns",
    "StackID",
    "TemporalPositionIndex",
]

# What pydicom raises on damaged headers, seen with its own test files and with mutated ones.
PARSING_ERRORS: Final = (
    BytesLengthException,
    InvalidDicomError,
    AttributeError,
    EOFError,
    IndexError,
    KeyError,
    NotImplementedError,
    OSError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


class PixelElement(NamedTuple):
    """Where a file's pixels are.

    Parameters
    ----------
    kind
        "integer", "float32" or "float64".
    offset
        First byte of the value; None in a deflated file, which has no place to point at.
    length
        Bytes of the value; None if it is a sequence of compressed fragments.
    """

    kind: str
    offset: int | None
    length: int | None


class DicomHeader(NamedTuple):
    """A DICOM file without its pixels.

    Parameters
    ----------
    dataset
        Its elements, or those of a file that is equal in all that pixels depend on.
    quick
        What it says differently from that file; None if the elements are its own.
    """

    file: SourceFile
    dataset: Dataset
    pixels: PixelElement
    transfer_syntax: UID
    quick: QuickHeader | None = None

    def own_dataset(self) -> Dataset:
        """Return the file's own elements; reads them if need be."""
        return self.dataset if self.quick is None else read_dicom_header(self.file).dataset

    def own_text(self, keyword: str) -> str:
        """Return an element that each slice has for itself as `text` does; reads the file's own elements if need be."""
        if self.quick is None:
            return text(self.dataset, keyword)
        found = self.quick.text(OWN_TEXTS[keyword]) if OWN_TEXTS[keyword] in self.quick.own else ""
        return text(self.own_dataset(), keyword) if found is None or "\\" in found else found


class SeriesMember(NamedTuple):
    """What a file says about what it belongs to.

    Parameters
    ----------
    series
        What all files of one series have in common; empty if the file belongs to none.
    """

    series: tuple[str, ...]
    is_slide: bool


def series_member(file: SourceFile, head: bytes, alike: HeadersAlike) -> SeriesMember:
    """Return which series a file belongs to.

    Some scanners begin a new series for every time point of a stack; the stack's name holds these together, if they name
    their study: outside of it, many a stack is called "1".

    Parameters
    ----------
    head
        The file's beginning, as much as was read of it.
    alike
        Has read the headers of the files before.

    Raises
    ------
    Refused
        The file holds no image, or one of a kind that is not converted.
    """
    quick = alike.read(file.path, head)
    member = _quick_member(quick) if quick is not None else None
    if member is not None:
        return member
    dataset = read_dicom_header(file, SERIES_TAGS).dataset
    sop_class = text(dataset, "SOPClassUID")
    study = text(dataset, "StudyInstanceUID")
    over_time = study != "" and "TemporalPositionIndex" in dataset
    series = (over_time and text(dataset, "StackID")) or text(dataset, "SeriesInstanceUID")
    key = (study, series, sop_class)
    return SeriesMember(key if series else (), sop_class == WHOLE_SLIDE)


def _quick_member(quick: QuickHeader) -> SeriesMember | None:
    """Return the same from the few elements of a quick look, None if one of them is odd."""
    over_time = TIME_INDEX in quick.own and STACK in quick.shared
    found = [quick.text(wanted) for wanted in (STUDY, STACK if over_time else SERIES, SOP_CLASS)]
    simple = all(value and "\\" not in value for value in found)
    if not simple or not all(any(quick.shared.get(side, b"")) for side in (ROWS, COLUMNS)):
        return None
    return SeriesMember(tuple(map(str, found)), found[-1] == WHOLE_SLIDE)


def read_dicom_header(file: SourceFile, only: list[str] | None = None) -> DicomHeader:
    """Read everything before the pixels, or just some elements of it.

    Raises
    ------
    Refused
        The header is damaged, or the file holds no image, or one of a kind that is not converted.
    """
    try:
        with file.path.open("rb") as stream:
            dataset = dcmread(stream, stop_before_pixels=True, force=True, specific_tags=only)
            transfer_syntax = _transfer_syntax(dataset, file)
            _check_kind(dataset, file)
            pixels = _pixel_element(stream, dataset, transfer_syntax, file)
    except (*PARSING_ERRORS, MemoryError) as error:  # a length that lies makes pydicom ask for gigabytes
        raise Refused(f"The DICOM header of {file.base_name} is damaged.") from error
    return DicomHeader(file, dataset, pixels, transfer_syntax)


def _transfer_syntax(dataset: Dataset, file: SourceFile) -> UID:
    """Return how the file is encoded; old files without the element are what pydicom found them to be."""
    declared = dataset.file_meta.get("TransferSyntaxUID")
    if declared:
        return UID(declared)
    implicit, little_endian = dataset.original_encoding
    if implicit is None or not little_endian:
        raise Refused(f"The DICOM file {file.base_name} does not say how it is encoded.")
    return UID("1.2.840.10008.1.2" if implicit else "1.2.840.10008.1.2.1")


def _check_kind(dataset: Dataset, file: SourceFile) -> None:
    sop_class = UID(dataset.get("SOPClassUID") or dataset.file_meta.get("MediaStorageSOPClassUID") or "")
    if not dataset.get("Rows") or not dataset.get("Columns"):
        kind = f" ({sop_class.name})" if sop_class else ""
        raise Refused(f"The DICOM file {file.base_name} holds no image{kind}.")


def _pixel_element(
    stream: BinaryIO, dataset: Dataset, transfer_syntax: UID, file: SourceFile
) -> PixelElement:
    """Return the pixel element, at whose tag the stream stands (PS3.5 section 7.1).

    A deflated file was inflated by pydicom as a whole: its stream stands somewhere else.
    """
    if transfer_syntax == DeflatedExplicitVRLittleEndian:
        return PixelElement(_deflated_kind(file), None, None)
    order = ">" if transfer_syntax == "1.2.840.10008.1.2.2" else "<"
    start = stream.read(12)
    if len(start) < 8:
        raise Refused(f"The DICOM file {file.base_name} ends before its pixels.")
    kind = PIXEL_TAGS.get(struct.unpack_from(order + "HH", start))
    if kind is None:
        raise _without_pixels(file)
    offset = stream.tell() - len(start)
    if start[4:6] in LONG_FORM and len(start) == 12:
        (length,) = struct.unpack_from(order + "I", start, 8)
        return PixelElement(kind, offset + 12, None if length == UNDEFINED_LENGTH else length)
    (length,) = struct.unpack_from(order + "I", start, 4)
    return PixelElement(kind, offset + 8, None if length == UNDEFINED_LENGTH else length)


def _deflated_kind(file: SourceFile) -> str:
    """Return the kind of pixels in a deflated file, which has to be inflated once more to see it."""
    whole = dcmread(file.path, force=True, specific_tags=list(PIXEL_TAGS))
    kind = next((kind for tag, kind in PIXEL_TAGS.items() if tag in whole), None)
    if kind is None:
        raise _without_pixels(file)
    return kind


def _without_pixels(file: SourceFile) -> Refused:
    return Refused(f"The DICOM file {file.base_name} has no pixels.")


def check_length(header: DicomHeader, expected_bytes: int) -> None:
    """Refuse a file whose uncompressed pixels are fewer than its header promises."""
    if header.pixels.offset is None or header.pixels.length is None:
        return
    there = min(header.pixels.length, header.file.path.stat().st_size - header.pixels.offset)
    if there < expected_bytes:
        raise Truncated(header.file.base_name, expected_bytes=expected_bytes, found_bytes=there)
