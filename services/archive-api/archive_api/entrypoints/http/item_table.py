"""The items of an archive as a table: written as CSV or JSON lines; `item_table_rows` reads it back."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from archive_api.domain.item import Item
from archive_api.domain.sockets import Socket
from archive_api.domain.value import Value
from archive_api.entrypoints.http.links import Links
from archive_api.use_cases.read_contents import HeldItem
from archive_shared.clock import to_text
from archive_shared.csv_cells import as_cell

FIXED = ("pk", "version", "title", "created", "modified")
OTHERS = "other_values"
COLUMNS = (*FIXED, OTHERS)
"""What columns stand for in every table; the values of a socket that has such a name are among the others."""

TEXT_KINDS = ("String", "Choice")


def csv_lines(items: Iterable[HeldItem], sockets: Sequence[Socket], links: Links) -> Iterator[str]:
    """Yield a header and a line per item; values of further sockets are a JSON object in the last column.

    Text that a spreadsheet would take for a formula has an apostrophe before it.
    """
    names = [socket.slug for socket in sockets if socket.slug not in COLUMNS]
    yield _line([*FIXED, *names, OTHERS])
    texts = {socket.slug for socket in sockets if socket.kind in TEXT_KINDS}
    for held in items:
        item = held.item
        cells = {value.socket: _cell(item, value, links, texts) for value in item.values}
        others = {
            value.socket: plain_of(item, value, links) for value in item.values if value.socket not in names
        }
        fixed = item.id, str(item.version), as_cell(item.title), *_times(item)
        yield _line([*fixed, *(cells.get(name, "") for name in names), _others(others)])


def json_lines(items: Iterable[HeldItem], links: Links) -> Iterator[str]:
    """Yield a JSON object per item and line."""
    for held in items:
        yield item_line(held, links)


def item_line(held: HeldItem, links: Links) -> str:
    """Return an item with its values as a line of JSON."""
    values = {value.socket: plain_of(held.item, value, links) for value in held.item.values}
    fixed = held.item.id, held.item.version, held.item.title, *_times(held.item)
    return json.dumps(dict(zip(FIXED, fixed, strict=True)) | {"values": values}) + "\n"


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
    plain = plain_of(item, value, links)
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


def plain_of(item: Item, value: Value, links: Links) -> Any:
    """Return JSON as it is, and the address of anything else."""
    if value.image is not None:
        return links.image(value.image)
    return value.json if value.file is None else links.value_file(item.id, value)


def _times(item: Item) -> tuple[str, str]:
    return to_text(item.created_at), to_text(item.modified_at)


def _cell(item: Item, value: Value, links: Links, texts: set[str]) -> str:
    plain = plain_of(item, value, links)
    if value.kind != "json":
        return str(plain)
    is_text = value.socket in texts and isinstance(plain, str)
    return as_cell(plain) if is_text else json.dumps(plain, ensure_ascii=False)


def _others(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False) if values else ""


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
