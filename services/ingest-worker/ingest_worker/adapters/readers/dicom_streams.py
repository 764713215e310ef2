"""What compressed frames say of themselves. Decoders cut or shift what differs from the file's header, and do not say so."""

import struct
from dataclasses import dataclass
from typing import BinaryIO, Final

from pydicom.encaps import generate_fragments, parse_basic_offsets

END_OF_IMAGE = b"\xff\xd9"
JPEG_START, JPEG_2000_START = b"\xff\xd8", b"\xff\x4f\xff\x51"
MOST_BEFORE: Final = 4096
MARK, START_OF_SCAN, ABOUT_SCANS_OF_JPEG_LS = 0xFF, 0xDA, 0xF7
ABOUT_FRAME: Final = frozenset((*range(0xC0, 0xD0), ABOUT_SCANS_OF_JPEG_LS)) - {0xC4, 0xC8, 0xCC}
"""Markers of a frame header, of any process of JPEG and of JPEG-LS (ISO 10918-1 table B.1, ISO 14495-1 C.1.1)."""

_JPEG = struct.Struct(">BHHB")
_JPEG_2000 = struct.Struct(">4xHHIIII16xHB")


@dataclass(frozen=True)
class FrameHeader:
    """The beginning of a compressed frame.

    Parameters
    ----------
    bits
        Of a sample.
    """

    rows: int
    columns: int
    samples: int
    bits: int


def frame_header(frame: bytes) -> FrameHeader | None:
    """Return what a frame of JPEG, JPEG-LS or JPEG 2000 says of itself, None if it is none of these."""
    try:
        return _jpeg(frame) if frame.startswith(JPEG_START) else _jpeg_2000(frame)
    except (struct.error, IndexError):
        return None


def is_whole(frame: bytes) -> bool:
    """Tell whether a frame ends with its mark; some writers give all frames the same length, with zeros behind."""
    return END_OF_IMAGE in frame[-16:] or END_OF_IMAGE in frame.rstrip(b"\0")[-16:]


def pictures_in(stream: BinaryIO, *, one_each: bool) -> int:
    """Return how many pictures there are in pixels that announce one: pydicom takes all fragments for that one.

    Parameters
    ----------
    stream
        Stands where the fragments begin.
    one_each
        Whether a picture is always a single fragment, as in RLE (PS3.5 A.4.2).
    """
    parse_basic_offsets(stream)
    fragments = list(filter(None, generate_fragments(stream)))
    if one_each or len(fragments) == 1:
        return len(fragments)
    return sum(frame_header(fragment) is not None for fragment in fragments)


def _jpeg(frame: bytes) -> FrameHeader | None:
    at = 2
    while frame[at] == MARK and frame[at + 1] != START_OF_SCAN:
        if frame[at + 1] == MARK:  # fill bytes
            at += 1
            continue
        if frame[at + 1] in ABOUT_FRAME:
            bits, rows, columns, samples = _JPEG.unpack_from(frame, at + 4)
            return FrameHeader(rows, columns, samples, bits)
        at += 2 + int.from_bytes(frame[at + 2 : at + 4])
    return None


def _jpeg_2000(frame: bytes) -> FrameHeader | None:
    start = frame.find(JPEG_2000_START, 0, MOST_BEFORE)  # some put the boxes of a file (JP2) before it
    if start < 0:
        return None
    _, _, right, bottom, left, top, samples, depth = _JPEG_2000.unpack_from(frame, start)
    return FrameHeader(bottom - top, right - left, samples, (depth & 0x7F) + 1)
