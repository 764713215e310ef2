"""The entries of one TIFF directory and their values, in both byte orders, classic and BigTIFF."""

import struct
import sys
from array import array
from collections.abc import Mapping
from typing import NamedTuple

from tiler.adapters.bounded_reader import BoundedReader
from tiler.domain.limits import MAX_TAG_BYTES, MAX_TAGS
from tiler.domain.problems import UnreadableImage

_WHOLE_NUMBERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_RATIONAL = 5
_FLOAT = 11
_TYPE_BYTES = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}
_U64 = "Q"


class Dialect(NamedTuple):
    """How a file writes numbers: byte order, and 32-bit (classic) or 64-bit (BigTIFF) offsets.

    Parameters
    ----------
    wide
        Hamamatsu's NDPI: classic directories whose pointers have 64 bits; the upper halves of the entries' values
        stand together behind the directory.
    """

    order: str
    big: bool
    wide: bool = False

    def pointer(self, body: bytes) -> int:
        value: int = struct.unpack(self.order + ("Q" if self.pointer_bytes == 8 else "I"), body)[0]
        return value

    @property
    def pointer_bytes(self) -> int:
        return 8 if self.big or self.wide else 4

    @property
    def inline_bytes(self) -> int:
        """Values of no more bytes stand in the entry itself."""
        return 8 if self.big else 4

    @property
    def entry(self) -> struct.Struct:
        """Tag, type, count and the value, or where it is."""
        return struct.Struct(self.order + ("HHQ8s" if self.big else "HHI4s"))

    @property
    def entry_count(self) -> struct.Struct:
        return struct.Struct(self.order + ("Q" if self.big else "H"))


class _Entry(NamedTuple):
    kind: int
    values: int
    field: bytes


class Tags:
    """The values of one directory, read when they are asked for."""

    def __init__(self, reader: BoundedReader, dialect: Dialect, entries: Mapping[int, _Entry]) -> None:
        self._reader = reader
        self._dialect = dialect
        self._entries = entries

    @property
    def byte_order(self) -> str:
        return self._dialect.order

    def __contains__(self, tag: int) -> bool:
        return tag in self._entries

    def count(self, tag: int) -> int:
        return self._entries[tag].values if tag in self._entries else 0

    def number(self, tag: int, default: int) -> int:
        """Return a whole number; where there is one per sample they must all be equal."""
        if tag not in self._entries:
            return default
        values = set(self.numbers(tag, at_most=MAX_TAGS))
        if len(values) != 1:
            raise UnreadableImage(f"TIFF tag {tag} must have one value for all samples.")
        return values.pop()

    def numbers(self, tag: int, *, at_most: int) -> "array[int]":
        """Return whole numbers as unsigned 64-bit; empty when the tag is missing."""
        entry = self._entries.get(tag)
        if entry is None:
            return array(_U64)
        code = _WHOLE_NUMBERS.get(entry.kind)
        if code is None or entry.values > at_most:
            raise UnreadableImage(f"TIFF tag {tag} has the wrong type or too many values.")
        if self._dialect.wide and entry.values == 1 and code == "I":
            return array(_U64, (self._dialect.pointer(entry.field),))
        values = array(code)
        values.frombytes(self._body(entry))
        if self._dialect.order != _NATIVE_ORDER:
            values.byteswap()
        return array(_U64, values)

    def data(self, tag: int, *, at_most: int = MAX_TAG_BYTES) -> bytes:
        """Return the raw bytes of a value; empty when the tag is missing."""
        entry = self._entries.get(tag)
        if entry is None:
            return b""
        if _TYPE_BYTES.get(entry.kind, 1) * entry.values > at_most:
            raise UnreadableImage(f"TIFF tag {tag} is too large.")
        return self._body(entry)

    def text(self, tag: int, *, at_most: int) -> str:
        """Return the beginning of a text; OME-TIFF writes megabytes of XML into its description."""
        entry = self._entries.get(tag)
        if entry is None or entry.kind != 2:
            return ""
        body = self._body(entry, at_most=at_most)
        return body.split(b"\0", 1)[0].decode("utf-8", "replace")

    def rational(self, tag: int) -> float | None:
        """Return a fraction, or None when it is missing or has no value."""
        entry = self._entries.get(tag)
        if entry is None or entry.kind != _RATIONAL or entry.values < 1:
            return None
        numerator, denominator = struct.unpack(self._dialect.order + "II", self._body(entry)[:8])
        return numerator / denominator if denominator else None

    def real(self, tag: int) -> float | None:
        """Return a single-precision number, or None when it is missing."""
        entry = self._entries.get(tag)
        if entry is None or entry.kind != _FLOAT or entry.values < 1:
            return None
        value: float = struct.unpack(self._dialect.order + "f", self._body(entry)[:4])[0]
        return value

    def _body(self, entry: _Entry, at_most: int | None = None) -> bytes:
        size = _TYPE_BYTES.get(entry.kind, 1) * entry.values
        wanted = size if at_most is None else min(size, at_most)
        if size <= self._dialect.inline_bytes:
            return entry.field[:wanted]
        return self._reader.read(self._dialect.pointer(entry.field), wanted)


def read_tags(reader: BoundedReader, dialect: Dialect, offset: int) -> tuple[Tags, int]:
    """Read the directory at `offset`; return its tags and the offset of the next directory, 0 at the end."""
    head = dialect.entry_count
    count = head.unpack(reader.read(offset, head.size))[0]
    if not 0 < count <= MAX_TAGS:
        raise UnreadableImage("A TIFF directory is empty or has too many entries.")
    size = count * dialect.entry.size
    end = size + dialect.pointer_bytes
    upper_halves = 4 * count if dialect.wide else 0
    body = reader.read(offset + head.size, end + upper_halves)
    entries: dict[int, _Entry] = {}
    for number, (tag, kind, values, field) in enumerate(dialect.entry.iter_unpack(body[:size])):
        upper = body[end + 4 * number : end + 4 * number + 4] if dialect.wide else b""
        entries.setdefault(tag, _Entry(kind, values, field + upper))
    return Tags(reader, dialect, entries), dialect.pointer(body[size:end])


_NATIVE_ORDER = "<" if sys.byteorder == "little" else ">"
