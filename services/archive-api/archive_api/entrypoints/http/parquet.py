"""Writes tables as Parquet, group of rows by group, in memory for one group.

Flat columns that may be null, plain values, pages packed with gzip: what every reader understands. The format is small when it is
only written (parquet-format 2.12: `parquet.thrift`, Encodings.md), where the usual writer weighs 150 MB.
"""

import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from typing import Any

ROWS_PER_GROUP = 5000
_MAGIC = b"PAR1"
_GZIP, _GZIP_WINDOW = 2, 31
_PLAIN, _RLE = 0, 3
_OPTIONAL = 1
_I32, _I64, _BINARY, _LIST, _STRUCT = 5, 6, 8, 9, 12


class Kind(Enum):
    """Kinds of columns: Parquet's physical type, and what it stands for (None: itself)."""

    FLAG = (0, None)
    INTEGER = (2, None)
    NUMBER = (5, None)
    TEXT = (6, 0)
    INSTANT = (2, 10)  # whole microseconds since 1970, UTC


@dataclass(frozen=True)
class Column:
    """A column; its values are bool, int (64 bits), float, str or int, by its kind, or None."""

    name: str
    kind: Kind


Rows = Iterable[Sequence[Any]]


def parquet_bytes(columns: Sequence[Column], rows: Rows) -> Iterator[bytes]:
    """Yield a Parquet file of rows that have a value per column."""
    yield _MAGIC
    at, groups, remaining = len(_MAGIC), [], iter(rows)
    while batch := list(islice(remaining, ROWS_PER_GROUP)):
        chunks = [_chunk(column, [row[index] for row in batch]) for index, column in enumerate(columns)]
        groups.append(_group(columns, chunks, rows=len(batch), at=at))
        for chunk in chunks:
            yield chunk
            at += len(chunk)
    footer = _footer(columns, groups)
    yield footer + struct.pack("<I", len(footer)) + _MAGIC


@dataclass(frozen=True)
class _Group:
    described: bytes
    rows: int


def _chunk(column: Column, values: list[Any]) -> bytes:
    """Return one page with all values of a column in a group: which are there, and those."""
    present = [value is not None for value in values]
    levels = _packed(present)
    run = _varint(len(levels) << 1 | 1) + levels
    page = (
        struct.pack("<I", len(run))
        + run
        + _PLAINLY[column.kind]([each for each in values if each is not None])
    )
    packed = zlib.compress(page, wbits=_GZIP_WINDOW)
    about = _struct((1, _i32(len(values))), (2, _i32(_PLAIN)), (3, _i32(_RLE)), (4, _i32(_RLE)))
    return _struct((1, _i32(0)), (2, _i32(len(page))), (3, _i32(len(packed))), (5, (_STRUCT, about))) + packed


def _group(columns: Sequence[Column], chunks: Sequence[bytes], *, rows: int, at: int) -> _Group:
    described, size_bytes = [], sum(map(len, chunks))
    for column, chunk in zip(columns, chunks, strict=True):
        meta = _struct(
            (1, _i32(column.kind.value[0])),
            (2, _list(_I32, [_zigzag(_PLAIN), _zigzag(_RLE)])),
            (3, _list(_BINARY, [_text(column.name)])),
            (4, _i32(_GZIP)),
            (5, _i64(rows)),
            (6, _i64(len(chunk))),
            (7, _i64(len(chunk))),
            (9, _i64(at)),
        )
        described.append(_struct((2, _i64(at)), (3, (_STRUCT, meta))))
        at += len(chunk)
    return _Group(_struct((1, _list(_STRUCT, described)), (2, _i64(size_bytes)), (3, _i64(rows))), rows)


def _footer(columns: Sequence[Column], groups: Sequence[_Group]) -> bytes:
    root = _struct((4, (_BINARY, _text("items"))), (5, _i32(len(columns))))
    return _struct(
        (1, _i32(1)),
        (2, _list(_STRUCT, [root, *map(_column, columns)])),
        (3, _i64(sum(group.rows for group in groups))),
        (4, _list(_STRUCT, [group.described for group in groups])),
        (6, (_BINARY, _text("archive-api"))),
    )


def _column(column: Column) -> bytes:
    physical, meaning = column.kind.value
    fields = [(1, _i32(physical)), (3, _i32(_OPTIONAL)), (4, (_BINARY, _text(column.name)))]
    return _struct(*fields, *([] if meaning is None else [(6, _i32(meaning))]))


def _texts(values: list[str]) -> bytes:
    encoded = [value.encode() for value in values]
    return b"".join(struct.pack("<I", len(each)) + each for each in encoded)


def _packed(flags: list[bool]) -> bytes:
    """Return flags as bits, the first one lowest, in whole bytes."""
    bits = sum(1 << index for index, flag in enumerate(flags) if flag)
    return bits.to_bytes((len(flags) + 7) // 8, "little")


_PLAINLY: dict[Kind, Callable[[list[Any]], bytes]] = {
    Kind.FLAG: _packed,
    Kind.INTEGER: lambda values: struct.pack(f"<{len(values)}q", *values),
    Kind.NUMBER: lambda values: struct.pack(f"<{len(values)}d", *values),
    Kind.TEXT: _texts,
    Kind.INSTANT: lambda values: struct.pack(f"<{len(values)}q", *values),
}

# --- Thrift's compact protocol, as far as it is needed to write


_Field = tuple[int, tuple[int, bytes]]


def _struct(*fields: _Field) -> bytes:
    written, last = [], 0
    for number, (kind, content) in fields:
        written.append(bytes([(number - last) << 4 | kind]) + content)
        last = number
    return b"".join(written) + b"\0"


def _list(kind: int, elements: list[bytes]) -> tuple[int, bytes]:
    few = len(elements) < 15
    head = bytes([len(elements) << 4 | kind]) if few else bytes([0xF0 | kind]) + _varint(len(elements))
    return _LIST, head + b"".join(elements)


def _i32(number: int) -> tuple[int, bytes]:
    return _I32, _zigzag(number)


def _i64(number: int) -> tuple[int, bytes]:
    return _I64, _zigzag(number)


def _text(text: str) -> bytes:
    encoded = text.encode()
    return _varint(len(encoded)) + encoded


def _zigzag(number: int) -> bytes:
    return _varint(number << 1 if number >= 0 else (-number << 1) - 1)


def _varint(number: int) -> bytes:
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)
