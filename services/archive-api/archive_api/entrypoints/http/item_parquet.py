"""The items of an archive as a Parquet table: numbers as numbers, instants as instants, anything else as text."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from archive_api.domain.item import Item
from archive_api.domain.sockets import Socket
from archive_api.domain.value import Value
from archive_api.entrypoints.http.item_table import OTHERS, cell_of
from archive_api.entrypoints.http.links import Links
from archive_api.entrypoints.http.parquet import Column, Kind, parquet_bytes
from archive_api.use_cases.read_contents import HeldItem

_KINDS = {"Float": Kind.NUMBER, "Integer": Kind.INTEGER, "Bool": Kind.FLAG}
_FIXED = (
    Column("pk", Kind.TEXT),
    Column("title", Kind.TEXT),
    Column("created", Kind.INSTANT),
    Column("modified", Kind.INSTANT),
)
_LARGEST_INTEGER = 2**63 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parquet_table(items: Iterable[HeldItem], sockets: Sequence[Socket], links: Links) -> Iterator[bytes]:
    """Yield a file with a row per item; what fits into no column is JSON in the last one."""
    columns = [Column(socket.slug, _KINDS.get(socket.kind, Kind.TEXT)) for socket in sockets]
    rows = (_row(held.item, columns, links) for held in items)
    return parquet_bytes([*_FIXED, *columns, Column(OTHERS, Kind.TEXT)], rows)


def _row(item: Item, columns: Sequence[Column], links: Links) -> list[Any]:
    cells = {column.name: _cell(item, column, links) for column in columns}
    others = {
        value.socket: cell_of(item, value, links)
        for value in item.values
        if cells.get(value.socket) is None and not _is_null(value)
    }
    fixed = [item.id, item.title, _microseconds(item.created_at), _microseconds(item.modified_at)]
    return [*fixed, *cells.values(), json.dumps(others) if others else None]


def _cell(item: Item, column: Column, links: Links) -> Any:
    """Return what stands in a column, None for nothing and for what the column cannot hold."""
    value = item.by_socket.get(column.name)
    if value is None or _is_null(value):
        return None
    if column.kind is Kind.TEXT:
        return cell_of(item, value, links)
    found = value.json
    if column.kind is Kind.FLAG:
        return found if isinstance(found, bool) else None
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    if column.kind is Kind.NUMBER:
        return float(found) if abs(found) < 1e308 else None
    return found if isinstance(found, int) and abs(found) <= _LARGEST_INTEGER else None


def _is_null(value: Value) -> bool:
    return value.kind == "json" and value.json is None


def _microseconds(at: datetime) -> int:
    since = at - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
