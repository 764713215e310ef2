"""Code streams of JPEG 2000 out of the boxes of JP2 (ISO 15444-1, annex I), which some programs put around every tile."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from tiler.domain.problems import UnreadableImage

_SIGNATURE = b"\0\0\0\x0cjP  \r\n\x87\n"
_HEAD = struct.Struct(">I4s")
_ENUMERATED = b"\x01"
_SYCC = 18
_MOST_BOXES = 64


class CodeStream(NamedTuple):
    """What is in the boxes.

    Parameters
    ----------
    is_ycbcr
        Whether they say that its components are YCbCr; None without boxes, or if they do not tell by number.
    """

    body: bytes
    is_ycbcr: bool | None = None


def code_stream(stored: bytes) -> CodeStream:
    """Return the code stream of a tile, with or without boxes; raises `UnreadableImage` where the boxes hold none."""
    if not stored.startswith(_SIGNATURE):
        return CodeStream(stored)
    is_ycbcr: bool | None = None
    for kind, start, end in _boxes(stored, 0, len(stored)):
        if kind == b"jp2c":
            return CodeStream(stored[start:end], is_ycbcr)
        if kind == b"jp2h":
            is_ycbcr = _is_ycbcr(stored, start, end)
    raise UnreadableImage("A tile in JPEG 2000 has boxes without pixels.")


def _is_ycbcr(stored: bytes, start: int, end: int) -> bool | None:
    for kind, begin, stop in _boxes(stored, start, end):
        if kind == b"colr" and stored[begin : begin + 1] == _ENUMERATED:
            return int.from_bytes(stored[begin + 3 : min(begin + 7, stop)]) == _SYCC
    return None


def _boxes(stored: bytes, at: int, stop: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, begin and end of what is in each box, up to the first that does not fit."""
    for _ in range(_MOST_BOXES):
        if at + _HEAD.size > stop:
            return
        length, kind = _HEAD.unpack_from(stored, at)
        head = _HEAD.size
        if length == 1:  # told in 64 bits behind
            head, length = 16, int.from_bytes(stored[at + 8 : at + 16])
        end = stop if length == 0 else at + length
        if not at + head <= end <= stop:
            return
        yield kind, at + head, end
        at = end
