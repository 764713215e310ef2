"""The bytes of a zip file around the bytes of its files, such that every offset follows from names and sizes alone.

Nothing is compressed (images are already), every entry is written in the 64-bit form whether it needs it or not, and
checksums stand behind the data. So any part of the file can be written without the parts before it, which is what lets a
download be resumed. The format: PKWARE APPNOTE 6.3.10, sections 4.3 and 4.5.3.
"""

import struct
from dataclasses import dataclass
from datetime import datetime

_VERSION = 45  # the first that knows 64-bit sizes
_FLAGS = 0x0808  # checksum behind the data; names in UTF-8
_STORED = 0
_LARGE = 0xFFFFFFFF
_LOCAL = struct.Struct("<IHHHHHIIIHH")
_LOCAL_SIZES = struct.Struct("<HHQQ")
_DESCRIPTOR = struct.Struct("<IIQQ")
_CENTRAL = struct.Struct("<IHHHHHHIIIHHHHHII")
_CENTRAL_SIZES = struct.Struct("<HHQQQ")
_END_64 = struct.Struct("<IQHHIIQQQQ")
_LOCATOR_64 = struct.Struct("<IIQI")
_END = struct.Struct("<IHHHHIIH")
DESCRIPTOR_BYTES = _DESCRIPTOR.size
END_BYTES = _END_64.size + _LOCATOR_64.size + _END.size


@dataclass(frozen=True)
class ZipEntry:
    """One file in a zip; `name` is its path there, with slashes."""

    name: str
    size_bytes: int

    @property
    def header_bytes(self) -> int:
        return _LOCAL.size + len(self.name.encode()) + _LOCAL_SIZES.size

    @property
    def local_bytes(self) -> int:
        """Return what the entry takes in all, but for its line in the directory at the end."""
        return self.header_bytes + self.size_bytes + DESCRIPTOR_BYTES

    @property
    def central_bytes(self) -> int:
        return _CENTRAL.size + len(self.name.encode()) + _CENTRAL_SIZES.size


def local_header(entry: ZipEntry, at: datetime) -> bytes:
    """Return what stands before the data of an entry."""
    name, (time, date) = entry.name.encode(), _dos(at)
    fixed = _LOCAL.pack(
        0x04034B50,
        _VERSION,
        _FLAGS,
        _STORED,
        time,
        date,
        0,
        _LARGE,
        _LARGE,
        len(name),
        _LOCAL_SIZES.size,
    )
    return fixed + name + _LOCAL_SIZES.pack(1, 16, entry.size_bytes, entry.size_bytes)


def descriptor(entry: ZipEntry, crc32: int) -> bytes:
    """Return what stands behind the data of an entry."""
    return _DESCRIPTOR.pack(0x08074B50, crc32, entry.size_bytes, entry.size_bytes)


def central_record(entry: ZipEntry, crc32: int, offset: int, at: datetime) -> bytes:
    """Return the line of an entry in the directory; `offset` is where its header begins."""
    name, (time, date) = entry.name.encode(), _dos(at)
    fixed = _CENTRAL.pack(
        0x02014B50,
        _VERSION,
        _VERSION,
        _FLAGS,
        _STORED,
        time,
        date,
        crc32,
        _LARGE,
        _LARGE,
        len(name),
        _CENTRAL_SIZES.size,
        0,
        0,
        0,
        0,
        _LARGE,
    )
    return fixed + name + _CENTRAL_SIZES.pack(1, 24, entry.size_bytes, entry.size_bytes, offset)


def end_records(count: int, *, central_at: int, central_bytes: int) -> bytes:
    """Return what ends the file: where the directory begins, how long it is, and how many entries it names."""
    end_at = central_at + central_bytes
    return (
        _END_64.pack(
            0x06064B50,
            _END_64.size - 12,
            _VERSION,
            _VERSION,
            0,
            0,
            count,
            count,
            central_bytes,
            central_at,
        )
        + _LOCATOR_64.pack(0x07064B50, 0, end_at, 1)
        + _END.pack(0x06054B50, 0, 0, 0xFFFF, 0xFFFF, _LARGE, _LARGE, 0)
    )


def _dos(at: datetime) -> tuple[int, int]:
    """Return time and date as MS-DOS wrote them: two numbers of 16 bits, since 1980, in steps of two seconds."""
    time = at.hour << 11 | at.minute << 5 | at.second // 2
    return time, (at.year - 1980) << 9 | at.month << 5 | at.day
