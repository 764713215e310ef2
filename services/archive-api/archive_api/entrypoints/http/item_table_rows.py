"""Reads the table of an archive's items back, as `item_table` wrote it and people edited it: rows to be done."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from marshmallow import Schema, ValidationError

from archive_api.domain.item import Item
from archive_api.domain.sockets import Socket
from archive_api.domain.value import LARGEST_JSON_BYTES
from archive_api.entrypoints.http.fields import Line
from archive_api.entrypoints.http.item_table import COLUMNS, FIXED, OTHERS, TEXT_KINDS, plain_of
from archive_api.entrypoints.http.links import Links, identifier_in
from archive_api.entrypoints.http.schemas import title_field, version_field
from archive_api.use_cases.bulk import Row
from archive_api.use_cases.check_values import SentValue
from archive_api.use_cases.library import Library
from archive_shared.csv_cells import from_cell
from archive_shared.documents import one_of
from archive_shared.errors import Invalid
from archive_shared.json_text import NoJson, read_json, read_json_or_text

Errors = dict[str, list[str]]

IGNORED = ("created", "modified")
_VALUES = "values"
_SURPLUS = ""  # no column has this name
_NUMBERS = ("Float", "Integer")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+(e[+-]?\d+)?", re.IGNORECASE)
"""Not taken for a number: it may as well stand between thousands."""
_ABOUT_COMMAS = "Write numbers with a decimal point, and nothing between thousands."


@dataclass(frozen=True)
class Record:
    """A line of a table.

    Parameters
    ----------
    fixed
        What stands in the fixed columns.
    cells
        What stands for sockets.
    """

    fixed: Mapping[str, Any]
    cells: Mapping[str, Any]

    @classmethod
    def of(cls, place: str, cells: Mapping[str, Any]) -> "Record":
        others = cells.get(OTHERS) or {}
        if isinstance(others, str):
            others = read_json_or_text(others, field=f"{place}.{OTHERS}")
        if not isinstance(others, dict):
            raise Invalid({f"{place}.{OTHERS}": ["Must be a JSON object, or empty."]})
        fixed = {name: cell for name, cell in cells.items() if name in FIXED}
        own = {name: cell for name, cell in cells.items() if name not in COLUMNS}
        return cls(fixed, own | others)


@dataclass(frozen=True)
class Table:
    """What a table asks for, and which of its columns ask for nothing."""

    rows: Sequence[Row]
    ignored: Sequence[str]


def read_table(library: Library, archive: str, links: Links, text: str, kind: str) -> Table:
    """Read a table: rows with `pk` edit that item, others create one; empty cells leave values alone.

    `kind` is csv, json or jsonl; a byte-order mark before it is passed over. What a cell shows of an image is its address, which is taken as the value of a row. Files cannot be put in like that: their
    cells are empty, or as they were exported.

    Raises
    ------
    Invalid
        It is no such table, a column is neither a fixed one nor a socket, or cells are wrong, named `rows.<number>.<column>`.
    """
    records = _RECORDS[kind](text.removeprefix("\ufeff"))
    if not records:
        raise Invalid({"content": ["It has no rows."]})
    names = dict.fromkeys(name for record in records for name in record.cells)
    sockets = library.sockets.named(names)
    unknown = [name for name in names if name not in sockets]
    if unknown:
        raise Invalid({name: ["There is no socket of this name."] for name in unknown})
    reader = _Reader(sockets, links, _present(library, archive, records, sockets))
    rows = [reader.row(f"rows.{number}", record) for number, record in enumerate(records)]
    if reader.errors:
        raise Invalid(reader.errors)
    return Table(rows, [name for name in IGNORED if any(record.fixed.get(name) for record in records)])


class _RowFields(Schema):
    """The fixed columns that are read."""

    pk = Line(load_default=None, allow_none=True)
    title = title_field(load_default=None, allow_none=True)
    version = version_field()


@dataclass(frozen=True)
class _Reader:
    """Makes rows of records, and notes what is wrong with them.

    Parameters
    ----------
    present
        By identifier, the items whose values are compared with cells.
    """

    sockets: Mapping[str, Socket]
    links: Links
    present: Mapping[str, Item]
    errors: Errors = field(default_factory=dict)

    def row(self, place: str, record: Record) -> Row:
        fixed = self._fixed(place, record.fixed)
        pk, title, version = fixed.get("pk") or None, fixed.get("title") or None, fixed.get("version")
        values = list(self._values(place, record.cells, self.present.get(pk or "")))
        return Row(operation="edit" if pk else "create", item=pk, title=title, values=values, version=version)

    def _fixed(self, place: str, cells: Mapping[str, Any]) -> Mapping[str, Any]:
        sent = {name: cell for name, cell in cells.items() if name not in IGNORED and cell != ""}
        if isinstance(sent.get("version"), str):
            sent["version"] = read_json_or_text(sent["version"], field=f"{place}.version")
        try:
            return dict(_RowFields().load(sent))
        except ValidationError as error:
            self.errors.update({f"{place}.{name}": reasons for name, reasons in error.messages_dict.items()})
            return {}

    def _values(self, place: str, cells: Mapping[str, Any], item: Item | None) -> Iterator[SentValue]:
        for name, cell in cells.items():
            if cell in ("", None) or self._is_present(item, name, cell):
                continue
            try:
                yield _sent(f"{place}.{name}", self.sockets[name], cell)
            except Invalid as error:
                self.errors.update(error.errors)

    def _is_present(self, item: Item | None, name: str, cell: Any) -> bool:
        """Tell whether a cell shows the image or file that is there."""
        value = item.by_socket.get(name) if item else None
        return (
            item is not None
            and value is not None
            and value.kind != "json"
            and plain_of(item, value, self.links) == cell
        )


def _sent(place: str, socket: Socket, cell: Any) -> SentValue:
    """Read a cell that is not empty; raise `Invalid` for one that is none for its socket."""
    if socket.super_kind == "Image":
        image = identifier_in(cell, "cases/images") if isinstance(cell, str) else None
        if image is None:
            raise Invalid({place: ["Must be the address of an image."]})
        return SentValue(socket=socket.slug, image=image)
    if socket.super_kind == "File":
        raise Invalid({place: ["Files are put in by uploads; leave the cell empty, or as it was exported."]})
    if not isinstance(cell, str) or socket.kind in TEXT_KINDS:
        return SentValue(socket=socket.slug, value=cell)
    if socket.kind in _NUMBERS and _DECIMAL_COMMA.fullmatch(cell):
        raise Invalid({place: [_ABOUT_COMMAS]})
    return SentValue(socket=socket.slug, value=read_json_or_text(cell, field=place))


def _present(
    library: Library, archive: str, records: Sequence[Record], sockets: Mapping[str, Socket]
) -> dict[str, Item]:
    """Return the items of the archive for which there are cells that show images or files."""
    shown = [name for name, socket in sockets.items() if socket.super_kind != "Value"]
    wanted = sorted(
        {
            pk
            for record in records
            if isinstance(pk := record.fixed.get("pk"), str) and any(record.cells.get(name) for name in shown)
        }
    )
    found = library.items.find({"_id": one_of(wanted)}) if wanted else []
    return {item.id: item for item in found if item.archive == archive and not item.deleted}


def _csv_records(text: str) -> list[Record]:
    csv.field_size_limit(4 * LARGEST_JSON_BYTES)  # quotes in JSON are doubled
    reader = csv.DictReader(io.StringIO(text), restkey=_SURPLUS, strict=True, delimiter=_delimiter(text))
    try:
        reader.fieldnames = [name.strip() for name in reader.fieldnames or []]
        _require_distinct(reader.fieldnames)
        return [_csv_record(f"rows.{number}", record) for number, record in enumerate(reader)]
    except csv.Error as error:
        raise Invalid({"content": [f"It is no CSV: {error}."]}) from error


def _delimiter(text: str) -> str:
    """Return what is between the names of the columns: where a comma is in numbers, spreadsheets write semicolons, others tabs."""
    header = text.partition("\n")[0]
    return next((each for each in (",", ";", "\t") if each in header), ",")


def _require_distinct(names: Sequence[str]) -> None:
    doubled = {name for name in names if name and names.count(name) > 1}
    if doubled:
        raise Invalid({name: ["Another column has this name."] for name in sorted(doubled)})


def _csv_record(place: str, cells: Mapping[str, Any]) -> Record:
    if _SURPLUS in cells and isinstance(cells[_SURPLUS], list):
        raise Invalid({place: ["It has more cells than there are columns."]})
    return Record.of(
        place, {name: from_cell(cell) for name, cell in cells.items() if name and cell is not None}
    )


def _json_records(text: str) -> list[Record]:
    found = _read_json(text)
    if not isinstance(found, list):
        raise Invalid({"content": ["Send a list of objects."]})
    return _records(found)


def _json_line_records(text: str) -> list[Record]:
    return _records([_read_json(line) for line in text.split("\n") if line.strip()])


def _read_json(text: str) -> Any:
    try:
        return read_json(text, field="rows")
    except NoJson as error:
        raise Invalid({"content": ["It is no JSON."]}) from error


def _records(found: Sequence[Any]) -> list[Record]:
    """Return objects as records; values may stand in an object of their own, as in an export."""
    if not all(isinstance(each, dict) for each in found):
        raise Invalid({"content": ["Send a list of objects."]})
    return [Record.of(f"rows.{number}", _flat(each)) for number, each in enumerate(found)]


def _flat(row: Mapping[str, Any]) -> Mapping[str, Any]:
    values = row.get(_VALUES)
    if not isinstance(values, dict):
        return row
    return {name: cell for name, cell in row.items() if name != _VALUES} | values


_RECORDS = {"csv": _csv_records, "json": _json_records, "jsonl": _json_line_records}
