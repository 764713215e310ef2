"""Keeps the compressed tiles of a pyramid as they are, and of what else the file says only what pixels need.

The copy is a BigTIFF in the byte order of its source, directories first. Texts, dates, private tags and bytes that no
directory mentions may name the patient, so they stay behind.
"""

import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tifffile import TIFF, TiffFile

from ingest_worker.domain.budget import MIB

KEPT: Final = frozenset(
    (
        *(254, 256, 257, 258, 259, 262, 266, 277, 284, 292, 293, 317, 320, 322, 323, 338, 339),  # the samples
        *(282, 283, 296),  # their size
        *(280, 281, 340, 341),  # their least and greatest value
        *(347, 529, 530, 531, 532, 34675, 50674),  # tables, colours, ICC profile, LERC
    )
)
TILE_OFFSETS, TILE_LENGTHS = 324, 325
LONG8: Final = 16
JPEG, JPEG_TABLES = 7, 347
SILENT_COMPRESSIONS: Final = frozenset((1, 5, 8, 32773, 32946, 34887, 34925, 50000, JPEG))
"""None, LZW, Deflate, PackBits, LERC, LZMA, Zstandard, JPEG; others have room for texts in their tiles."""

MOST_VALUE_BYTES: Final = 16 * MIB
HEADER_BYTES, ENTRY_BYTES, AROUND_BYTES = 16, 20, 16  # of a file, of a directory's entry, of a directory

START_OF_SCAN, END_OF_IMAGE, COMMENT = 0xDA, 0xD9, 0xFE
JFIF, ADOBE, APPLICATIONS = 0xE0, 0xEE, range(0xE0, 0xF0)
JFIF_BYTES: Final = 16  # without the thumbnail it may carry
NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")

Segment = tuple[int, int]


@dataclass(frozen=True)
class _Entry:
    code: int
    kind: int
    count: int
    value: bytes


@dataclass(frozen=True)
class _Directory:
    entries: tuple[_Entry, ...]
    segments: Sequence[Segment]
    is_jpeg: bool

    @property
    def size_bytes(self) -> int:
        arrays = 2 * _beside(8 * len(self.segments))
        values = sum(_beside(len(entry.value)) for entry in self.entries)
        return AROUND_BYTES + ENTRY_BYTES * (len(self.entries) + 2) + values + arrays

    def packed(self, at: int, places: dict[Segment, int], order: str, *, is_last: bool) -> bytes:
        """Return the directory as it stands at a place, its values behind it."""
        offsets = [places.get(segment, 0) for segment in self.segments]
        lengths = [length for _, length in self.segments]
        arrays = [
            _Entry(code, LONG8, len(values), struct.pack(f"{order}{len(values)}Q", *values))
            for code, values in ((TILE_OFFSETS, offsets), (TILE_LENGTHS, lengths))
        ]
        entries = sorted((*self.entries, *arrays), key=lambda entry: entry.code)
        value_at = at + AROUND_BYTES + ENTRY_BYTES * len(entries)
        rows, values_behind = [struct.pack(f"{order}Q", len(entries))], []
        for entry in entries:
            rows.append(struct.pack(f"{order}HHQ", entry.code, entry.kind, entry.count))
            if len(entry.value) <= 8:
                rows.append(entry.value.ljust(8, b"\0"))
                continue
            rows.append(struct.pack(f"{order}Q", value_at))
            values_behind.append(entry.value.ljust(_beside(len(entry.value)), b"\0"))
            value_at += len(values_behind[-1])
        rows.append(struct.pack(f"{order}Q", 0 if is_last else at + self.size_bytes))
        return b"".join((*rows, *values_behind))


def keep_pyramid(source: Path, target: Path) -> bool:
    """Write the copy; False, with something unfinished left behind, if its tiles say or could say more than pixels.

    Raises
    ------
    ValueError, KeyError, struct.error, TiffFileError
        The directories are damaged; they were read before, so hardly ever.
    """
    with TiffFile(source) as tiff, target.open("wb") as file:
        if any(int(page.compression) not in SILENT_COMPRESSIONS for page in tiff.pages):
            return False
        order = tiff.byteorder
        directories = [_directory(page, tiff.filehandle) for page in tiff.pages]
        at = HEADER_BYTES + sum(directory.size_bytes for directory in directories)
        places: dict[Segment, int] = {}
        for directory in directories:
            at = _place(directory.segments, places, at)
        file.write(_header(order))
        for directory in directories:
            is_last = directory is directories[-1]
            file.write(directory.packed(file.tell(), places, order, is_last=is_last))
        jpegs = {segment for directory in directories if directory.is_jpeg for segment in directory.segments}
        for segment in places:
            body = _read(tiff.filehandle, segment)
            if segment in jpegs and says_more_than_pixels(body):
                return False
            file.write(body)
        return not any(_tables_say_more(directory) for directory in directories)


def says_more_than_pixels(stream: bytes) -> bool:
    """Tell whether a JPEG stream carries comments, data of applications, or bytes behind its end."""
    at = 2
    while at + 4 <= len(stream) and stream[at] == 0xFF:
        marker, length = stream[at + 1], int.from_bytes(stream[at + 2 : at + 4], "big")
        if marker == END_OF_IMAGE:
            return bool(stream[at + 2 :].strip(b"\0\xff"))
        if marker == START_OF_SCAN:
            return not _ends_with_its_scan(stream, at + 2 + length)
        if marker == COMMENT or (marker in APPLICATIONS and not _is_known(marker, length)):
            return True
        at += 2 + length
    return stream[at : at + 2] != b"\xff\xd9"


def _ends_with_its_scan(stream: bytes, at: int) -> bool:
    found = NEXT_MARKER.search(stream, at)
    return (
        found is not None
        and stream[found.start() + 1] == END_OF_IMAGE
        and not stream[found.end() :].strip(b"\0\xff")
    )


def _is_known(marker: int, length: int) -> bool:
    return marker == ADOBE or (marker == JFIF and length == JFIF_BYTES)


def _tables_say_more(directory: _Directory) -> bool:
    tables = [entry.value for entry in directory.entries if entry.code == JPEG_TABLES]
    return any(map(says_more_than_pixels, tables))


def _directory(page: Any, file: Any) -> _Directory:
    entries = tuple(_entries(page, file))
    segments = tuple(zip(page.dataoffsets, page.databytecounts, strict=True))
    return _Directory(entries, segments, int(page.compression) == JPEG)


def _entries(page: Any, file: Any) -> Iterator[_Entry]:
    for tag in page.tags.values():
        if tag.code not in KEPT:
            continue
        length = tag.count * struct.calcsize(TIFF.DATA_FORMATS[tag.dtype])
        if length > MOST_VALUE_BYTES:
            raise ValueError("a tag of impossible length")
        file.seek(tag.valueoffset)
        yield _Entry(tag.code, int(tag.dtype), tag.count, file.read(length))


def _place(segments: Sequence[Segment], places: dict[Segment, int], at: int) -> int:
    """Give every tile a place, those that several tiles share only one; return where the next would be."""
    for segment in segments:
        if segment[1] and segment not in places:
            places[segment] = at
            at += segment[1]
    return at


def _header(order: str) -> bytes:
    mark = b"II" if order == "<" else b"MM"
    return mark + struct.pack(f"{order}HHHQ", 43, 8, 0, HEADER_BYTES)


def _beside(length: int) -> int:
    """Return the room a value takes behind its directory: none if it fits into its entry."""
    return 0 if length <= 8 else -(-length // 8) * 8


def _read(file: Any, segment: Segment) -> bytes:
    file.seek(segment[0])
    body: bytes = file.read(segment[1])
    return body
