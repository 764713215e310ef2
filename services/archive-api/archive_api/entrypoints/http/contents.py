"""Whole archives over HTTP: tables out and in, manifests, patients and studies, duplicates."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, request

from archive_api.entrypoints.http import schemas
from archive_api.entrypoints.http.cursors import no_cursor, read_cursor, written_cursor
from archive_api.entrypoints.http.item_parquet import parquet_table
from archive_api.entrypoints.http.item_table import csv_lines, json_lines, manifest_lines
from archive_api.entrypoints.http.item_table_rows import read_table
from archive_api.entrypoints.http.links import Links
from archive_api.entrypoints.http.posting import posted
from archive_api.entrypoints.http.shapes import Json, show_task
from archive_api.use_cases.bulk import Row, begin_bulk, check_rows
from archive_api.use_cases.edit_items import require_upload
from archive_api.use_cases.find_duplicates import Duplicates, equal_pixels, equal_sources
from archive_api.use_cases.library import Library
from archive_api.use_cases.note_access import note_access
from archive_api.use_cases.read_contents import (
    list_studies,
    read_items_for,
    read_patients,
    require_contents,
    sockets_used,
)
from archive_shared.errors import Invalid
from archive_shared.http.app import json_response
from archive_shared.http.requests import bearer_token, body

_TABLES = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/jsonl",
    "parquet": "application/vnd.apache.parquet",
}


def contents_blueprint(library: Library, links: Links) -> Blueprint:
    """Routes for everything in an archive at once."""
    routes = Blueprint("contents", __name__, url_prefix="/api/v1/archives/<pk>")
    contents = _Contents(library, links)
    routes.get("/export/")(contents.export)
    routes.post("/import/")(contents.import_table)
    routes.get("/manifest/")(contents.manifest)
    routes.get("/patients/")(contents.patients)
    routes.get("/studies/")(contents.studies)
    routes.get("/duplicates/")(contents.duplicates)
    return routes


@dataclass(frozen=True)
class _Contents:
    """What those who take in a whole archive are answered."""

    library: Library
    links: Links

    def export(self, pk: str) -> Response:
        """Export the items with their values: `?format=csv` (the default), `jsonl` or `parquet`."""
        token = bearer_token()
        require_contents(self.library, token, pk)
        kind = request.args.get("format", "csv")
        if kind not in _TABLES:
            raise Invalid({"format": ["Choose csv, jsonl or parquet."]})
        self._note(token, pk, "export", kind)
        return _streamed(self._table(token, pk, kind), _TABLES[kind], f"{pk}.{kind}")

    def import_table(self, pk: str) -> Response:
        """Create and edit items by a table; `dry_run` says what would be done, and what is wrong with which row."""
        token = bearer_token()
        caller = require_upload(self.library, token, pk)
        sent = body(schemas.SentTable())
        table = read_table(self.library, pk, self.links, sent["content"], sent["format"])
        rows, ignored = table.rows, {"ignored": table.ignored}
        if sent["dry_run"]:
            check_rows(self.library, token, pk, rows)
            return json_response(_plan(rows, self.links) | ignored)

        def act(identifier: str) -> tuple[int, Json]:
            task = begin_bulk(self.library, token, identifier, pk, rows)
            return 202, show_task(task, self.links) | ignored

        return posted(self.library, caller.account, act)

    def manifest(self, pk: str) -> Response:
        """List every file with its size and sha256, one JSON object per line."""
        token = bearer_token()
        require_contents(self.library, token, pk)
        self._note(token, pk, "manifest")
        lines = manifest_lines(read_items_for(self.library, token, pk), self.links)
        return _streamed(lines, "application/jsonl", f"{pk}-manifest.jsonl")

    def patients(self, pk: str) -> Response:
        """List the identifiers of the patients."""
        require_contents(self.library, bearer_token(), pk)
        return Response(_listed(read_patients(self.library, pk)), content_type="application/json")

    def studies(self, pk: str) -> Response:
        """List the descriptions of the studies of `?patient_id=`."""
        require_contents(self.library, bearer_token(), pk)
        return json_response(list_studies(self.library, pk, request.args.get("patient_id", "")))

    def duplicates(self, pk: str) -> Response:
        """List images with equal pixels, and images made from equal files; of large archives page by page."""
        require_contents(self.library, bearer_token(), pk)
        pixels_behind, sources_behind = _places()
        pixels = _NO_MORE if pixels_behind is None else equal_pixels(self.library, pk, pixels_behind)
        sources = _NO_MORE if sources_behind is None else equal_sources(self.library, pk, sources_behind)
        return json_response(
            {
                "next": self._following(pk, pixels, sources),
                "results": self._equal("pixels_sha256", pixels),
                "by_source": self._equal("sources_sha256", sources),
            }
        )

    def _note(self, token: str | None, pk: str, kind: str, part: str = "") -> None:
        if request.method != "HEAD":
            caller = self.library.require_caller(token)
            note_access(self.library, caller, [pk], kind=kind, subject=pk, part=part)

    def _table(self, token: str | None, pk: str, kind: str) -> Iterator[str] | Iterator[bytes]:
        items = read_items_for(self.library, token, pk)
        if kind == "jsonl":
            return json_lines(items, self.links)
        write = csv_lines if kind == "csv" else parquet_table
        return write(items, sockets_used(self.library, pk), self.links)

    def _following(self, pk: str, pixels: Duplicates, sources: Duplicates) -> str | None:
        places = [pixels.following, sources.following]
        return None if places == [None, None] else self.links.duplicates(pk, written_cursor(places))

    def _equal(self, name: str, found: Duplicates) -> list[Json]:
        return [
            {name: digest, "images": [self.links.image(image.id) for image in images]}
            for digest, images in found.groups.items()
        ]


_NO_MORE = Duplicates({}, None)


def _places() -> tuple[str | None, str | None]:
    """Return behind which digests of pixels and of files to go on, None for one that has come to its end."""
    match read_cursor():
        case None:
            return "", ""
        case [str(pixels) | (None as pixels), str(sources) | (None as sources)]:
            return pixels, sources
        case _:
            raise no_cursor()


def _listed(texts: Iterable[str]) -> Iterator[str]:
    """Yield a JSON list bit by bit."""
    separator = "["
    for text in texts:
        yield separator + json.dumps(text)
        separator = ","
    yield "[]" if separator == "[" else "]"


def _plan(rows: Sequence[Row], links: Links) -> Json:
    """Return how many items a table would create and edit, and what it would do row by row."""
    edits = sum(row.operation == "edit" for row in rows)
    plan = [
        {
            "operation": row.operation,
            "item": row.item,
            "title": row.title,
            "values": {
                each.socket: links.image(each.image) if each.image else each.value for each in row.values
            },
        }
        for row in rows
    ]
    return {"rows": len(rows), "create": len(rows) - edits, "edit": edits, "plan": plan}


def _streamed(lines: Iterator[str] | Iterator[bytes], content_type: str, filename: str) -> Response:
    response = Response(lines, content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    response.cache_control.no_store = True
    return response
