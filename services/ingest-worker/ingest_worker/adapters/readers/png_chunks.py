"""Verifies the chunks of a PNG: their checksums, and that the pixels in them are as many as the header says.

PNG, third edition: chunks in section 5.3, interlacing in section 8.1, rows with a filter byte each in section 7.2.
"""

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ingest_worker.domain.budget import LARGEST_DEFLATE_RATIO
from ingest_worker.domain.files import SourceFile
from ingest_worker.domain.refusals import Damaged

MARK: Final = b"\x89PNG\r\n\x1a\n"
SAMPLES: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
COLORED_OR_ALPHA: Final = (2, 4, 6)
WITH_ALPHA: Final = (4, 6)
CHECKSUM_BYTES: Final = 4
TOO_FEW_PIXELS: Final = "it has fewer pixels than it announces"
INFLATED_AT_ONCE: Final = 1 << 20
ADAM7: Final = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
"""First column and row of each pass, and its steps to the next column and row."""


@dataclass(frozen=True)
class Png:
    """What the header of a PNG says, and the kinds of all its chunks."""

    width: int
    height: int
    depth: int
    color: int
    interlaced: bool
    chunks: frozenset[bytes]

    @property
    def has_16_bit_color(self) -> bool:
        """Return whether Pillow would cut its samples to 8 bits."""
        return self.depth == 16 and self.color in COLORED_OR_ALPHA

    @property
    def is_animated(self) -> bool:
        return b"acTL" in self.chunks

    @property
    def has_alpha(self) -> bool:
        return self.color in WITH_ALPHA

    @property
    def has_unseen_color(self) -> bool:
        """Return whether it names a colour, or some of its palette, that is not to be seen."""
        return b"tRNS" in self.chunks

    @property
    def row_bytes(self) -> int:
        """Return what all rows take before they are compressed, with their filter bytes."""
        bits = self.depth * SAMPLES[self.color]
        passes = ADAM7 if self.interlaced else ((0, 0, 1, 1),)
        sizes = (
            (-(-(self.width - left) // across), -(-(self.height - top) // down))
            for left, top, across, down in passes
        )
        return sum(
            rows * (1 + -(-columns * bits // 8)) for columns, rows in sizes if columns > 0 and rows > 0
        )


def is_png(file: SourceFile) -> bool:
    with file.path.open("rb") as stream:
        return stream.read(len(MARK)) == MARK


def checked_png(file: SourceFile, *, most_bytes: int) -> Png:
    """Verify every checksum and return what the header says.

    Raises
    ------
    Refused
        A checksum is wrong, the end is missing, or the header is none; a chunk says it has more than `most_bytes`, or
        than there are; the file is too short for its pixels however well they are compressed.
    """
    header, kinds = b"", set()
    for kind, data in _chunks(file, most_bytes=most_bytes):
        header = header or data
        kinds.add(kind)
    if len(header) != 13:
        raise Damaged(file.base_name, "it does not begin with a header")
    width, height, depth, color, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    if width < 1 or height < 1:
        raise Damaged(file.base_name, "it announces an impossible size")
    if color not in SAMPLES:
        raise Damaged(file.base_name, "it announces an impossible kind of colour")
    png = Png(width, height, depth, color, bool(interlaced), frozenset(kinds))
    if png.row_bytes > file.path.stat().st_size * LARGEST_DEFLATE_RATIO:
        raise Damaged(file.base_name, TOO_FEW_PIXELS)
    return png


def check_rows(file: SourceFile, png: Png, *, most_bytes: int) -> None:
    """Refuse a PNG whose compressed pixels are too few or damaged; Pillow would leave the rest of them black.

    Costs inflating them once more.
    """
    missing, stream = png.row_bytes, zlib.decompressobj()
    try:
        for kind, data in _chunks(file, most_bytes=most_bytes):
            packed = data if kind == b"IDAT" else b""
            while packed and missing > 0 and not stream.eof:
                missing -= len(stream.decompress(packed, INFLATED_AT_ONCE))
                packed = stream.unconsumed_tail
    except zlib.error as error:
        raise Damaged(file.base_name, "its pixels cannot be decoded to the end") from error
    if missing > 0:
        raise Damaged(file.base_name, TOO_FEW_PIXELS)


def _chunks(file: SourceFile, *, most_bytes: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and data of every chunk up to the last one."""
    with file.path.open("rb") as stream:
        left = os.fstat(stream.fileno()).st_size - stream.seek(len(MARK))
        kind = b""
        while kind != b"IEND":
            start = stream.read(8)
            if len(start) < 8:
                raise Damaged(file.base_name, "it ends too early")
            size, kind = struct.unpack(">I4s", start)
            left -= len(start) + size
            if size > most_bytes or left < 0:  # to read would be to allocate, whatever there is to read
                raise Damaged(file.base_name, "it announces an impossible length")
            data = stream.read(size)
            if stream.read(CHECKSUM_BYTES) != struct.pack(">I", zlib.crc32(data, zlib.crc32(kind))):
                raise Damaged(file.base_name, "a checksum in it is wrong")
            left -= CHECKSUM_BYTES
            yield kind, data
