"""The items of an archive as a table: written as CSV or JSON lines, and read back as rows to be done."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from archive_api.domain.item import Item
from archive_api.domain.sockets import Socket
from archive_api.domain.value import Value
from archive_api.entrypoints.http.links import Links
from archive_api.use_cases.accept_values import SentValue
from archive_api.use_cases.bulk import Row
from archive_api.use_cases.library import Library
from archive_api.use_cases.read_contents import HeldItem
from archive_shared.clock import to_text
from archive_shared.errors import Invalid

FIXED = ("pk", "title", "created", "modified")
OTHERS = "other_values"
_TEXT_KINDS = ("String", "Choice")


def csv_lines(items: Iterable[HeldItem], sockets: Sequence[Socket], links: Links) -> Iterator[str]:
    """Yield a header and a line per item; values of further sockets are JSON in the last column."""
    names = [socket.slug for socket in sockets]
    yield _line([*FIXED, *names, OTHERS])
    texts = {socket.slug for socket in sockets if socket.kind in _TEXT_KINDS}
    for held in items:
        cells = {value.socket: _cell(held.item, value, links, texts) for value in held.item.values}
        others = {slug: cell for slug, cell in cells.items() if slug not in names}
        yield _line(
            [
                *_fixed(held.item),
                *(cells.get(name, "") for name in names),
                json.dumps(others) if others else "",
            ]
        )


def json_lines(items: Iterable[HeldItem], links: Links) -> Iterator[str]:
    """Yield a JSON object per item and line."""
    for held in items:
        yield item_line(held, links)


def item_line(held: HeldItem, links: Links) -> str:
    """Return an item with its values as a line of JSON."""
    values = {value.socket: _plain(held.item, value, links) for value in held.item.values}
    return json.dumps(dict(zip(FIXED, _fixed(held.item), strict=True)) | {"values": values}) + "\n"


def manifest_lines(items: Iterable[HeldItem], links: Links) -> Iterator[str]:
    """Yield a JSON object per file of an archive and line: where it is, how large, and its digest."""
    for held in items:
        for image in held.images:
            for file in image.files:
                yield _file_line(held.item, links.file(image.id, file), file.size_bytes, file.sha256)
        for value in held.item.values:
            if value.file is not None:
                address = links.value_file(held.item.id, value)
                yield _file_line(held.item, address, value.file.size_bytes, value.file.sha256)


def cell_of(item: Item, value: Value, links: Links) -> str:
    """Return a value as text: text as it is, addresses of files and images, and JSON for anything else."""
    plain = _plain(item, value, links)
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


def rows_of_table(library: Library, text: str, *, is_csv: bool) -> list[Row]:
    """Read a table as rows: those with `pk` edit that item, others create one; empty cells leave values alone.

    Raises
    ------
    Invalid
        It is no such table, or a column is neither a fixed one nor a socket that takes JSON.
    """
    records = _csv_records(text) if is_csv else _json_records(text)
    names = dict.fromkeys(name for record in records for name in record if name not in (*FIXED, OTHERS))
    sockets = library.sockets.named(names)
    wrong = [name for name in names if name not in sockets or sockets[name].super_kind != "Value"]
    if wrong:
        raise Invalid({name: ["There is no socket of this name that takes JSON."] for name in wrong})
    return [_row(record, sockets) for record in records]


def _row(record: Mapping[str, Any], sockets: Mapping[str, Socket]) -> Row:
    values = [
        SentValue(socket=name, value=_value(cell, sockets[name]))
        for name, cell in record.items()
        if name in sockets and cell not in ("", None)
    ]
    pk, title = record.get("pk") or None, record.get("title")
    if not isinstance(pk, str | None) or not isinstance(title, str | None):
        raise Invalid({"rows": ["pk and title are text."]})
    return Row(operation="edit" if pk else "create", item=pk, title=title or None, values=values)


def _value(cell: Any, socket: Socket) -> Any:
    if not isinstance(cell, str) or socket.kind in _TEXT_KINDS:
        return cell
    try:
        return json.loads(cell, parse_constant=lambda _: cell)
    except ValueError:
        return cell


def _csv_records(text: str) -> list[dict[str, Any]]:
    reader = csv.DictReader(io.StringIO(text), restkey=OTHERS, strict=True)
    try:
        return [{name: cell for name, cell in record.items() if name} for record in reader]
    except csv.Error as error:
        raise Invalid({"content": [f"It is no CSV: {error}."]}) from error


def _json_records(text: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid({"content": ["It is no JSON."]}) from error
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise Invalid({"content": ["Send a list of objects."]})
    return found


def _fixed(item: Item) -> list[str]:
    return [item.id, item.title, to_text(item.created_at), to_text(item.modified_at)]


def _plain(item: Item, value: Value, links: Links) -> Any:
    """Return JSON as it is, and the address of anything else."""
    if value.image is not None:
        return links.image(value.image)
    return value.json if value.file is None else links.value_file(item.id, value)


def _cell(item: Item, value: Value, links: Links, texts: set[str]) -> str:
    plain = _plain(item, value, links)
    as_it_is = value.kind != "json" or (value.socket in texts and isinstance(plain, str))
    return str(plain) if as_it_is else json.dumps(plain, ensure_ascii=False)


def _file_line(item: Item, address: str, size_bytes: int, sha256: str) -> str:
    about = {
        "item": item.id,
        "title": item.title,
        "file": address,
        "size_bytes": size_bytes,
        "sha256": sha256,
    }
    return json.dumps(about) + "\n"


def _line(cells: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue()
