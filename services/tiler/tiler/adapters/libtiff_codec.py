"""Byte-oriented TIFF compressions (LZW, PackBits, Zstandard, LZMA) undone by the libtiff inside Pillow.

The compressed bytes are wrapped as the only strip of a small gray TIFF whose pixels are the bytes wanted, so that
one bounded, well-tested decoder serves all of them and no codec library more is needed.
"""

import struct
from io import BytesIO

from PIL import Image

from tiler.domain.problems import UnreadableImage

_SHORT, _LONG = 3, 4
_ENTRIES = 9
_DATA_AT = 8 + 2 + 12 * _ENTRIES + 4


def decompress(compression: int, body: bytes, row_bytes: int, rows: int) -> bytes:
    """Return exactly `row_bytes * rows` bytes.

    Raises
    ------
    UnreadableImage
        The bytes are damaged, or hold less.
    """
    wrapped = BytesIO(_one_strip(compression, body, row_bytes, rows))
    try:
        with Image.open(wrapped, formats=("TIFF",)) as image:
            return image.tobytes()
    except (OSError, ValueError, SyntaxError) as problem:
        raise UnreadableImage("The compressed pixels are damaged.") from problem


def _one_strip(compression: int, body: bytes, width: int, height: int) -> bytes:
    entries = (
        (256, _LONG, width),
        (257, _LONG, height),
        (258, _SHORT, 8),
        (259, _SHORT, compression),
        (262, _SHORT, 1),
        (273, _LONG, _DATA_AT),
        (277, _SHORT, 1),
        (278, _LONG, height),
        (279, _LONG, len(body)),
    )
    directory = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    return struct.pack("<2sHIH", b"II", 42, 8, _ENTRIES) + directory + bytes(4) + body
